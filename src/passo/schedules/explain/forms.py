"""Changes of form: another shape, and a decay that is counted from the first update."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from passo.schedules.explain.course import CLOSE, Course
from passo.schedules.explain.pair import Candidate, Pair, said, spread
from passo.schedules.explain.shapes import Shape, fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    At = Callable[[float], float]

_LOOKS = 8


class Piece(NamedTuple):
    """The warm-up or the decay of a course: from when to when, from what to what."""

    name: str
    low: float
    high: float
    start: float
    end: float

    def time(self, share: float) -> float:
        """When so much of it is gone."""
        return self.low + (self.high - self.low) * share


def shapes(pair: Pair) -> Iterator[Candidate]:
    """A warm-up or a decay of another known shape between the same ends."""
    a, b = pair.one, pair.other
    near = CLOSE * spread(a)
    for piece in _pieces(a):
        looks = [piece.time(k / _LOOKS) for k in range(1, _LOOKS)]
        if all(abs(a.at(t) - b.at(t)) <= near for t in looks):
            continue
        ours = _name(a, piece)
        for shape in fitting(b.at(piece.time(0.5)), piece.start, piece.end):
            if shape.name != ours:
                words = (
                    f"the {piece.name} of {pair.second} is {shape.name}, "
                    f"that of {pair.first} {ours}"
                )
                numbers = {"from": piece.low, "to": piece.high}
                course = _shaped(a, piece, shape)
                yield Candidate("shape", words, numbers, piece.time(0.5), course)


def _pieces(a: Course) -> Iterator[Piece]:
    marks = a.marks
    if marks.rise > marks.begin:
        yield Piece("warm-up", marks.begin, marks.rise, marks.start, marks.top)
    if marks.end is not None and marks.end > marks.leave:
        yield Piece("decay", marks.leave, marks.end, marks.top, marks.bottom)


def _name(a: Course, piece: Piece) -> str:
    """What the shape of a piece is called."""
    near = 1e-6 * spread(a)
    for shape in fitting(a.at(piece.time(0.5)), piece.start, piece.end):
        shares = [k / _LOOKS for k in range(1, _LOOKS)]
        if all(abs(shape.at(u) - a.at(piece.time(u))) <= near for u in shares):
            return shape.name
    return "another"


def _shaped(a: Course, piece: Piece, shape: Shape) -> Course:
    low, high = piece.low, piece.high
    return a.replaced(lambda t: shape.at((t - low) / (high - low)) if low <= t < high else a.at(t))


def unused(pair: Pair) -> Iterator[Candidate]:
    """The decay counted from the first update, under the warm-up, so that the peak is not used."""
    a, marks = pair.one, pair.one.marks
    rise, leave, end, top = marks.rise, marks.leave, marks.end, marks.top
    if rise == 0 or top == 0:
        return
    counts: dict[str, tuple[float, list[float]]] = {"": (1.0, [])}
    if end is not None:
        counts[""] = (1.0, [end - leave])
        counts[" (over the whole length)"] = ((end - leave) / end, [end])
    for (how, (pace, corners)), by in product(counts.items(), (0, 1)):
        early = ", its warm-up 1 update early" if by else ""
        for way, at in _under(a, pace, by).items():
            course = a.replaced(at, rise - by, *corners)
            used = max(map(at, a.ticks))
            if used >= top * (1 - CLOSE):
                continue
            words = (
                f"{pair.second} never uses the peak {said(top)}, at most {said(used)}: its decay "
                f"{way}{how}{early}"
            )
            numbers = {"peak": top, "used": used}
            yield Candidate("peak never used", words, numbers, rise, course)


def _under(a: Course, pace: float, by: int) -> dict[str, At]:
    """Ways in which a decay from update 0 on and a warm-up share the first updates."""
    rise, leave, top = a.marks.rise, a.marks.leave, a.marks.top

    def head(t: float) -> float:
        return a.at(min(t + by, rise))

    def decay(t: float) -> float:
        return a.at(leave + t * pace)

    return {
        "begins at update 0, under its warm-up": lambda t: head(t) if t + by < rise else decay(t),
        "is multiplied by its warm-up": lambda t: head(t) * decay(t) / top,
        "is cut off by its warm-up": lambda t: min(head(t), decay(t)),
    }
