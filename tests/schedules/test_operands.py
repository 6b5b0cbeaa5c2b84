"""What stands on the other side of an operator, and a method that is called wrongly."""

from __future__ import annotations

import operator

import numpy as np
import pytest
import torch

from passo import Constant, Linear, PassoError, steps

L = Linear(0, 1, steps(10))
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
STRANGE = ["a", b"a", None, True, [1], (), {}, 1j, object, steps(3)]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("other", STRANGE, ids=repr)
def test_an_operator_says_what_may_stand_beside_it(sign, other):
    for left, right in ((L, other), (other, L)):
        with pytest.raises(PassoError) as caught:
            SIGNS[sign](left, right)
        assert str(caught.value) == (
            f"the other side of {sign} must be a number or a schedule, got {other!r}; "
            f"write schedule {sign} 0.1"
        )
        assert isinstance(caught.value, TypeError)
    assert SIGNS[sign](L, 0.1)(10) == SIGNS[sign](1, 0.1)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("array", [np.arange(3.0), torch.arange(3.0)], ids=["numpy", "torch"])
def test_an_array_is_no_part_of_a_schedule(sign, array):
    for left, right in ((L, array), (array, L)):
        with pytest.raises(PassoError) as caught:
            SIGNS[sign](left, right)
        assert str(caught.value).endswith(f"; write schedule(t) {sign} array")


@pytest.mark.parametrize("sign", SIGNS)
def test_another_class_may_say_itself_what_its_operator_does(sign):
    class Own:
        def __radd__(self, other):
            return "mine", other

        __rsub__ = __rmul__ = __rtruediv__ = __radd__

    assert SIGNS[sign](L, Own()) == ("mine", L)


def test_numbers_of_other_libraries_are_numbers():
    assert np.float32(0.5) * L == L * 0.5 == 0.5 * L
    assert L - np.int64(3) == L + -3.0


CALLS = {
    "clip": ("(low, high)", "schedule.clip(low=0.1)"),
    "cooldown": (
        "(at, over, end, shape)",
        "schedule.cooldown(at=steps(900), over=steps(100))",
    ),
    "curve": ("(run, *, points)", "schedule.curve(Run(steps(1000)))"),
    "maximum": ("(other)", "schedule.maximum(0.1)"),
    "minimum": ("(other)", "schedule.minimum(0.1)"),
    "on": ("(run)", "schedule.on(Run(steps(1000)))"),
    "power": ("(exponent)", "schedule.power(0.5)"),
    "repeat": ("(times, grow, scale)", "schedule.repeat(3)"),
    "round": ("(to)", "schedule.round(8)"),
    "skip": ("(span)", "schedule.skip(steps(1))"),
    "staircase": ("(span)", "schedule.staircase(steps(100))"),
    "stretch": ("(factor)", "schedule.stretch(2)"),
    "until": ("(span)", "schedule.until(steps(100))"),
    "with_base": ("(value)", "schedule.with_base(0.1)"),
    "with_reports": ("(reports)", 'schedule.with_reports([(10, {"val_loss": 0.3})])'),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_method_that_is_called_wrongly_shows_a_right_call(name):
    takes, right = CALLS[name]
    with pytest.raises(PassoError) as caught:
        getattr(L, name)(wrong=1)
    assert str(caught.value) == (
        f"Schedule.{name}: it has no argument 'wrong'; it takes {takes}, write {right}"
    )


def test_a_cooldown_of_nothing_says_what_is_missing():
    with pytest.raises(PassoError) as caught:
        L.cooldown()
    assert str(caught.value) == (
        "Schedule.cooldown: missing a required argument: 'at'; it takes (at, over, end, shape), "
        "write schedule.cooldown(at=steps(900), over=steps(100))"
    )
    assert Constant(0.1).cooldown(at=steps(900), over=steps(100))(1000) == 0
