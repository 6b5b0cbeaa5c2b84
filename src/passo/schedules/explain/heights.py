"""Changes of the values at the same times: peak, floor, start, and steps instead of a slope."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Final

from passo.schedules.explain.course import CLOSE, Course, widths
from passo.schedules.explain.pair import Candidate, Pair, counted, said, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_STAIRS: Final = 2000


def peaks(pair: Pair) -> Iterator[Candidate]:
    """Another peak: all values in its ratio, or start and end as they were."""
    a, marks, new = pair.one, pair.one.marks, pair.other.marks.top
    old = marks.top
    if old == 0 or abs(new - old) <= CLOSE * max(abs(old), abs(new)):
        return
    numbers = {pair.first: old, pair.second: new}
    words = f"{pair.second} peaks at {said(new)}, {pair.first} at {said(old)}"
    ratio = f"{words}: every value is {said(new / old)} times that of {pair.first}"
    yield Candidate("peak", ratio, numbers, marks.rise, a.revalued(lambda _, v: v * (new / old)))
    starts = [0.0, *([marks.start] if marks.rise > 0 else [])]
    ends = [0.0, *([marks.bottom] if marks.end is not None and marks.bottom != old else [])]
    for start, end in dict.fromkeys(product(starts, ends)):
        kept = [name for name, value in (("start", start), ("end", end)) if value]
        if kept:
            text = f"{words}; its {' and its '.join(kept)} {'stays' if len(kept) == 1 else 'stay'}"
            yield Candidate("peak", text, numbers, marks.rise, _peaked(a, new, start, end))


def _peaked(a: Course, new: float, start: float, end: float) -> Course:
    """Another peak, between a start and an end that stay."""
    top, rise = a.marks.top, a.marks.rise
    return a.revalued(lambda t, v: _scaled(v, start if t < rise else end, top, new))


def floors(pair: Pair) -> Iterator[Candidate]:
    """Another last value, the decay in proportion; or a value below which it never falls."""
    a, marks, theirs = pair.one, pair.one.marks, pair.other.marks
    if marks.end is not None:
        old = marks.bottom
        new = theirs.bottom if theirs.end is not None else pair.other.at(marks.end)
        if abs(new - old) > CLOSE * spread(a) and old != marks.top:
            words = f"{pair.second} ends at {said(new)}, {pair.first} at {said(old)}"
            course = a.revalued(
                lambda t, v: v if t < marks.leave else _scaled(v, marks.top, old, new)
            )
            numbers = {pair.first: old, pair.second: new}
            yield Candidate("floor", words, numbers, marks.end, course)
    lowest, low = min(a.at(t) for t in a.ticks if t >= marks.leave), theirs.bottom
    if lowest < low < marks.top:
        words = f"{pair.second} never falls below {said(low)}, {pair.first} falls to {said(lowest)}"
        numbers = {pair.first: lowest, pair.second: low}
        for since in (0.0, marks.rise):
            yield Candidate("floor", words, numbers, marks.leave, _held_above(a, low, since))


def _held_above(a: Course, low: float, since: float) -> Course:
    return a.revalued(lambda t, v: max(v, low) if t >= since else v)


def starts(pair: Pair) -> Iterator[Candidate]:
    """A warm-up from another value."""
    marks, new = pair.one.marks, pair.other.marks.start
    old = marks.start
    if marks.rise > 0 and abs(new - old) > CLOSE * spread(pair.one):
        words = f"{pair.second} starts at {said(new)}, {pair.first} at {said(old)}"
        course = pair.one.revalued(
            lambda t, v: _scaled(v, marks.top, old, new) if t < marks.rise else v
        )
        numbers = {pair.first: old, pair.second: new}
        yield Candidate("warm-up start", words, numbers, 0.0, course)


def rates(pair: Pair) -> Iterator[Candidate]:
    """A decay by other ratios."""
    a, marks, top = pair.one, pair.one.marks, pair.other.marks.top
    last = pair.updates - 1.0
    old, new = (course.at(last) for course in (a, pair.other))
    if not (0 < old < marks.top and 0 < new < top):
        return
    power = math.log(new / top) / math.log(old / marks.top)
    words = (
        f"{pair.second} falls to {said(new / top)} of its peak, {pair.first} to "
        f"{said(old / marks.top)}: each ratio is raised to the power {said(power)}"
    )
    course = a.revalued(
        lambda t, v: v if t < marks.rise or v <= 0 else marks.top * (v / marks.top) ** power
    )
    yield Candidate("rate", words, {"power": power}, marks.leave, course)


def stairs(pair: Pair) -> Iterator[Candidate]:
    """Steps instead of a slope, each with the value of its beginning or of its end."""
    a, b = pair.one, pair.other
    if not a.slopes:
        return
    known = [pair.epoch] if pair.epoch and pair.epoch > 1 else []
    for wide in dict.fromkeys([*known, *widths(b)]):
        if wide > b.ticks[-1] or abs(b.at(0.0) - b.at(wide * 0.999)) > CLOSE * spread(b):
            continue
        each = "an epoch" if wide == pair.epoch else counted(wide)
        words = f"{pair.second} goes in steps, each {each} long, where {pair.first} has a slope"
        end = math.inf if a.marks.end is None else a.marks.end
        for ahead, until in dict.fromkeys([(0.0, math.inf), (0.0, end), (wide, math.inf)]):
            how = ", each with the value of its end" if ahead else ""
            course = _stepped(a, wide, ahead, until)
            yield Candidate("steps", words + how, {"width": wide}, wide, course)


def _stepped(a: Course, wide: float, ahead: float, until: float) -> Course:
    edges = [wide * k for k in range(1, min(int(a.ticks[-1] / wide) + 1, _MOST_STAIRS))]
    return a.replaced(
        lambda t: a.at(wide * math.floor(min(t, until) / wide + 1e-12) + ahead), *edges
    )


def _scaled(v: float, fixed: float, old: float, new: float) -> float:
    """`v` moved so that `fixed` stays and `old` becomes `new`."""
    return fixed + (v - fixed) * ((new - fixed) / (old - fixed)) if old != fixed else new
