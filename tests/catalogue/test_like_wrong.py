"""Whatever stands for an argument of a schedule of `like`: it is taken, or refused in words."""

from __future__ import annotations

import pytest

from passo import PassoError, Schedule
from passo.catalogue.like.registry import LIBRARIES
from tests.test_wrong_arguments import WRONG


def said_or_made(method, given):
    """The words of a refusal, and the schedules of an answer."""
    try:
        answer = LIBRARIES[method.library].answer(method.names[0], given, "theirs")
    except PassoError as error:
        return str(error), []
    return "", list(answer.values()) if isinstance(answer, dict) else [answer]


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_argument_of_any_kind_is_taken_or_refused_in_words(library):
    for method in LIBRARIES[library].methods:
        for name in method.parameters:
            for wrong in WRONG:
                said, made = said_or_made(method, {**method.example, name: wrong})
                assert bool(said) != bool(made), (method.names, name, wrong)
                assert said.startswith(method.where() if said else ""), (name, wrong)
                assert all(isinstance(each, Schedule) for each in made), (name, wrong)
