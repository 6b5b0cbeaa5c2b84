"""mmengine: what those of its param schedulers do that multiply what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, Final, TypeVar, cast

from passo.catalogue.like.common import listed, share
from passo.catalogue.like.registry import Library, Past
from passo.catalogue.like.windows import FOREVER, Clock, Window
from passo.ground.checks import brief, real, truth, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Exponential,
    Linear,
    Schedule,
    Table,
)

Make = TypeVar("Make", bound=Callable[..., Any])
KINDS: Final = ("LR", "Momentum", "ParamScheduler")


def _spell(name: str, given: Mapping[str, Any]) -> str:
    config = {"type": name, **given}
    return f"like.mmengine([{config!r}], steps_per_epoch=391)".replace("'", '"')


class Windows(Library):
    """A library whose schedules are windows: an answer is made of all that are given together."""

    def window(self, name: str, arguments: Mapping[str, Any], past: Past) -> Any:
        """One of them: what it makes of the value that it meets."""
        return super().answer(name, arguments, past)

    def answer(self, name: str, arguments: Mapping[str, Any], past: Past) -> Any:
        """The plan of one of them alone, counted as it counts."""
        try:
            return self.alone({"type": name, **arguments}, past)
        except PassoError as error:
            where = self.find(name).where(name)
            if str(error).startswith(where):
                raise
            msg = f"{where}: {error}"
            raise PassoError(msg) from None

    alone: Callable[[Mapping[str, Any], Past], Any]
    """Set beside the public function, which joins them."""


MMENGINE: Final = Windows(
    "mmengine", {"optimizer": ..., "last_step": -1, "verbose": ...}, spell=_spell
)
ENDS: Final = "Its end is exclusive: what takes end - begin elsewhere takes one step less here."
_BY_EPOCH: Final = (
    "It counts epochs unless by_epoch=False or convert_to_iter_based=True; steps_per_epoch turns "
    "them into updates, without it the answer has epochs."
)


def kind(
    name: str, example: Mapping[str, Any], *remarks: str, kinds: tuple[str, ...] = KINDS
) -> Callable[[Make], Make]:
    """Make the function below what makes a scheduler, for each kind of field that it may move."""
    names = [name + kind for kind in kinds]
    told = (*remarks, _BY_EPOCH)
    # What it makes is a window of the answer, not yet an answer.
    make: Callable[..., Any] = MMENGINE.schedule(*names, example=example, remarks=told)
    return cast("Callable[[Make], Make]", make)


def bounds_of(begin: Any, end: Any, by_epoch: Any) -> tuple[int, int, bool]:
    """When a scheduler acts."""
    first, last = whole(begin, "begin", least=0), whole(end, "end", least=0)
    if last <= first:
        msg = f"end must be above begin, got {last} and {first}"
        raise PassoError(msg)
    return first, last, truth(by_epoch, "by_epoch")


def _multiplying(name: str, bounds: tuple[int, int, bool], factor: Any, gain: Any) -> Window:
    """A window that multiplies what is there, by `gain(step)` at each of its steps."""
    stepped = name in ("StepLR", "MultiStepLR", "ConstantLR")
    return Window(
        name, *bounds, lambda value, step, _base: value * gain(step), factor, stepped=stepped
    )


@kind("Step", {"step_size": 30, "gamma": 0.1})
def _step(
    step_size: Any,
    gamma: Any = 0.1,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    size, rate = whole(step_size, "step_size"), real(gamma, "gamma")

    def factor(clock: Clock, top: Any) -> Schedule:
        return Exponential(top, rate, clock.span(size)).staircase(clock.span(size))

    def gain(step: int) -> float:
        return rate if step and step % size == 0 else 1.0

    return _multiplying("StepLR", bounds_of(begin, end, by_epoch), factor, gain)


@kind("MultiStep", {"milestones": [30, 60], "gamma": 0.1})
def _multi_step(
    milestones: Any,
    gamma: Any = 0.1,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    rate = real(gamma, "gamma")
    times = Counter(
        whole(each, "a milestone", least=0) for each in listed(milestones, "milestones")
    )
    gains = {at: rate**often for at, often in sorted(times.items())}
    factors = list(accumulate([1.0, *gains.values()], lambda kept, more: kept * more))

    def factor(clock: Clock, top: Any) -> Schedule:
        points = dict(zip([0, *gains], factors, strict=True))
        table = Table(
            [(clock.span(at), share(each, top)) for at, each in points.items()], kind="step"
        )
        return table.then(Constant(table.points[-1][1]))

    bounds = bounds_of(begin, end, by_epoch)
    return _multiplying("MultiStepLR", bounds, factor, lambda step: gains.get(step, 1.0))


@kind(
    "Constant",
    {"factor": 0.5, "end": 5},
    ENDS,
    "A window of one step keeps its factor for ever.",
)
def _constant(
    factor: Any = 1.0 / 3,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, share_of = bounds_of(begin, end, by_epoch), _fraction(factor, "factor")
    last = bounds[1] - bounds[0] - 1

    def curve(clock: Clock, top: Any) -> Schedule:
        low = Constant(share(share_of, top), clock.span(last) if last else None)
        return low.then(Constant(top)) if last else low

    def gain(step: int) -> float:
        return share_of if step == 0 else 1.0 / share_of if step == last else 1.0

    return _multiplying("ConstantLR", bounds, curve, gain)


@kind("Exponential", {"gamma": 0.95})
def _exponential(
    gamma: Any,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    rate = real(gamma, "gamma")

    def factor(clock: Clock, top: Any) -> Schedule:
        return Exponential(top, rate, clock.span(1))

    bounds = bounds_of(begin, end, by_epoch)
    return _multiplying("ExponentialLR", bounds, factor, lambda step: rate if step else 1.0)


@kind(
    "Linear",
    {"start_factor": 0.1, "end": 5},
    ENDS,
    "Without an end it takes 1,000,000,000 steps.",
)
def _linear(
    start_factor: Any = 1.0 / 3,
    end_factor: Any = 1.0,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, first = bounds_of(begin, end, by_epoch), _fraction(start_factor, "start_factor")
    last, over = real(end_factor, "end_factor"), bounds[1] - bounds[0] - 1
    if not 0 <= last <= 1:
        msg = f"end_factor must be from 0 to 1, got {brief(end_factor)}"
        raise PassoError(msg)

    def factor(clock: Clock, top: Any) -> Schedule:
        return (
            Linear(share(first, top), share(last, top), clock.span(over))
            if over
            else Constant(share(first, top))
        )

    def gain(step: int) -> float:
        if step == 0:
            return first
        return 1.0 + (last - first) / (over * first + (step - 1) * (last - first))

    return _multiplying("LinearLR", bounds, factor, gain)


def _fraction(value: Any, name: str) -> float:
    """A share above 0: theirs divides by it."""
    number = real(value, name)
    if not 0 < number <= 1:
        msg = f"{name} must be above 0 and at most 1, got {brief(value)}"
        raise PassoError(msg)
    return number
