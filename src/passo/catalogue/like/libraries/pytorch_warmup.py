"""pytorch_warmup: factors that another scheduler's rate is multiplied by."""

from __future__ import annotations

import math
from itertools import count
from typing import Any, Final

from passo.catalogue.like.common import counted, rise
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import Constant, Exponential, Rectified, Schedule, base, steps

PYTORCH_WARMUP: Final = Library("pytorch_warmup", {"last_step": -1}, by_group=("warmup_period",))
_AHEAD: Final = "Its clock is one ahead: update 0 uses the factor of 1."
_FACTOR: Final = (
    "It is a factor of what another scheduler gives; with_base(1) of this is the factor alone, and "
    "the product with that scheduler's expression is both."
)
_TENSOR: Final = (
    "With a rate that is a Tensor theirs multiplies what it has multiplied before; this does not."
)
_BETA: Final = (
    "beta2 is read from the optimizer; without one, and without beta2, it is Adam's 0.999."
)
_REMARKS: Final = (_AHEAD, _FACTOR, _TENSOR)


@called_like('like.pytorch_warmup("LinearWarmup", warmup_period=2000)')
def pytorch_warmup(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A warm-up of pytorch_warmup, by its class, over a rate that stays.

        base * warmup_factor(t)

    Periods are in updates. Multiply with_base(1) of it by another schedule to have both. Raises
    PassoError for a name or a value without meaning, WrongCall for arguments that the class does
    not take. Source: pytorch_warmup 0.2.0; Ma and Yarats 2019, arXiv:1910.04209.

    >>> pytorch_warmup("LinearWarmup", warmup_period=4)
    Linear(0, base, steps(4)).skip(steps(1)).then(Constant(base))
    """
    made: Schedule = PYTORCH_WARMUP.answer(name, arguments, past)
    return made


def _linear(period: int) -> Schedule:
    return rise(period).skip(steps(1)).then(Constant(base)) if period > 1 else Constant(base)


def _exponential(period: int) -> Schedule:
    return base * (1 - Exponential(1.0, math.exp(-1.0), every=steps(period)).skip(steps(1)))


@PYTORCH_WARMUP.schedule("LinearWarmup", example={"warmup_period": 2000}, remarks=_REMARKS)
def _linear_warmup(warmup_period: Any, optimizer: Any = None) -> Schedule:  # noqa: ARG001
    return _linear(counted(warmup_period, "warmup_period"))


@PYTORCH_WARMUP.schedule("ExponentialWarmup", example={"warmup_period": 1000}, remarks=_REMARKS)
def _exponential_warmup(warmup_period: Any, optimizer: Any = None) -> Schedule:  # noqa: ARG001
    return _exponential(counted(warmup_period, "warmup_period"))


@PYTORCH_WARMUP.schedule(
    "UntunedLinearWarmup", example={"beta2": 0.999}, remarks=(*_REMARKS, _BETA)
)
def _untuned_linear(optimizer: Any = None, beta2: Any = None) -> Schedule:
    return _linear(int(2.0 / (1.0 - _beta2(optimizer, beta2))))


@PYTORCH_WARMUP.schedule(
    "UntunedExponentialWarmup", example={"beta2": 0.999}, remarks=(*_REMARKS, _BETA)
)
def _untuned_exponential(optimizer: Any = None, beta2: Any = None) -> Schedule:
    return _exponential(int(1.0 / (1.0 - _beta2(optimizer, beta2))))


@PYTORCH_WARMUP.schedule(
    "RAdamWarmup",
    example={"beta2": 0.999},
    remarks=(
        "It begins where the factor is above 0, a few updates inside RAdam's own.",
        _FACTOR,
        _TENSOR,
        _BETA,
    ),
)
def _radam(optimizer: Any = None, beta2: Any = None) -> Schedule:
    factor = Rectified(_beta2(optimizer, beta2))
    offset = next(n for n in count(1) if factor(n) > 0)
    return base * factor.skip(steps(offset))


def _beta2(optimizer: Any, beta2: Any) -> float:
    """Adam's second beta: given, the optimizer's, or Adam's own."""
    if beta2 is None and optimizer is not None:
        found = {group["betas"][1] for group in optimizer.param_groups if "betas" in group}
        if len(found) != 1:
            msg = f"the optimizer must have one beta2 for all its groups, it has {len(found)}"
            raise PassoError(msg)
        beta2 = found.pop()
    number = 0.999 if beta2 is None else real(beta2, "beta2")
    if not 0 <= number < 1:
        msg = f"beta2 must be at least 0 and below 1, got {brief(beta2)}"
        raise PassoError(msg)
    return number
