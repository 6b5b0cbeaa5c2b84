"""mmengine: those of its param schedulers that draw a value to a floor, set it, or hear."""

from __future__ import annotations

import math
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Final

from passo.catalogue.like.common import LONGEST, at_least, choice, divisor, falling_by, listed
from passo.catalogue.like.libraries.mmengine_windows import ENDS, bounds_of, kind
from passo.catalogue.like.registry import Either
from passo.catalogue.like.windows import FOREVER, Clock, Level, Window
from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Linear,
    Plateau,
    Polynomial,
    Schedule,
    base,
)


class Heard:
    """A scheduler that hears reports: its factor, and the least that it may leave of a value."""

    def __init__(self, factor: Schedule, begin: int, end: int, least: float) -> None:
        self.factor, self.begin, self.end, self.least = factor, begin, end, least

    def on(self, clock: Clock) -> Schedule:
        """The factor within its window: before it there are no reports, after it none counts."""
        factor = self.factor
        if self.end < FOREVER:
            factor = factor.until(clock.span(self.end - self.begin))
        if not self.begin:
            return factor
        return Constant(1.0, clock.span(self.begin)).then(Constant(1.0) * factor)


@kind(
    "CosineAnnealing",
    {"T_max": 100, "eta_min_ratio": 0.1},
    "Past T_max it climbs again, to the base, from wherever it began.",
    "T_max is end - begin where it is not given, and the end is exclusive: the floor is then never "
    "reached.",
)
def _cosine(
    T_max: Any = None,  # noqa: N803
    eta_min: Any = None,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
    eta_min_ratio: Any = None,
) -> Either:
    bounds = bounds_of(begin, end, by_epoch)
    given_floor = 0 if eta_min is None and eta_min_ratio is None else eta_min
    wave = _Cosine(T_max or bounds[1] - bounds[0], _floor(given_floor, eta_min_ratio))
    goes_on = bounds[1] - bounds[0] - 1 > wave.half
    made: list[Any] = [
        Window(
            "CosineAnnealingLR",
            *bounds,
            wave.value,
            wave.factor if wave.floor == Level(0.0) else None,
            wave.half,
            partial(wave.curve, climbs=goes_on and climbs),
        )
        for climbs in (True, False)
    ]
    return Either(*made)


class _Cosine:
    """A cosine from what is there to a floor, and from the floor to the base and back."""

    def __init__(self, half: Any, floor: Level) -> None:
        self.half, self.floor = whole(half, "T_max"), floor

    def _kept(self, step: int) -> float:
        return (1.0 + math.cos(math.pi * step / self.half)) / 2.0

    def value(self, value: float, step: int, number: float) -> float:
        """The next value, as theirs makes it of the last."""
        floor = self.floor.of(number)
        if step == 0:
            return value
        if (step - 1 - self.half) % (2 * self.half) == 0:
            return value + (number - floor) * (1.0 - math.cos(math.pi / self.half)) / 2.0
        return self._kept(step) / self._kept(step - 1) * (value - floor) + floor

    def factor(self, clock: Clock, top: Any) -> Schedule:
        """A floor of 0 makes it a factor, to T_max."""
        return Cosine(top, 0.0, clock.span(self.half))

    def curve(self, clock: Clock, level: Level, before: int, *, climbs: bool) -> Schedule:
        """The curve that has this value at the step before."""
        if before >= self.half:
            msg = "another scheduler begins or ends after T_max of a cosine; give the cosine an end"
            raise PassoError(msg)
        high = _begun(level, self.floor, 1.0 if before < 0 else self._kept(before)).written()
        low, half = self.floor.written(), clock.span(self.half)
        fall = Cosine(high, low, half)
        if not climbs:
            return fall
        again = Cosine(low, base, half).then(Cosine(base, low, half)).repeat()
        return fall.then(Cosine(low, base, half)).repeat() if high is base else fall.then(again)


