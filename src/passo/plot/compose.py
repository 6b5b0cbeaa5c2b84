"""From curves or a trace to a Picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from passo.ground.errors import PassoError
from passo.plot.names import (
    UNITS,
    group_name,
    held_out,
    key_name,
    metric_name,
    shorten,
)
from passo.plot.picture import (
    COLOURS,
    DARK,
    DASHES,
    FEW,
    GREEN,
    RED,
    SKY,
    Line,
    Panel,
    Picture,
    finite,
    wants_log,
)
from passo.plot.planned import Planned
from passo.schedules.algebra import Cooldown
from passo.schedules.curve import Curve
from passo.schedules.explain import Explanation
from passo.trace import Column, Trace

LOW_SHARE = 1 / 8
NOTE = 104
MANY = 20_000  # updates, above which only changes are drawn


def of_curves(curves: Sequence[tuple[str | None, Curve]], title: str | None) -> Picture:
    """Curves over one axis: pairs of a label (None: the curve's own) and the curve."""
    unit = _same("axes", {curve.unit for _, curve in curves})
    relative = _same(
        "kinds of value", {"relative" if c.relative else "absolute" for _, c in curves}
    )
    lines = tuple(
        Line(
            shorten(curve.label if label is None else label, 88 if len(curves) == 1 else 56),
            curve.times,
            curve.values,
            COLOURS[place % len(COLOURS)],
            DASHES[place // len(COLOURS) % len(DASHES)],
        )
        for place, (label, curve) in enumerate(curves)
    )
    trunk = _trunk(curves[0][1]) if len(curves) == 1 else ()
    ylabel = "value / base" if relative == "relative" else "value"
    log = wants_log(finite((*lines, *trunk)), LOW_SHARE)
    named = curves[0][0] or curves[0][1].label
    kind = named
    if named == repr(curves[0][1].schedule):
        kind = "Branch and trunk over the run" if trunk else "Schedule over the run"
    kind = "Schedules compared" if len(lines) > 1 else kind
    note = shorten(named, 88) if trunk else ""
    if trunk:  # the code of both is too long to stand beside them
        lines = tuple(replace(line, label="the branch") for line in lines)
    panel = Panel(ylabel, lines, log, planned=trunk)
    return Picture(title or kind, UNITS.get(unit, unit), (panel,), note)


def _trunk(curve: Curve) -> tuple[Line, ...]:
    """What a schedule with a cooldown left: its trunk, from the moment of the branch on."""
    branch = curve.filled
    if not isinstance(branch, Cooldown):
        return ()
    at, whole = float(branch.at.amount), Curve.of(branch.part, curve.run)
    points = [point for point in zip(whole.times, whole.values, strict=True) if point[0] > at]
    if not points:
        return ()
    x, y = zip((at, branch.part(at)), *points, strict=True)
    return (Line("the trunk, had it gone on", x, y, DARK, "dashed", width=1.0),)


def of_explanation(found: Explanation, title: str | None) -> Picture:
    """Both curves, the difference beneath, and where each change shows."""
    a, b = found.a, found.b
    both = of_curves([("a", a), ("b", b)], title or "Two schedules, and how they differ")
    times = sorted({*a.times, *b.times})
    gap = Line("b - a", times, [b.filled(t) - a.filled(t) for t in times], GREEN)
    marks = tuple((float(a.run.at(change.at)), change.kind) for change in found.changes)
    beneath = Panel("b - a", (gap,), height=0.6, legend=False)
    return replace(both, panels=(*both.panels, beneath), note=_short(found), marks=marks)


def _short(found: Explanation) -> str:
    return shorten(" ".join(found.sentences[1:] or found.sentences), NOTE)


def of_trace(trace: Trace, title: str | None, plans: Sequence[Planned] = ()) -> Picture:
    """The rate that each update used, what else moved, what was planned, and the losses."""
    panels = tuple(each for each in (*rates(trace, plans), losses(trace)) if each is not None)
    if not panels:
        raise PassoError("the trace has nothing to draw: no values and no losses")
    first = panels[0].ylabel
    what = f"{first[:1].upper()}{first[1:]}" + (
        " and losses" if trace.losses and trace.keys else ""
    )
    plan = trace.plan if isinstance(trace.plan, (str, type(None))) else _plan(trace.plan)
    return Picture(
        title or f"{what} over {trace.updates:,} updates",
        UNITS["step"],
        panels,
        shorten(plan or "", NOTE),
    )


def rates(trace: Trace, plans: Sequence[Planned] = ()) -> list[Panel]:
    """The rate that each update used, then each other field that moves; what was planned too."""
    keys = _keys(trace, plans)
    return [_values(trace, key, plans, lead=key == keys[0]) for key in keys]


def losses(trace: Trace) -> Panel | None:
    """The losses that were reported; a loss that is not finite is said in the legend."""
    if not trace.losses:
        return None
    colours = {True: [RED, *COLOURS[3:]], False: [SKY, GREEN, *COLOURS[3:]]}
    lines = []
    for metric in trace.losses:
        x, y = trace.series(metric)
        out = held_out(metric)
        colour = colours[out].pop(0) if len(colours[out]) > 1 else colours[out][0]
        few = len(x) <= FEW
        width = 2.0 if out or few else 1.0
        lines.append(Line(_loss_name(metric, x, y), x, y, colour, marks=few, width=width))
    log = wants_log(finite(lines))
    return Panel("loss", tuple(lines), log, height=1.4)


def _loss_name(metric: str, x: Sequence[float], y: Sequence[float]) -> str:
    odd = [clock for clock, value in zip(x, y, strict=True) if not math.isfinite(value)]
    return metric_name(metric) + (f" (not finite from update {odd[0]:,.0f})" if odd else "")


def _keys(trace: Trace, plans: Sequence[Planned]) -> list[str]:
    """The rate, or what stands for it, then the other fields that move or were to."""
    meant = {each.key for each in plans if len(set(each.values)) > 1}
    moving = dict.fromkeys(each.key for each in trace.columns if each.moves or each.key in meant)
    there = dict.fromkeys(each.key for each in trace.columns if each.updates)
    lead = [key for key in ("lr", *moving, *there) if key in there][:1]
    return list(dict.fromkeys([*lead, *moving]))


def _values(trace: Trace, key: str, plans: Sequence[Planned], *, lead: bool) -> Panel:
    """One field: one line for all groups where they agree, else one for each."""
    columns = [each for each in trace.columns if each.key == key and each.updates]
    alike = len({(each.updates, each.values) for each in columns}) == 1
    meant = _meant([each for each in plans if each.key == key])
    name = "used" if meant else key_name(key)
    lines = tuple(
        Line(
            name if alike else _group(trace, each),
            *_used(trace, each),
            (COLOURS if lead else COLOURS[2:])[place % 5],
            DASHES[place // 5 % len(DASHES)],
            steps=True,
            marks=trace.updates <= FEW,
        )
        for place, each in enumerate(columns[:1] if alike else columns)
    )
    log = wants_log(finite((*lines, *meant)), LOW_SHARE)
    legend = bool(meant) or not alike
    return Panel(key_name(key), lines, log, 1.0 if lead else 0.6, legend, planned=meant)


def _meant(plans: Sequence[Planned]) -> tuple[Line, ...]:
    """What was planned, each curve once, with one name for all of them."""
    curves = {(each.updates, each.values, each.steps): each.label for each in plans}
    return tuple(
        Line("" if place else label, x, y, DARK, "dashed", steps, width=1.0)
        for place, ((x, y, steps), label) in enumerate(curves.items())
    )


def _used(trace: Trace, column: Column) -> tuple[list[float], list[float]]:
    """Updates and what they used: of many only the changes, of the oldest a mean.

    A NaN stands where updates are missing, so that no line bridges them.
    """
    few = trace.updates <= MANY
    spans = [(each.begin, each.end, each.mean) for each in column.coarse]
    spans += [(a, b, v) for a, b, v in column.pieces(trace.updates) if isinstance(v, float)]
    xs: list[float] = []
    ys: list[float] = []
    stop = None
    for begin, end, value in sorted(spans):
        if stop not in (None, begin):
            xs.append(stop)
            ys.append(math.nan)
        seen = range(begin, end) if few else sorted({begin, end - 1})
        xs += seen
        ys += [value] * len(seen)
        stop = end
    return xs, ys


def _group(trace: Trace, column: Column) -> str:
    return "no group" if column.group is None else group_name(trace.groups[column.group])


def _plan(plan: Any) -> str:
    most = max(20, NOTE // max(1, len(plan)) - 12)
    return ", ".join(f"{key}: {shorten(value, most)}" for key, value in plan.items())


def _same(what: str, found: Iterable[str]) -> str:
    """The one thing found, or an error."""
    first, *others = sorted(found)
    if others:
        raise PassoError(
            f"curves on one picture need one unit and one kind of value, got the {what} "
            f"{[first, *others]}; draw them one by one"
        )
    return first
