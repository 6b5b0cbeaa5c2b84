"""`Curve`: a schedule on a run as numbers to draw, exact at every corner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from passo.ground.checks import brief, shortened, whole
from passo.ground.errors import PassoError
from passo.ground.pictures import Pictured
from passo.schedules.crossings import MOST_CORNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.schedules.algebra.length import Length
    from passo.schedules.time import Run


_MOST_POINTS = 10**7


class Drawable(Protocol):
    """What a curve needs of a schedule, which knows curves: `Schedule.curve` makes one."""

    @property
    def relative(self) -> bool:
        """Whether `base` is still open."""
        ...

    def __call__(self, t: float) -> float:
        """The value at t."""
        ...

    def on(self, run: Run) -> Drawable:
        """The same with its spans measured."""
        ...

    def with_base(self, value: float) -> Drawable:
        """The same with `base` a number."""
        ...

    def length(self, run: Run | None = None) -> Length | None:
        """How long it lasts; None is for ever."""
        ...

    def corners(self, low: float, high: float) -> Iterator[float]:
        """Times in (low, high] at which another formula takes over."""
        ...


class Corner(NamedTuple):
    """Where another formula takes over: the value just before, and the value there."""

    time: float
    before: float
    value: float


class Row(NamedTuple):
    """What one update uses."""

    update: int
    value: float


@dataclass(frozen=True, slots=True, repr=False)
class Curve(Pictured):
    """A schedule on a run as numbers: `times` on the run's axis and the `values` there.

    A jump at time c stands as two points, one just before c and one at c; corners are points of
    the curve, whatever `points` is. `schedule` is what was given, `filled` what was evaluated.
    `relative` says that `base` is still open and the values are multiples of it. Where a run has
    more than 20,000 corners, only the first are exact, and `complete` is False.

    >>> from passo import Constant, Linear, Run, steps
    >>> s = Linear(0, 1, steps(4)).then(Constant(0.5))
    >>> Curve.of(s, Run(steps(10))).corners
    (Corner(time=4.0, before=0.9999999999999999, value=0.5),)
    """

    schedule: Drawable
    filled: Drawable
    run: Run
    times: tuple[float, ...]
    values: tuple[float, ...]
    corners: tuple[Corner, ...]
    unit: str
    label: str
    relative: bool
    complete: bool = True

    def __repr__(self) -> str:
        kind = "values / base" if self.relative else "values"
        return (
            f"<Curve of {shortened(self.label)} on {shortened(repr(self.run))}: "
            f"{len(self.times):,} {kind} from {min(self.values):.4g} to {max(self.values):.4g}>"
        )

    @classmethod
    def of(
        cls,
        schedule: Drawable,
        run: Run,
        *,
        points: int = 512,
        base: float | None = None,
        label: str | None = None,
    ) -> Curve:
        """The curve of `schedule` on `run`, at `points` even times and at every corner.

        `base` fills the schedule's base; without it the values of a schedule that has one are
        multiples of it. Raises NeedsRun where the run does not know a unit.

        >>> from passo import Run, base, steps, warmup_cosine
        >>> curve = Curve.of(warmup_cosine(peak=0.5 * base), Run(steps(100)))
        >>> curve.relative, max(curve.values)
        (True, 0.5)
        """
        if not hasattr(schedule, "with_base"):
            msg = f"a curve is of a schedule, got {brief(schedule)}; write Curve.of(schedule, run)"
            raise PassoError(msg)
        if label is not None and not isinstance(label, str):
            raise PassoError(f"label must be text, got {brief(label)}")
        whole(points, "points", least=2, most=_MOST_POINTS)
        placed = schedule.on(run)
        relative = base is None and placed.relative
        exact = placed.with_base(1.0 if base is None else base)
        horizon = float(run.measure(run.length))
        raw = list(islice(exact.corners(0.0, horizon), MOST_CORNERS))
        found = sorted(set(raw))
        corners = tuple(Corner(t, exact(math.nextafter(t, 0.0)), exact(t)) for t in found)
        times = _times(horizon, points, corners)
        return cls(
            schedule,
            exact,
            run,
            tuple(times),
            tuple(exact(t) for t in times),
            corners,
            run.axis,
            label or repr(schedule),
            relative,
            len(raw) < MOST_CORNERS,
        )

    @property
    def jump(self) -> float:
        """What counts as a jump: a billionth of the curve's largest value.

        >>> from passo import Linear, Run, rest, steps
        >>> Linear(0, 2, rest).curve(Run(steps(10))).jump
        2e-09
        """
        return 1e-9 * max(map(abs, self.values))

    def rows(self) -> tuple[Row, ...]:
        """The updates nearest to each corner, with the first and the last, and what they use.

        >>> from passo import Run, steps, warmup_linear
        >>> for row in Curve.of(warmup_linear(peak=1.0, warmup=steps(2.5)), Run(steps(10))).rows():
        ...     print(row.update, round(row.value, 3))
        0 0.0
        2 0.8
        3 0.933
        9 0.133
        """
        last = self.run.updates - 1
        updates = {0, last}
        for corner in self.corners:
            at = self.run.update_at(corner.time)
            jumps = abs(corner.value - corner.before) > self.jump
            updates |= {math.ceil(at) - 1, math.ceil(at)} if jumps or at % 1 else {math.ceil(at)}
        return tuple(
            Row(update, self.filled(float(self.run.at(update))))
            for update in sorted(u for u in updates if 0 <= u <= last)
        )


def need_one_kind(one: Drawable | Curve, other: Drawable | Curve) -> None:
    """Refuse to compare values with multiples of `base`.

    >>> from passo import Constant
    >>> need_one_kind(Constant(1), Constant(2))
    """
    if one.relative != other.relative:
        msg = (
            "one schedule is relative to base and the other is not; "
            "write .with_base(0.1) to compare them"
        )
        raise PassoError(msg)


def _times(horizon: float, points: int, corners: tuple[Corner, ...]) -> list[float]:
    times = {horizon * k / (points - 1) for k in range(points)}
    for corner in corners:
        times |= {corner.time, math.nextafter(corner.time, 0.0)}
    return sorted(t for t in times if 0 <= t <= horizon)
