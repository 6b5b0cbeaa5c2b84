"""`check`: what can be said of a plan before anything is paid for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.diagnosis import causes
from passo.doctor.edits import RATIO
from passo.doctor.finding import Finding
from passo.doctor.rules.p006 import LONG, TINY
from passo.doctor.rules.p025 import foreseen, need_law
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.files import text_in
from passo.ground.schema import parsed
from passo.schedules.algebra.data import LONGEST_LINE
from passo.schedules.analysis import is_far
from passo.schedules.curve import Curve
from passo.schedules.text import from_json, parse
from passo.schedules.time import AXES, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.law import Law
    from passo.schedules import Run, Schedule

TORCH: Final = ("ReduceLROnPlateau", "CosineAnnealingWarmRestarts")
FILES: Final = (".json", ".jsonl", ".txt", ".plan")
LONGEST_NAME: Final = 4096
FLAT: Final = 1e-6  # of the peak: less than that is no slope
BEYOND: Final = 20  # times the run: what changes later still is as good as a constant
DOMAIN: Final = {
    "lr": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "momentum": (0.0, 1.0),
    "betas[0]": (0.0, 1.0),
    "betas[1]": (0.0, 1.0),
}


def check(
    schedule: Schedule,
    run: Run,
    *,
    base: float | None = None,
    key: str = "lr",
    law: Law | None = None,
) -> list[Finding]:
    """What is wrong with a schedule on a run; `key` is the field that it is for.

    With a `law` of recorded runs, a cooldown of the lr that it predicts worse than another is a
    finding too; where the law cannot say, a `DoctorWarning` tells why.

    >>> from passo import Linear, Constant, Run, steps
    >>> for each in check(Linear(0, 0.1, steps(50)).then(Constant(1.0)), Run(steps(100))):
    ...     print(each)
    P013  the value jumps from 0.1 to 1 at 50 steps, 10 times
    """
    curve = Curve.of(schedule, run, points=2049, base=base)
    if not isinstance(key, str):
        msg = f"key must be the name of a field such as 'lr', got {brief(key)}"
        raise PassoError(msg)
    slips = list(_percent(curve))
    looks = (_jumps, _short, _late, *(() if slips else (_early,)), _zeros)  # a slip ends it early
    found = [*slips, *(each for look in looks for each in look(curve))]
    found += [*_outside(curve, key), *_far(curve, key, base)]
    need_law(law)
    if law is not None and key == "lr":
        found += foreseen(schedule if base is None else schedule.with_base(base), run, law)
    return sorted(causes(found), key=lambda each: each.code)


def read_plan(text: str, key: str = "lr") -> dict[str, Schedule]:
    """The schedules of an expression, or of a file with one: text, JSON, or JSON by field.

    >>> read_plan("Constant(0.1)")
    {'lr': Constant(0.1)}
    >>> read_plan('{"lr": "Constant(0.1)", "momentum": "Constant(0.9)"}')
    {'lr': Constant(0.1), 'momentum': Constant(0.9)}
    """
    path = Path(text)
    if len(text) < LONGEST_NAME and path.is_file():
        text = _content(path)
    elif path.suffix in FILES and "(" not in text:
        msg = f"there is no file {text!r}; write passo check plan.json, or an expression"
        raise PassoError(msg)
    elif text.isidentifier() and (text.endswith("LR") or text in TORCH):
        msg = f"{text} is a scheduler of torch, no schedule; passo show {text} says what to write"
        raise PassoError(msg)
    if not text.startswith("{"):
        return {key: parse(text)}
    try:
        fields = parsed(text)
    except PassoError as error:
        msg = f"the plan begins as JSON and is none: {error}"
        raise PassoError(msg) from None
    if not fields:
        msg = 'the plan names no field; write {"lr": "warmup_cosine()"}'
        raise PassoError(msg)
    if all(isinstance(each, str) for each in fields.values()) and "is" not in fields:
        return {name: parse(each) for name, each in fields.items()}
    return {key: from_json(text)}


def _content(path: Path) -> str:
    """What is in a plan's file."""
    try:
        return text_in(path, "a plan", LONGEST_LINE).strip()
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror}"
    raise PassoError(msg)


