"""like.torch and the twins of torch's classes, which errors and pages show, say one thing."""

from __future__ import annotations

from functools import partial

import pytest

from passo import Plateau, Run, like, parse, steps
from passo.catalogue.like.registry import LIBRARIES
from passo.schedules.from_torch import TWINS

RUN = Run(steps(1000), steps_per_epoch=1)
APART = {
    "OneCycleLR": "torch ends each phase one update earlier",
    "LambdaLR": "its function is Python's",
    "MultiplicativeLR": "its function is Python's",
}


def called(name, *given, **named):
    """The call of a class as one of like: the places of its arguments are those of torch."""
    words = list(LIBRARIES["torch"].find(name).parameters)
    first = given[1:] if name != "ChainedScheduler" else given
    return like.torch(name, past="hold", **dict(zip(words, first, strict=False)), **named)


WORLD = {name: partial(called, name) for name in like.names("torch")} | {"optimizer": object()}


@pytest.mark.parametrize("twin", [each for each in TWINS if each.name not in APART], ids=str)
def test_a_twin_has_the_values_of_the_call(twin):
    theirs = eval(twin.call, WORLD).with_base(0.1)
    ours = parse(twin.expression).on(RUN).with_base(0.1)
    assert [ours(t) for t in range(120)] == pytest.approx([theirs(t) for t in range(120)])


def test_what_is_apart_says_why():
    for twin in TWINS:
        if twin.name in APART and "Python" not in APART[twin.name]:
            assert APART[twin.name] in twin.remark


def test_a_plateau_of_both_is_one():
    twin = next(each for each in TWINS if each.name == "ReduceLROnPlateau")
    assert eval(twin.call, WORLD) == parse(twin.expression)
    assert next(iter(parse(twin.expression).plateaus(lambda t: t)))[0] == Plateau(
        "val_loss", mode="min", factor=0.1, patience=5
    )
