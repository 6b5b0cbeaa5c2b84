"""Changes of spans: of the warm-up, of the decay, of the whole; and spans in another unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from passo.schedules.explain.course import Course
from passo.schedules.explain.pair import Candidate, Kind, Pair, counted, said

if TYPE_CHECKING:
    from collections.abc import Iterator

Knots: TypeAlias = "list[tuple[float, float]]"
_PERCENT = 100.0
_UNITS = ("steps that stand for epochs", "a share in place of percent")


def warmups(pair: Pair) -> Iterator[Candidate]:
    """A warm-up of another length, with each way in which the rest may follow."""
    marks, theirs = pair.one.marks, pair.other.marks
    if (marks.rise, marks.begin) == (theirs.rise, theirs.begin):
        return
    if marks.rise == 0:
        yield from _added(pair)
        return
    old, new = marks.rise, theirs.rise
    words = f"{pair.second} warms up over {counted(new)}, {pair.first} over {said(old)}"
    head: Knots = [(0.0, 0.0), (new, old)] if new > 0 else [(0.0, old)]
    if 0 < theirs.begin < new and marks.begin == 0:
        head = [(0.0, 0.0), (theirs.begin, 0.0), (new, old)]
        words = (
            f"the warm-up of {pair.second} begins at update {said(theirs.begin)} and is over at "
            f"{said(new)}, that of {pair.first} at {said(old)}"
        )
    for how, tail in _tails(pair, new).items():
        course = pair.one.retimed(*head, *tail)
        yield _span(pair, "warm-up length", f"{words}{how}", (old, new), course)
    if marks.end is None and new > 0:
        course = _stretched(pair.one, new / old)
        yield _span(pair, "warm-up length", f"{words}; the decay follows it", (old, new), course)


def _tails(pair: Pair, new: float) -> dict[str, Knots]:
    """What comes after a warm-up that is over at `new`, as knots of time."""
    marks = pair.one.marks
    old, leave, end = marks.rise, marks.leave, marks.end
    tails: dict[str, Knots] = {"": []}
    if end is not None and end > max(old, new):
        tails["; both end together"] = [(end, end)]
        if leave > max(old, new):
            tails["; the decay is where it was"] = [(leave, leave), (end, end)]
    if leave > new:
        tails["; what follows is where it was"] = [(leave, leave)]
    return tails


def _added(pair: Pair) -> Iterator[Candidate]:
    """A warm-up where the first has none."""
    a, theirs = pair.one, pair.other.marks
    new, end = theirs.rise, a.marks.end
    words = f"{pair.second} warms up over {counted(new)}, {pair.first} not at all"
    ways: dict[str, Knots] = {"": [(new, 0.0)], "; what follows is where it was": [(new, new)]}
    if end is not None and end > new:
        ways["; both end together"] = [(new, 0.0), (end, end)]
    for how, knots in ways.items():
        course = _with_line(a.retimed(*knots), theirs.start, a.marks.top, new)
        yield _span(pair, "warm-up length", f"{words}{how}", (0.0, new), course)


def _with_line(rest: Course, start: float, top: float, until: float) -> Course:
    return rest.replaced(
        lambda t: start + (top - start) * t / until if t < until else rest.at(t), until
    )


def decays(pair: Pair) -> Iterator[Candidate]:
    """A decay that begins, or is over, at another time."""
    marks, theirs = pair.one.marks, pair.other.marks
    rise, leave, end = marks.rise, marks.leave, marks.end
    head: Knots = [(0.0, 0.0)] if rise == 0 else [(0.0, 0.0), (rise, rise)]
    new = theirs.leave
    if rise <= new != leave and (end is None or new < end):
        words = (
            f"{pair.second} begins its decay at update {said(new)}, {pair.first} at {said(leave)}"
        )
        begun: Knots = [*head, (new, leave)] if new > rise else [*head[:-1], (rise, leave)]
        if end is not None:
            course = pair.one.retimed(*begun, (end, end))
            both, long = f"{words}; both end together", (end - leave, end - new)
            yield _span(pair, "decay", both, long, course)
        yield _span(pair, "decay", words, (leave, new), pair.one.retimed(*begun))
    if end is not None and theirs.end not in (None, end) and theirs.end > leave:
        words = f"{pair.second} is over at update {said(theirs.end)}, {pair.first} at {said(end)}"
        kept: Knots = [*head, *([(leave, leave)] if leave > rise else []), (theirs.end, end)]
        yield _span(pair, "length", words, (end, theirs.end), pair.one.retimed(*kept))


def lengths(pair: Pair) -> Iterator[Candidate]:
    """The whole of it longer or shorter."""
    a, b = pair.one, pair.other
    known = [each for each in (pair.epoch, _PERCENT) if each and each > 1]
    ratios = [*known, *(1 / each for each in known)]
    ratios += [new / old for old, new in zip(_places(a), _places(b), strict=True) if old and new]
    for ratio in dict.fromkeys(ratios):
        if math.isclose(ratio, 1.0, rel_tol=1e-9):
            continue
        unit = _unit_of(ratio, pair)
        times = f"{said(max(ratio, 1 / ratio))} times as {'long' if ratio > 1 else 'short'}"
        words = f"all of {pair.second} is {times} as {pair.first}"
        if unit:
            words = f"all spans of {pair.second} are others{unit}"
        kind: Kind = "unit" if unit else "length"
        yield Candidate(kind, words, {"ratio": ratio}, 0.0, _stretched(a, ratio))


def _places(a: Course) -> list[float | None]:
    """Times that show how long a course is."""
    marks = a.marks
    return [marks.end, marks.leave, marks.rise, a.corners[0] if a.corners else None, _half(a)]


def _half(a: Course) -> float | None:
    """When it has fallen half of what it falls on the run, as near as a float tells."""
    level = (a.marks.top + a.at(a.ticks[-1])) / 2
    low, high = a.marks.leave, a.ticks[-1]
    if not a.marks.top > level:
        return None
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if a.at(middle) > level else (low, middle)
    return high


def _stretched(a: Course, ratio: float) -> Course:
    return Course(lambda t: a.at(t / ratio), [c * ratio for c in a.corners], a.ticks)


def _span(
    pair: Pair, kind: Kind, words: str, lengths: tuple[float, float], course: Course
) -> Candidate:
    """A span of another length, which may be one in another unit."""
    old, new = lengths
    unit = _unit_of(new / old, pair) if old and new else ""
    numbers = {pair.first: old, pair.second: new}
    return Candidate("unit" if unit else kind, words + unit, numbers, min(lengths), course)


def _unit_of(ratio: float, pair: Pair) -> str:
    """What a ratio of two spans says of their units."""
    for words, known in zip(_UNITS, (pair.epoch, _PERCENT), strict=True):
        if known and known > 1 and math.isclose(max(ratio, 1 / ratio), known, rel_tol=1e-6):
            times = f"{said(known)} times as {'long' if ratio > 1 else 'short'}"
            return f": {times}, as with {words}"
    return ""