@kind("Poly", {"power": 0.9, "eta_min": 0.0001, "end": 100}, ENDS)
def _poly(
    eta_min: Any = 0,
    power: Any = 1.0,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, floor = bounds_of(begin, end, by_epoch), Level(0.0, real(eta_min, "eta_min"))
    exponent, over = at_least(power, "power"), bounds[1] - bounds[0] - 1

    def value(found: float, step: int, _number: float) -> float:
        if step == 0:
            return found
        kept = (1.0 - 1.0 / (over - step + 1)) ** exponent
        return float((found - floor.more) * kept + floor.more)

    def falls(clock: Clock, high: Any, low: Any) -> Schedule:
        if not over or not exponent:
            return Constant(high)
        return Polynomial(high, low, clock.span(over), exponent)

    def alone(clock: Clock, level: Level, before: int) -> Schedule:
        kept = 1.0 if before < 0 else ((over - before) / over) ** exponent
        return falls(clock, _begun(level, floor, kept).written(), floor.written())

    def factor(clock: Clock, top: Any) -> Schedule:
        return falls(clock, top, 0.0)

    return Window("PolyLR", *bounds, value, None if floor.more else factor, FOREVER, alone)


@kind(
    "OneCycle",
    {"eta_max": 0.1, "total_steps": 1000, "by_epoch": False},
    "It moves the lr alone, no momentum, and what it sets is absolute.",
    "As torch's, each phase ends one step early, at pct_start * total_steps - 1.",
    "At total_steps it goes on past its end for one step, and raises after that; here that step is "
    "held.",
    kinds=("LR", "ParamScheduler"),
)
def _one_cycle(  # noqa: PLR0917
    eta_max: Any,
    total_steps: Any = None,
    pct_start: Any = 0.3,
    anneal_strategy: Any = "cos",
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
    three_phase: Any = False,  # noqa: FBT002
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Either:
    bounds = bounds_of(begin, end, by_epoch)
    given = bounds[1] - bounds[0] if total_steps is None else total_steps
    total = whole(given, "total_steps", most=LONGEST)
    peak, share_of = real(eta_max, "eta_max"), at_least(pct_start, "pct_start")
    first = peak / divisor(div_factor, "div_factor")
    least = first / divisor(final_div_factor, "final_div_factor")
    turn = float(share_of * total)
    levels = [(turn - 1, first, peak), (total - 1, peak, least)]
    if three_phase:
        levels = [levels[0], (2 * turn - 2, peak, first), (total - 1, first, least)]
    cycle = _Cycle(levels, choice(anneal_strategy, "anneal_strategy", _ANNEALS), total)
    goes_on = bounds[1] - bounds[0] > total
    made: list[Any] = [
        Window(
            "OneCycleLR",
            *bounds,
            cycle.value,
            alone=partial(cycle.curve, goes_on=goes_on and theirs),
        )
        for theirs in (True, False)
    ]
    return Either(*made)


_ANNEALS: Final = {"cos": Cosine, "linear": Linear}


class _Cycle:
    """Phases one after another, each to its step; the last goes on where it is asked past it."""

    def __init__(self, phases: list[tuple[float, float, float]], shape: Any, total: int) -> None:
        self.phases, self.shape, self.total = phases, shape, total
        if phases[0][0] <= 0 or any(a[0] >= b[0] for a, b in pairwise(phases)):
            msg = "the phases of one cycle must each last; write a longer total_steps or pct_start"
            raise PassoError(msg)

    def value(self, _value: float, step: int, _number: float) -> float:
        """What it sets at a step."""
        start = 0.0
        for end, first, last in self.phases:
            if step <= end or end == self.phases[-1][0]:
                gone = (step - start) / (end - start)
                if self.shape is Linear:
                    return (last - first) * gone + first
                return last + (first - last) / 2.0 * (math.cos(math.pi * gone) + 1)
            start = end
        raise AssertionError  # pragma: no cover

    def curve(self, clock: Clock, _level: Level, _before: int, *, goes_on: bool) -> Schedule:
        """The phases, and the one value that it has past them."""
        parts: list[Schedule] = []
        start = 0.0
        for end, first, last in self.phases:
            parts.append(self.shape(first, last, clock.span(end - start)))
            start = end
        if goes_on:
            parts.append(Constant(self.phases[-1][2], clock.span(1)))
            parts.append(Constant(self.value(0.0, self.total, 0.0)))
        return parts[0].then(*parts[1:])


@kind(
    "CosineRestart",
    {"periods": [40, 60], "restart_weights": [1.0, 0.5], "eta_min": 0.0},
    "After its periods it holds the last value, one step above the floor.",
    "One of eta_min and eta_min_ratio is needed: without both theirs raises an AssertionError.",
)
def _restarts(
    periods: Any,
    restart_weights: Any = (1,),
    eta_min: Any = None,
    eta_min_ratio: Any = None,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, floor = bounds_of(begin, end, by_epoch), _floor(eta_min, eta_min_ratio)
    lasts = [whole(each, "a period") for each in listed(periods, "periods")]
    weights = [real(each, "a weight") for each in listed(restart_weights, "restart_weights")]
    if len(lasts) != len(weights) or not lasts:
        msg = (
            "periods and restart_weights must be equally long, and not empty, got "
            f"{len(lasts)} and {len(weights)}"
        )
        raise PassoError(msg)

    def alone(clock: Clock, _level: Level, before: int) -> Schedule:
        if before >= 0:
            msg = "another scheduler begins or ends within CosineRestartLR; let it begin after that"
            raise PassoError(msg)
        peaks = [Level(weight).written() for weight in weights]
        falls = [
            Cosine(peak, floor.written(), clock.span(last))
            for peak, last in zip(peaks, lasts, strict=True)
        ]
        return falls[0].then(*falls[1:])

    def value(found: float, step: int, number: float) -> float:
        begins = [0, *accumulate(lasts)]
        for first, last, weight in zip(begins, lasts, weights, strict=False):
            if step == first:
                return number * weight
            if step < first + last:
                local, low = step - first, floor.of(number)
                kept = [1.0 + math.cos(math.pi * each / last) for each in (local, local - 1)]
                return kept[0] / kept[1] * (found - low) + low
        return found

    first, last, counts_epochs = bounds
    stops = min(last, first + sum(lasts))  # from there on it leaves alone what it meets
    return Window("CosineRestartLR", first, stops, counts_epochs, value, alone=alone)


@kind(
    "ReduceOnPlateau",
    {"monitor": "loss", "factor": 0.5, "patience": 3},
    "It hears a report after each epoch, and those of its window alone.",
    "A fall of less than eps, 1e-8 where it is not given, is left out by theirs.",
    "Of a value below 0 theirs takes any as an improvement that is not worse by the threshold.",
)
def _plateau(  # noqa: PLR0917
    monitor: Any = "loss",
    rule: Any = "less",
    factor: Any = 0.1,
    patience: Any = 10,
    threshold: Any = 1e-4,
    threshold_rule: Any = "rel",
    cooldown: Any = 0,
    min_value: Any = 0.0,
    eps: Any = 1e-8,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Heard:
    first, last, counts_epochs = bounds_of(begin, end, by_epoch)
    at_least(eps, "eps")
    if not counts_epochs:
        msg = "ReduceOnPlateau counts epochs; leave out by_epoch=False"
        raise PassoError(msg)
    falls = Plateau(
        monitor,
        mode=choice(rule, "rule", {"less": "min", "greater": "max"}),
        factor=falling_by(factor),
        patience=whole(patience, "patience", least=0),
        threshold=at_least(threshold, "threshold"),
        threshold_mode=choice(threshold_rule, "threshold_rule", {"rel": "rel", "abs": "abs"}),
        cooldown=whole(cooldown, "cooldown", least=0),
    )
    return Heard(falls, first, last, at_least(min_value, "min_value"))


def _begun(level: Level, floor: Level, kept: float) -> Level:
    """Where a fall to the floor began of which so much is left at this level."""
    if not kept:
        return level
    times, more = level.times - floor.times, level.more - floor.more
    return Level(floor.times + times / kept, floor.more + more / kept)


def _floor(absolute: Any, ratio: Any) -> Level:
    """A floor, absolute or as a share of the base."""
    if (absolute is None) == (ratio is None):
        both = f"{brief(absolute)} and {brief(ratio)}"
        msg = f"give one of eta_min and eta_min_ratio, got {both}"
        raise PassoError(msg)
    if ratio is None:
        return Level(0.0, real(absolute, "eta_min"))
    return Level(real(ratio, "eta_min_ratio"))