def _peak(curve: Curve) -> float:
    return max(map(abs, curve.values))


def _jumps(curve: Curve) -> Iterator[Finding]:
    """A jump beside a slope: between flat pieces it is a staircase, in a repeat a restart."""
    if ".repeat(" in repr(curve.schedule):
        return
    for corner in curve.corners:
        low, high = sorted((abs(corner.before), abs(corner.value)))
        if corner.time <= 0 or low <= 0 or high < RATIO * low or not _slopes(curve, corner.time):
            continue
        yield Finding(
            "P013",
            f"the value jumps from {corner.before:.3g} to {corner.value:.3g} at "
            f"{corner.time:,.6g} {curve.run.unit}, {high / low:.3g} times",
            "the two sides were not made to meet: training gets a shock",
            f"let the first part end at {corner.value:.3g}",
        )


def _slopes(curve: Curve, time: float) -> bool:
    """Whether the curve moves just before or just after a corner."""
    span = curve.times[-1] / 1000
    before = curve.filled(max(0.0, time - span)), curve.filled(math.nextafter(time, 0.0))
    after = curve.filled(time), curve.filled(time + span)
    return any(abs(a - b) > FLAT * _peak(curve) for a, b in (before, after))


def _short(curve: Curve) -> Iterator[Finding]:
    """The schedule is longer than the run: its end, or even its peak, is never reached."""
    length = curve.filled.length()
    end = curve.times[-1]
    if length is None or length.unit is None or length.unit not in AXES.values():
        return
    amount = float(curve.run.measure(Span(length.amount, length.unit)))
    if amount <= end * (1 + 1e-9) or amount - end <= 1:
        return
    beyond = max(abs(curve.filled(end + (amount - end) * k / 512)) for k in range(513))
    low = beyond > _peak(curve) * (1 + 1e-9)
    peak = f"; its peak of {beyond:.3g} is never reached" if low else ""
    yield Finding(
        "P007",
        f"the run ends at {end / amount:.1%} of the plan ({end:,.6g} of {amount:,.6g} "
        f"{curve.run.unit}), at {curve.values[-1]:.3g}{peak}",
        "what the plan does at its end is never used",
        f"a plan of {end:,.12g} {curve.run.unit}, or rest for its last part",
    )


def _late(curve: Curve) -> Iterator[Finding]:
    """The value is one number throughout, and would have changed after the run."""
    end, first = curve.times[-1], curve.values[0]
    if not first or any(value != first for value in curve.values):
        return
    times = (end * (1 + k / 16) for k in range(1, 16 * BEYOND))
    later = next((time for time in times if curve.filled(time) != first), None)
    if later is None:
        return
    yield Finding(
        "P007",
        f"the value is {first:.3g} throughout the run of {end:,.6g} {curve.run.unit}: its first "
        f"change lies beyond it, by {later:,.6g} {curve.run.unit}",
        "the schedule has no effect: the value never changes",
        f"a first change before {end:,.12g} {curve.run.unit}",
    )


def _early(curve: Curve) -> Iterator[Finding]:
    """The value is next to nothing for a large part of the run."""
    end, peak = curve.times[-1], _peak(curve)
    low = None
    for time, value in zip(curve.times, curve.values, strict=True):
        if abs(value) >= TINY * peak:
            low = None
        elif low is None:
            low = time
    if low is not None and peak and (end - low) / end >= LONG:
        yield Finding(
            "P006",
            f"the value is below {TINY * peak:.3g}, a thousandth of its peak, from {low / end:.0%} "
            "of the run on",
            "for the rest of the run next to nothing is learned",
            "a longer plan, rest for its last part, or a higher floor",
        )


