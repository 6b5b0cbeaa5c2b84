"""`Schedule`: a number as a function of time. The face that every leaf and node shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.schedules.algebra.node import Node

if TYPE_CHECKING:
    from passo.schedules.curve import Curve
    from passo.schedules.time import Run, Span


class Schedule(Node):
    """A number as a function of time: a frozen value, equal by structure, its repr its code.

    `s(t)` is the value that update t uses (t from 0, in updates unless the run's axis says
    otherwise): a float for an int or a float, an array of the same library for an array.
    It raises NeedsRun while a span waits for its run and NeedsBase while `base` waits for its
    number; a negative t is refused (in an array its value is NaN).

    >>> from passo import Constant, Linear, steps
    >>> s = Linear(0, 1, steps(4)).then(Constant(1))
    >>> s, s(3)
    (Linear(0, 1, steps(4)).then(Constant(1)), 0.75)
    """

    __slots__ = ()

    def then(self, *others: Schedule) -> Schedule:
        """This schedule to its end, then each of the others; the join belongs to what follows.

        >>> from passo import Constant, Linear, steps
        >>> Linear(0, 1, steps(2)).then(Constant(1, steps(3)), Linear(1, 0, steps(2)))(6)
        0.5
        """
        from passo.schedules.algebra.sequence import Then

        return Then.of((self, *others))

    def __add__(self, other: Schedule | float) -> Schedule:
        from passo.schedules.algebra.parallel import Sum

        return Sum.pair(self, other)

    __radd__ = __add__

    def __mul__(self, other: Schedule | float) -> Schedule:
        from passo.schedules.algebra.parallel import Product

        return Product.pair(self, other)

    __rmul__ = __mul__

    def minimum(self, other: Schedule | float) -> Schedule:
        """The smaller of two at each t.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).minimum(0.25)(5)
        0.25
        """
        from passo.schedules.algebra.parallel import Minimum

        return Minimum.need(self, other)

    def maximum(self, other: Schedule | float) -> Schedule:
        """The larger of two at each t.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).maximum(0.75)(5)
        0.75
        """
        from passo.schedules.algebra.parallel import Maximum

        return Maximum.need(self, other)

    def clip(
        self, low: Schedule | float | None = None, high: Schedule | float | None = None
    ) -> Schedule:
        """The value held between `low` and `high`, numbers or expressions of `base`.

        >>> from passo import Cosine, steps
        >>> Cosine(1, 0, steps(10)).clip(low=0.1)(10)
        0.1
        """
        from passo.schedules.algebra.warp import Clip

        return Clip.of(self, low, high)

    def repeat(self, times: int | None = None, grow: float = 1.0, scale: float = 1.0) -> Schedule:
        """Cycles of this schedule, each `grow` times longer, its values `scale` times the last's.

        `times=None` repeats for ever.

        >>> from passo import Linear, steps
        >>> Linear(1, 0, steps(10)).repeat(2, grow=2, scale=0.5)(20)
        0.25
        """
        from passo.schedules.algebra.repeat import Repeat

        return Repeat.of(self, times, grow, scale)

    def stretch(self, factor: float) -> Schedule:
        """The same curve, `factor` times as long.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).stretch(2)(10)
        0.5
        """
        from passo.schedules.algebra.warp import Stretch

        return Stretch.of(self, factor)

    def skip(self, span: Span) -> Schedule:
        """The same curve, begun `span` inside it.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).skip(steps(1))(0)
        0.1
        """
        from passo.schedules.algebra.warp import Skip

        return Skip.of(self, span)

    def until(self, span: Span) -> Schedule:
        """The same curve, ended after `span`; it then holds the value it has there.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).until(steps(4))(9)
        0.4
        """
        from passo.schedules.algebra.warp import Until

        return Until(self, span)

    def staircase(self, span: Span) -> Schedule:
        """The value at the start of each `span`, held for the whole of it.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).staircase(steps(4))(7)
        0.4
        """
        from passo.schedules.algebra.warp import Staircase

        return Staircase(self, span)

    def to_spec(self) -> dict[str, Any]:
        """Plain data that JSON can hold; `passo.from_spec` reads it back to an equal schedule.

        >>> from passo import Constant
        >>> Constant(0.1).to_spec()
        {'is': 'Constant', 'value': 0.1, 'over': None}
        """
        from passo.schedules.text.data import to_spec

        spec: dict[str, Any] = to_spec(self)
        return spec

    def curve(self, run: Run, *, points: int = 512) -> Curve:
        """This schedule on `run` as numbers to draw, exact at every corner.

        >>> from passo import Linear, Run, rest, steps
        >>> Linear(0, 1, rest).curve(Run(steps(100))).values[-1]
        1.0
        """
        from passo.schedules.curve import Curve  # a curve holds a schedule

        return Curve.of(self, run, points=points)

    def text(self, run: Run, *, width: int = 72, height: int = 12) -> str:
        """The curve on `run` in characters, to print in a terminal.

        >>> from passo import Linear, Run, steps
        >>> len(Linear(0, 1, steps(10)).text(Run(steps(10)), height=5).splitlines())
        7
        """
        from passo.schedules.sketch import text  # a sketch draws a curve

        return text(self.curve(run, points=4 * width), width=width, height=height)

    def _repr_html_(self) -> str:
        from passo.schedules.sketch import html  # a sketch draws a curve

        return html(self)
