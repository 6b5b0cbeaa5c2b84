"""Changes in time at which no span changes: a shift, and what is done at the end and past it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.schedules.explain.course import Course
from passo.schedules.explain.pair import Candidate, Pair, counted, said, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEAR_END: Final = 2.0  # updates
_SAME: Final = 1e-6  # of the range of the values
_FAR: Final = 3  # updates


def shifts(pair: Pair) -> Iterator[Candidate]:
    """All of it early or late by a few updates; or only the warm-up, or the decay, by one."""
    y, a = pair.second, pair.one
    for by in (each for size in range(1, _FAR + 1) for each in (size, -size)):
        yield _shift(pair, by)
        if abs(by) > 1:
            continue
        when, numbers = _when(by), {"updates": float(by)}
        if a.marks.rise > 0:
            words = f"the warm-up of {y} is {when}, the rest is on time"
            yield Candidate("shift", words, numbers, 0.0, _warmup_moved(a, by))
        if a.marks.leave > 0:
            words = f"the decay of {y} is {when}, what is before it is on time"
            yield Candidate("shift", words, numbers, a.marks.leave, _decay_moved(a, by))


def shifts_by_epoch(pair: Pair) -> Iterator[Candidate]:
    """All of it early or late by an epoch."""
    if pair.epoch and pair.epoch > _FAR:
        for by in (round(pair.epoch), -round(pair.epoch)):
            yield _shift(pair, by)


def _shift(pair: Pair, by: int) -> Candidate:
    x, y, sign = pair.first, pair.second, "+" if by > 0 else "-"
    words = f"{y} is {x}, {_when(by)}: at update t it uses what {x} uses at t {sign} {abs(by)}"
    return Candidate("shift", words, {"updates": float(by)}, 0.0, _moved(pair.one, by))


def _when(by: int) -> str:
    return f"{counted(abs(by))} {'early' if by > 0 else 'late'}"


def _moved(a: Course, by: int) -> Course:
    corners = [*(corner - by for corner in a.corners), max(-by, 0)]
    return Course(lambda t: a.at(max(t + by, 0.0)), corners, a.ticks)


def _warmup_moved(a: Course, by: int) -> Course:
    """The warm-up early or late, and the top held, or passed over, until the decay."""
    rise, leave = a.marks.rise, a.marks.leave
    until = rise if by > 0 else max(rise, min(rise - by, leave))
    return a.replaced(
        lambda t: a.at(min(max(t + by, 0.0), rise)) if t <= until else a.at(t), rise - by, until
    )


def _decay_moved(a: Course, by: int) -> Course:
    leave = a.marks.leave
    corners = [corner - by if corner > leave else corner for corner in a.corners]
    return Course(lambda t: a.at(t if t < leave else max(t + by, leave)), corners, a.ticks)


def past(pair: Pair) -> Iterator[Candidate]:
    """Where the first has come to rest, the second moves on."""
    a, b = pair.one, pair.other
    end, bottom = a.marks.end, a.marks.bottom
    near = _SAME * spread(a)
    if end is None or abs(b.at(end) - bottom) > near or abs(b.at(b.ticks[-1]) - bottom) <= near:
        return
    if b.marks.end is not None and b.marks.bottom < bottom:
        return  # it comes to rest lower down: that is a floor
    after = [t for t in b.ticks if t > end]
    after = [t for t in after if t < pair.updates] or after
    far = max(after, key=lambda t: abs(b.at(t) - bottom))
    way = "climbs again" if b.at(far) > bottom else "goes on below it"
    words = (
        f"from update {said(end)} on {pair.first} holds {said(bottom)} and {pair.second} {way}, "
        f"to {said(b.at(far))} at update {said(far)}"
    )
    course = a.replaced(lambda t: a.at(t) if t <= end else b.at(t), *b.corners)
    yield Candidate("past the end", words, {"from": end, "to": b.at(far)}, end, course)


def cut(pair: Pair) -> Iterator[Candidate]:
    """The second stops just before the first reaches its end."""
    a, b = pair.one, pair.other
    end, whole = b.marks.end, a.marks.end
    if not end or whole is None or not 0 < whole - end <= _NEAR_END:
        return  # what stops long before is held by a floor
    if abs(a.at(end) - b.marks.bottom) > _SAME * spread(a):
        return
    words = (
        f"{pair.second} stops at update {said(end)} and stays at {said(b.marks.bottom)}, "
        f"where {pair.first} goes on to {said(a.marks.bottom)}"
    )
    numbers = {"at": end, "value": b.marks.bottom}
    yield Candidate("early end", words, numbers, end, a.replaced(lambda t: a.at(min(t, end)), end))
