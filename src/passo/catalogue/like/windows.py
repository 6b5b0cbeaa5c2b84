"""Schedulers that each move a field within a window of their own, from where it then is.

mmengine's are such: each multiplies what is there, or draws it to a floor. Here the line of time is
cut where a window begins or ends, and each piece becomes an expression from the value before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import mul
from typing import Any, Final, NamedTuple

from passo.catalogue.like.common import share
from passo.ground.errors import PassoError
from passo.schedules import Constant, Run, Schedule, Span, Table, epochs, steps
from passo.schedules.algebra.atoms import Value
from passo.schedules.torchs import cut_to

FOREVER: Final = 10**9
_MOST: Final = 1000  # values that are written one by one


class Level(NamedTuple):
    """A value: so many times the base, and so much more."""

    times: float
    more: float = 0.0

    def of(self, number: float) -> float:
        """The value where the base is that number."""
        return self.times * number + self.more

    def written(self) -> Value:
        """It as an expression of `base`."""
        if not self.times:
            return self.more
        return share(self.times) + self.more if self.more else share(self.times)


START: Final = Level(1.0)


@dataclass(frozen=True, slots=True)
class Clock:
    """How a window counts: `each` updates are one step; None where it counts epochs of any run."""

    each: int | None

    def span(self, amount: float) -> Span:
        """So many steps of this window."""
        return epochs(amount) if self.each is None else steps(amount * self.each)


Curve = Callable[[Clock, Value], Schedule]


@dataclass(frozen=True, slots=True)
class Window:
    """One scheduler: when it acts, and what it makes of the value that it meets.

    `factor` is a top times what it multiplies by, right up to its local step `factor_until`;
    `alone` is its curve from a value, of which the last local step before it is told (-1: none);
    `value` is the next value at a local step, of the value before, the step and the base. Where it
    is `stepped` its curve does not move between its steps.
    """

    name: str
    begin: int
    end: int
    by_epoch: bool
    value: Callable[[float, int, float], float]
    factor: Curve | None = None
    factor_until: int = FOREVER
    alone: Callable[[Clock, Level, int], Schedule] | None = None
    stepped: bool = False

    def seen(self, clock: Clock, curve: Schedule) -> Schedule:
        """The curve as updates see it: it moves at the steps of this window alone."""
        return curve if self.stepped or clock.each == 1 else curve.staircase(clock.span(1))


def joined(windows: Sequence[Window], each: int | None) -> Schedule:
    """The curve of a field under all these windows; `each` updates are an epoch."""
    return _Line(windows, each).curve()


class _Line:
    """The line of time, cut where a window begins or ends."""

    def __init__(self, windows: Sequence[Window], each: int | None) -> None:
        self.windows = [(window, Clock(each if window.by_epoch else 1)) for window in windows]
        self.clock = Clock(None if each is None else 1)

    def curve(self) -> Schedule:
        """The pieces one after another."""
        level = START
        parts: list[Schedule] = []
        edges = sorted({edge for window in self.windows for edge in self._edges(window)} | {0})
        for begin, end in pairwise(edges):
            piece = self._piece(level, begin, end)
            parts.append(_for(piece, self.clock.span(end - begin)))
            level = self._level(piece, end - begin - 1)
        first, *others = [*parts, self._piece(level, edges[-1], None)]
        return first.then(*others)

    def _edges(self, window: tuple[Window, Clock]) -> Iterator[int]:
        one, clock = window
        yield one.begin * (clock.each or 1)
        if one.end < FOREVER:
            yield one.end * (clock.each or 1)

    def _piece(self, level: Level, begin: int, end: int | None) -> Schedule:
        """What the windows that act here make of the level."""
        active = [(w, c) for w, c in self.windows if self._acts(w, c, begin)]
        if not active:
            return Constant(level.written())
        window, clock = active[0]
        if len(active) == 1 and window.alone is not None:
            before = self._local(window, clock, begin - 1)
            return self._begun(window.alone(clock, level, before), window, clock, begin)
        if all(self._multiplies(w, c, end) for w, c in active):
            return self._product(active, level, begin, end)
        return self._table(active, level, begin, end)

    def _acts(self, window: Window, clock: Clock, at: int) -> bool:
        each = clock.each or 1
        return window.begin * each <= at and (window.end >= FOREVER or at < window.end * each)

    def _local(self, window: Window, clock: Clock, at: int) -> int:
        """The window's own step at a time; below 0 before it begins."""
        return max(at // (clock.each or 1) - window.begin, -1)

    def _multiplies(self, window: Window, clock: Clock, end: int | None) -> bool:
        if window.factor is None:
            return False
        last = FOREVER - 1 if end is None else self._local(window, clock, end - 1)
        return last <= window.factor_until

    def _begun(self, curve: Schedule, window: Window, clock: Clock, begin: int) -> Schedule:
        inside = begin - window.begin * (clock.each or 1)
        seen, gone = window.seen(clock, curve), self.clock.span(inside)
        length = seen.length()
        if inside and length is not None and length.amount <= gone.amount:
            return Constant(self._level(seen, inside).written())
        return seen.skip(gone) if inside else seen

    def _product(self, active: Any, level: Level, begin: int, end: int | None) -> Schedule:
        """The level times what each multiplies by, less what it has multiplied by already."""
        scale = 1.0
        for window, clock in active:
            if self._local(window, clock, begin - 1) >= 0:
                gone = begin - 1 - window.begin * (clock.each or 1)
                scale *= self._at(window.seen(clock, window.factor(clock, 1.0)), gone)
        if not scale:
            return Constant(level.written())
        top = Level(level.times / scale, level.more / scale).written()
        tops = [top, *[1.0] * (len(active) - 1)]
        curves = [
            self._begun(window.factor(clock, each), window, clock, begin)
            for (window, clock), each in zip(active, tops, strict=True)
        ]
        if len(curves) > 1:
            lasting = self.clock.span(FOREVER if end is None else end - begin)
            finite = end is not None or any(each.length() for each in curves)
            curves = [_for(each, lasting) if finite else each for each in curves]
        return reduce(mul, curves)

    def _table(self, active: Any, level: Level, begin: int, end: int | None) -> Schedule:
        """Each value by itself: a floor and another scheduler at once have no closed form."""
        names = " and ".join(window.name for window, _ in active)
        if end is None or end - begin > _MOST:
            msg = (
                f"{names} act at once, and what they do does not multiply; let one begin where the "
                "other ends"
            )
            raise PassoError(msg)
        floors, ones = level.of(0.0), level.of(1.0)
        points: list[tuple[int, Level]] = []
        # Built in their order; then those of updates step after each, those of epochs after that.
        later = sorted(active, key=lambda each: each[0].by_epoch)
        for at in range(begin, end):
            for window, clock in later if at else active:
                if at % (clock.each or 1) == 0:
                    local = self._local(window, clock, at)
                    floors = window.value(floors, local, 0.0)
                    ones = window.value(ones, local, 1.0)
            found = Level(ones - floors, floors)
            if not points or points[-1][1] != found:
                points.append((at - begin, found))
        return Table([(self.clock.span(at), each.written()) for at, each in points], kind="step")

    def _level(self, piece: Schedule, at: int) -> Level:
        """Where a piece is at one of its updates."""
        floor = self._at(piece.with_base(0.0), at)
        return Level(self._at(piece.with_base(1.0), at) - floor, floor)

    def _at(self, curve: Schedule, at: int) -> float:
        return curve.on(Run.of(1, epochs=FOREVER))(at) if self.clock.each is None else curve(at)


def _for(piece: Schedule, span: Span) -> Schedule:
    """A piece that lasts so long, whatever it was; a number is written with its length."""
    return Constant(piece.value, span) if isinstance(piece, Constant) else cut_to(piece, span)
