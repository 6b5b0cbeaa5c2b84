"""Errors and warnings speak as the public does, and their examples run all the same."""

from __future__ import annotations

import doctest
import pickle
import warnings

import pytest

import passo
from passo.ground import errors
from passo.schedules import errors as shim

PUBLIC = ["NeedsBase", "NeedsRun", "PassoError", "PassoWarning"]


@pytest.mark.parametrize("name", PUBLIC)
def test_an_error_calls_itself_by_its_public_name(name):
    kind = getattr(passo, name)
    assert f"{kind.__module__}.{kind.__qualname__}" == f"passo.{name}"
    assert kind is getattr(errors, name) is getattr(shim, name)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_error_is_pickled_by_its_public_name(name):
    again = pickle.loads(pickle.dumps(getattr(passo, name)("text")))
    assert type(again) is getattr(passo, name)
    assert again.args == ("text",)


def test_the_examples_of_every_error_run():
    found = {
        t.name.rpartition(".")[2]: len(t.examples) for t in doctest.DocTestFinder().find(errors)
    }
    assert {name: found[name] for name in PUBLIC} == dict.fromkeys(PUBLIC, 2) | {"PassoWarning": 1}
    assert doctest.testmod(errors).failed == 0


def test_a_filter_may_name_a_warning_as_the_public_does():
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=passo.PassoWarning)
        with pytest.raises(passo.PassoWarning):
            warnings.warn("text", passo.PassoWarning, stacklevel=1)