def _zeros(curve: Curve) -> Iterator[Finding]:
    """Stretches at zero, longer than an update."""
    begin = None
    end = curve.times[-1]
    step = end / max(1, curve.run.updates) if curve.run.axis == "step" else 0.0
    for time, value in [*zip(curve.times, curve.values, strict=True), (end, math.nan)]:
        if value == 0 and begin is None:
            begin = time
        elif value != 0 and begin is not None:
            if time - begin > max(step, end / 1024):
                yield Finding(
                    "P018",
                    f"the value is 0 from {begin:,.6g} to {time:,.6g} {curve.run.unit}",
                    "each update there costs a forward and a backward and changes nothing",
                    "a part that begins above 0, or none",
                )
                return
            begin = None


def _percent(curve: Curve) -> Iterator[Finding]:
    """percent(0.3) is 0.3 %, which is seldom meant."""
    slips = sorted({a for each in _spans(curve.schedule) if 0 < (a := _amount(each)) < 1})
    if slips:
        end, unit = curve.times[-1], curve.run.unit
        seen = [f"percent({a:g}) is {a:g} % of the run, {a / 100 * end:,.4g}" for a in slips]
        yield Finding(
            "P006",
            f"{' and '.join(seen)} of {end:,.6g} {unit}",
            "a share was probably written for a percentage, and this part is over at once",
            " and ".join(f"percent({100 * a:g}) for {100 * a:g} % of the run" for a in slips),
        )


def _spans(thing: Any) -> Iterator[Span]:
    """Every span of percent in a schedule, wherever in it."""
    from dataclasses import fields, is_dataclass

    waiting = [thing]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Span):
            if each.unit == "percent":
                yield each
        elif isinstance(each, (tuple, list)):
            waiting += each
        elif is_dataclass(each):
            waiting += [getattr(each, field.name) for field in fields(each)]


def _amount(span: Span) -> float:
    return float(span.amount)


def _outside(curve: Curve, key: str) -> Iterator[Finding]:
    """Values that the optimizer refuses, or that make it climb."""
    least, most = DOMAIN.get(key, (-math.inf, math.inf))
    low, high = min(curve.values), max(curve.values)
    if low < least or (most < math.inf and high >= most):
        yield Finding(
            "P019",
            f"{key} goes from {low:.3g} to {high:.3g}, {_bounds(least, most)}",
            _harm(key, low < least),
            _inside(curve, key, least, most),
        )


def _far(curve: Curve, key: str, base: float | None) -> Iterator[Finding]:
    """A rate far above the base: a length, or a factor, that was written as a rate."""
    peak = max(curve.values)
    if key == "lr" and not curve.relative and is_far(peak, base):
        beside = f", {peak / base:,.4g} times the base of {base:.4g}" if base else ""
        yield Finding(
            "P019",
            f"lr goes up to {peak:.4g}{beside}",
            "at such a rate training diverges: was a length meant, or a factor of base?",
            f"over=steps({peak:.10g}) for a length, base * ... for a factor, "
            "or the rate as the optimizer's lr, where it is meant",
        )


def _bounds(least: float, most: float) -> str:
    return f"outside of {least:g} to {most:g}" if most < math.inf else f"below {least:g}"


def _harm(key: str, negative: bool) -> str:  # noqa: FBT001
    """What a value outside of its bounds brings about."""
    if key == "lr" and negative:
        return "at a negative rate the optimizer climbs: the loss grows at each of these updates"
    return f"the optimizer refuses such a {key}, or what it sums up grows without bound"


def _inside(curve: Curve, key: str, least: float, most: float) -> str:
    """What to write instead: a sign that slipped in, an end that went too far."""
    low, high = min(curve.values), max(curve.values)
    if low >= least:
        return f"a largest value below {most:g}"
    if high <= least:
        return f"the {key} without its minus: {-low:.3g} where it says {low:.3g}"
    return f"an end at {least:g} instead of {low:.3g}, or .clip(low={least:.1f})"
