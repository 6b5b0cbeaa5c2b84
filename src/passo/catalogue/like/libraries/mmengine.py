"""mmengine: param schedulers as a list of configurations, each in a window of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Final

from passo.catalogue.like.common import at_least, choice, listed, share
from passo.catalogue.like.library import Either, Library, Past, Plan
from passo.catalogue.like.windows import FOREVER, Clock, Level, Window, joined
from passo.ground.calls import called_like
from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Plateau,
    Polynomial,
    Schedule,
    Table,
    base,
)

_KINDS: Final = ("LR", "Momentum", "ParamScheduler")


def _spell(name: str, given: Mapping[str, Any]) -> str:
    field = {"param_name": "weight_decay"} if name.endswith("ParamScheduler") else {}
    config = {"type": name, **field, **given}
    return f"like.mmengine([{config!r}])".replace("'", '"')


MMENGINE: Final = Library("mmengine", {"optimizer": ..., "last_step": -1, "verbose": ...}, spell=_spell)
_ENDS: Final = "Its end is exclusive: what takes end - begin elsewhere takes one step less here."
_BY_EPOCH: Final = (
    "It counts epochs unless by_epoch=False or convert_to_iter_based=True; steps_per_epoch turns "
    "them into updates, without it the answer has epochs."
)


@called_like('like.mmengine([{"type": "LinearLR", "end": 5}], steps_per_epoch=391)')
def mmengine(
    schedulers: Any, /, *, steps_per_epoch: int | None = None, past: Past = "theirs"
) -> Plan:
    """The param schedulers of a configuration of mmengine, all of them together.

        param_scheduler = [dict(type="LinearLR", ...), dict(type="CosineAnnealingLR", ...)]

    Each multiplies what is there, or draws it to its floor, from its begin to before its end. The
    answer is an expression of `base`, or a mapping where another field than the lr is moved
    ("momentum", or a param_name). `steps_per_epoch` is the length of the loader: with it all is in
    updates, without it all must count epochs. `past` "hold" stops a cosine at T_max, where theirs
    climbs again. Raises PassoError for a type or a value without meaning, WrongCall for arguments
    that a type does not take. Source: mmengine.optim.scheduler, 0.10.7.

    >>> mmengine([{"type": "LinearLR", "start_factor": 0.1, "end": 5, "by_epoch": False}])
    Linear(0.1 * base, base, steps(4)).until(steps(5)).then(Constant(base))
    """
    given = [schedulers] if isinstance(schedulers, Mapping) else listed(schedulers, "schedulers")
    each = None if steps_per_epoch is None else whole(steps_per_epoch, "steps_per_epoch")
    fields: dict[str, list[Window]] = {}
    plateaus: dict[str, list[_Plateau]] = {}
    for config in given:
        field, made = _made(config, each, past)
        found: dict[str, list[Any]] = plateaus if isinstance(made, _Plateau) else fields
        found.setdefault(field, []).append(made)
    windows = [window for some in fields.values() for window in some]
    mixed = [window.name for window in windows if not window.by_epoch]
    if each is None and len(mixed) < len(windows) + sum(map(len, plateaus.values())) and mixed:
        msg = f"{mixed[0]} counts updates and another epochs; give steps_per_epoch=len(loader)"
        raise PassoError(msg)
    unit = 1 if each is None and mixed else each
    plan = {
        field: _whole(fields.get(field, []), plateaus.get(field, []), unit)
        for field in dict.fromkeys([*fields, *plateaus])
    }
    if not plan:
        msg = 'mmengine needs at least one scheduler; write [{"type": "LinearLR", "end": 5}]'
        raise PassoError(msg)
    return plan["lr"] if list(plan) == ["lr"] else plan


class _Plateau:
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


def _made(config: Any, each: int | None, past: Past) -> tuple[str, Any]:
    """A configuration as the field that it moves and the window in which it does."""
    if not isinstance(config, Mapping) or not isinstance(config.get("type"), str):
        msg = f'a scheduler is a dict with a "type", got {brief(config)}'
        raise PassoError(msg)
    given = {key: value for key, value in config.items() if key != "type"}
    kind = config["type"]
    method = MMENGINE.find(kind)
    field = "momentum" if kind.endswith("Momentum") else "lr"
    if kind.endswith("ParamScheduler"):
        field = given.pop("param_name", None)
        if not isinstance(field, str):
            msg = f'{method.where(kind)}: param_name must be a string such as "lr", got {field!r}'
            raise PassoError(msg)
    if given.pop("convert_to_iter_based", False):
        given = _in_updates(given, each, method.where(kind))
    if kind.startswith("OneCycle") and field != "lr":
        msg = f"{method.where(kind)}: OneCycle moves the lr alone, got param_name={field!r}"
        raise PassoError(msg)
    return field, MMENGINE.answer(kind, given, past)


def _in_updates(given: Mapping[str, Any], each: int | None, where: str) -> dict[str, Any]:
    """The same counted in updates: every length is so many times longer."""
    if each is None or given.get("by_epoch", True) is not True:
        msg = (
            f"{where}: convert_to_iter_based turns epochs into updates; give "
            "steps_per_epoch=len(loader), and no by_epoch=False"
        )
        raise PassoError(msg)
    longer = dict(given, by_epoch=False)
    for name in ("begin", "end", "T_max", "step_size", "total_steps"):
        if given.get(name) is not None:
            longer[name] = whole(given[name], f"{where}: {name}", least=0) * each
    for name in ("milestones", "periods"):
        if name in given:
            longer[name] = [whole(one, f"{where}: {name}", least=0) * each for one in given[name]]
    return longer


def _whole(windows: list[Window], plateaus: list[_Plateau], each: int | None) -> Schedule:
    """The curve of a field: its windows, times its plateaus."""
    curve = joined(windows, each) if windows else None
    clock = Clock(each)
    for plateau in plateaus:
        fixed = [window.name for window in windows if window.factor is None]
        if curve is not None and (fixed or plateau.least):
            msg = (
                f"ReduceOnPlateau and {fixed[0] if fixed else windows[0].name} act at once, and "
                "what they do does not multiply; leave out eta_min and min_value"
            )
            raise PassoError(msg)
        curve = plateau.on(clock) * (base if curve is None else curve)
        if plateau.least:
            curve = curve.clip(low=plateau.least).minimum(base)
    assert curve is not None  # noqa: S101
    return curve


def _kind(
    name: str, example: Mapping[str, Any], *remarks: str, kinds: tuple[str, ...] = _KINDS
) -> Any:
    names = [name + kind for kind in kinds]
    return MMENGINE.schedule(*names, example=example, remarks=(*remarks, _BY_EPOCH))


def _bounds(begin: Any, end: Any, by_epoch: Any) -> tuple[int, int, bool]:
    """When a scheduler acts."""
    first, last = whole(begin, "begin", least=0), whole(end, "end", least=0)
    if last <= first:
        msg = f"end must be above begin, got {last} and {first}"
        raise PassoError(msg)
    if not isinstance(by_epoch, bool):
        msg = f"by_epoch must be True or False, got {brief(by_epoch)}"
        raise PassoError(msg)
    return first, last, by_epoch


def _multiplying(name: str, bounds: tuple[int, int, bool], factor: Any, gain: Any) -> Window:
    """A window that multiplies what is there, by `gain(step)` at each of its steps."""
    stepped = name in ("StepLR", "MultiStepLR", "ConstantLR")
    return Window(
        name, *bounds, lambda value, step, _base: value * gain(step), factor, stepped=stepped
    )


@_kind("Step", {"step_size": 30, "gamma": 0.1})
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

    return _multiplying("StepLR", _bounds(begin, end, by_epoch), factor, gain)


@_kind("MultiStep", {"milestones": [30, 60], "gamma": 0.1})
def _multi_step(
    milestones: Any,
    gamma: Any = 0.1,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    rate = real(gamma, "gamma")
    times = Counter(whole(each, "a milestone", least=0) for each in listed(milestones, "milestones"))
    gains = {at: rate**often for at, often in sorted(times.items())}
    factors = list(accumulate([1.0, *gains.values()], lambda kept, more: kept * more))

    def factor(clock: Clock, top: Any) -> Schedule:
        points = dict(zip([0, *gains], factors, strict=True))
        table = Table([(clock.span(at), share(each, top)) for at, each in points.items()], kind="step")
        return table.then(Constant(table.points[-1][1]))

    bounds = _bounds(begin, end, by_epoch)
    return _multiplying("MultiStepLR", bounds, factor, lambda step: gains.get(step, 1.0))


@_kind(
    "Constant",
    {"factor": 0.5, "end": 5},
    _ENDS,
    "A window of one step keeps its factor for ever.",
)
def _constant(
    factor: Any = 1.0 / 3,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, share_of = _bounds(begin, end, by_epoch), _fraction(factor, "factor")
    last = bounds[1] - bounds[0] - 1

    def curve(clock: Clock, top: Any) -> Schedule:
        low = Constant(share(share_of, top), clock.span(last) if last else None)
        return low.then(Constant(top)) if last else low

    def gain(step: int) -> float:
        return share_of if step == 0 else 1.0 / share_of if step == last else 1.0

    return _multiplying("ConstantLR", bounds, curve, gain)


@_kind("Exponential", {"gamma": 0.95})
def _exponential(
    gamma: Any,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    rate = real(gamma, "gamma")

    def factor(clock: Clock, top: Any) -> Schedule:
        return Exponential(top, rate, clock.span(1))

    bounds = _bounds(begin, end, by_epoch)
    return _multiplying("ExponentialLR", bounds, factor, lambda step: rate if step else 1.0)


@_kind(
    "Linear",
    {"start_factor": 0.1, "end": 5},
    _ENDS,
    "Without an end it takes 1,000,000,000 steps.",
)
def _linear(
    start_factor: Any = 1.0 / 3,
    end_factor: Any = 1.0,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, first = _bounds(begin, end, by_epoch), _fraction(start_factor, "start_factor")
    last, over = real(end_factor, "end_factor"), bounds[1] - bounds[0] - 1
    if not 0 <= last <= 1:
        msg = f"end_factor must be from 0 to 1, got {brief(end_factor)}"
        raise PassoError(msg)

    def factor(clock: Clock, top: Any) -> Schedule:
        return (Linear(share(first, top), share(last, top), clock.span(over))
            if over
            else Constant(share(first, top)))

    def gain(step: int) -> float:
        if step == 0:
            return first
        return 1.0 + (last - first) / (over * first + (step - 1) * (last - first))

    return _multiplying("LinearLR", bounds, factor, gain)


@_kind(
    "CosineAnnealing",
    {"T_max": 100, "eta_min_ratio": 0.1},
    "Past T_max it climbs again, to the base, from wherever it began.",
    "T_max is end - begin where it is not given, and the end is exclusive: the floor is then never "
    "reached.",
)
def _cosine(  # noqa: PLR0913, PLR0917
    T_max: Any = None,
    eta_min: Any = None,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
    eta_min_ratio: Any = None,
) -> Either:
    bounds = _bounds(begin, end, by_epoch)
    given_floor = 0 if eta_min is None and eta_min_ratio is None else eta_min
    wave = _Cosine(T_max or bounds[1] - bounds[0], _floor(given_floor, eta_min_ratio))
    goes_on = bounds[1] - bounds[0] - 1 > wave.half
    made = [
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
            msg = "another scheduler begins or ends after T_max of CosineAnnealingLR; give it an end"
            raise PassoError(msg)
        high = _begun(level, self.floor, 1.0 if before < 0 else self._kept(before)).written()
        low, half = self.floor.written(), clock.span(self.half)
        fall = Cosine(high, low, half)
        if not climbs:
            return fall
        again = Cosine(low, base, half).then(Cosine(base, low, half)).repeat()
        return fall.then(Cosine(low, base, half)).repeat() if high is base else fall.then(again)


@_kind("Poly", {"power": 0.9, "eta_min": 0.0001, "end": 100}, _ENDS)
def _poly(  # noqa: PLR0913, PLR0917
    eta_min: Any = 0,
    power: Any = 1.0,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, floor = _bounds(begin, end, by_epoch), Level(0.0, real(eta_min, "eta_min"))
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

    return Window(
        "PolyLR", *bounds, value, None if floor.more else factor, FOREVER, alone
    )


@_kind(
    "OneCycle",
    {"eta_max": 0.1, "total_steps": 1000, "by_epoch": False},
    "It moves the lr alone, no momentum, and what it sets is absolute.",
    "As torch's, each phase ends one step early, at pct_start * total_steps - 1.",
    "At total_steps it goes on past its end for one step, and raises after that; here that step is "
    "held.",
    kinds=("LR", "ParamScheduler"),
)
def _one_cycle(  # noqa: PLR0913, PLR0917
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
    bounds = _bounds(begin, end, by_epoch)
    total = whole(bounds[1] - bounds[0] if total_steps is None else total_steps, "total_steps")
    peak, share_of = real(eta_max, "eta_max"), at_least(pct_start, "pct_start")
    first = peak / real(div_factor, "div_factor")
    least = first / real(final_div_factor, "final_div_factor")
    turn = float(share_of * total)
    levels = [(turn - 1, first, peak), (total - 1, peak, least)]
    if three_phase:
        levels = [levels[0], (2 * turn - 2, peak, first), (total - 1, first, least)]
    cycle = _Cycle(levels, choice(anneal_strategy, "anneal_strategy", _ANNEALS), total)
    goes_on = bounds[1] - bounds[0] > total
    made = [
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
        parts, start = [], 0.0
        for end, first, last in self.phases:
            parts.append(self.shape(first, last, clock.span(end - start)))
            start = end
        if goes_on:
            parts.append(Constant(self.phases[-1][2], clock.span(1)))
            parts.append(Constant(self.value(0.0, self.total, 0.0)))
        return parts[0].then(*parts[1:])


@_kind(
    "CosineRestart",
    {"periods": [40, 60], "restart_weights": [1.0, 0.5], "eta_min": 0.0},
    "After its periods it holds the last value, one step above the floor.",
    "One of eta_min and eta_min_ratio is needed: without both theirs raises an AssertionError.",
)
def _restarts(  # noqa: PLR0913, PLR0917
    periods: Any,
    restart_weights: Any = (1,),
    eta_min: Any = None,
    eta_min_ratio: Any = None,
    begin: Any = 0,
    end: Any = FOREVER,
    by_epoch: Any = True,  # noqa: FBT002
) -> Window:
    bounds, floor = _bounds(begin, end, by_epoch), _floor(eta_min, eta_min_ratio)
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


@_kind(
    "ReduceOnPlateau",
    {"monitor": "loss", "factor": 0.5, "patience": 3},
    "It hears a report after each epoch, and those of its window alone.",
    "A fall of less than eps, 1e-8 where it is not given, is left out by theirs.",
    "Of a value below 0 theirs takes any as an improvement that is not worse by the threshold.",
)
def _plateau(  # noqa: PLR0913, PLR0917
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
) -> _Plateau:
    first, last, counts_epochs = _bounds(begin, end, by_epoch)
    at_least(eps, "eps")
    if not counts_epochs:
        msg = "ReduceOnPlateau counts epochs; leave out by_epoch=False"
        raise PassoError(msg)
    falls = Plateau(
        monitor,
        mode=choice(rule, "rule", {"less": "min", "greater": "max"}),
        factor=real(factor, "factor"),
        patience=whole(patience, "patience", least=0),
        threshold=at_least(threshold, "threshold"),
        threshold_mode=choice(threshold_rule, "threshold_rule", {"rel": "rel", "abs": "abs"}),
        cooldown=whole(cooldown, "cooldown", least=0),
    )
    return _Plateau(falls, first, last, at_least(min_value, "min_value"))


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


def _fraction(value: Any, name: str) -> float:
    """A share above 0: theirs divides by it."""
    number = real(value, name)
    if not 0 < number <= 1:
        msg = f"{name} must be above 0 and at most 1, got {brief(value)}"
        raise PassoError(msg)
    return number
