"""`Schedule`: a number as a function of time; the face and the inside of every leaf and node.

One circle of imports is meant, and it goes through here: `a.then(b)` is a `Then`, and a `Then` is a
schedule. So this file imports `sequence`, `parallel`, `repeat`, `warp`, `pointwise` and `cooldown`,
each within the methods that need it, and these import this file and `atoms`. Nothing else is in
that circle: data, curves and sketches know only what they ask of a schedule, and what a kind alone
can do (to take a base, to fall on reports) its own method does.
"""

from __future__ import annotations

import math
from numbers import Real
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeAlias, cast, overload

from passo.ground.calls import called_like
from passo.ground.checks import LATEST, as_time, brief, real
from passo.ground.errors import PassoError
from passo.ground.wanted import Timed
from passo.schedules.algebra.data import from_line, to_data, to_line
from passo.schedules.algebra.length import Place, check_length, need_axis
from passo.schedules.algebra.limits import check_size
from passo.schedules.algebra.operands import others
from passo.schedules.algebra.tree import exchanged, inside, rebuilt, settle
from passo.schedules.formula import NUMBERS, evaluate
from passo.schedules.reports import as_reports
from passo.schedules.time import Run, Span, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from passo.ground.checks import Exact
    from passo.schedules.algebra.cooldown import Descent
    from passo.schedules.algebra.length import Length
    from passo.schedules.curve import Curve
    from passo.schedules.formula import AnyArray, Formula
    from passo.schedules.reducer import Memory
    from passo.schedules.reports import Past, Report

Localize: TypeAlias = "Callable[[float], float | None]"
"""The way from our time to that of a part; None where the part is not active then."""

SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly an expression binds
ENDLESS: Final = attrgetter("_endless")
OPEN: Final = attrgetter("_open")
_DEPTH, _SIZE, _UNITS = attrgetter("_depth"), attrgetter("_size"), attrgetter("units")
_RELATIVE: Final = attrgetter("relative")


class PlateauLike(Protocol):
    """What is known here of a plateau, which is a shape and made of all this."""

    @property
    def metric(self) -> str:
        """The name of the reports that it hears."""
        ...

    @property
    def past(self) -> Past:
        """The reports that it has heard."""
        ...

    def reducer(self) -> Memory:
        """Its memory before any report."""
        ...

    def factors(self, memory: Any) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        ...

    def having_heard(self, reports: Iterable[Report], local: Localize) -> Schedule:
        """The same with those of the reports in its past that were made while it was active."""
        ...


class Schedule(Timed):
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

    # `__dict__` stays empty: torch's LambdaLR saves and updates that of a function with one.
    __slots__ = (
        "__dict__",
        "_depth",
        "_endless",
        "_formula",
        "_measured",
        "_open",
        "_own_length",
        "_size",
        "_text",
        "_timeless",
        "relative",
        "units",
        "whole",
    )
    __match_args__: tuple[str, ...] = ()
    # Else NumPy would make `array * schedule` an array of products; so it leaves the `*` to us.
    __array_ufunc__ = None

    relative: bool
    units: frozenset[Unit]
    whole: bool
    _keeps_ints: ClassVar[bool] = False  # whether its values are ints where those of its parts are
    _level: ClassVar[int] = ATOM
    _depth: int
    _size: int
    _open: bool
    _endless: bool
    _timeless: bool
    _own_length: Length | None
    _measured: tuple[Run, Length | None]
    _text: str
    _formula: Formula

    def __post_init__(self) -> None:
        # What is asked of a whole tree (depth, units, length) is answered here, from the parts that
        # know their own: no later question goes down a tree, however deep the call stack is then.
        self._check()
        parts = list(self._parts())
        own = (span.unit for span in self._spans())
        depth, size = 1 + max(map(_DEPTH, parts), default=0), 1 + sum(map(_SIZE, parts))
        check_size(depth, size)
        self._set(
            _depth=depth,
            _size=size,
            units=frozenset(own).union(*map(_UNITS, parts)),
            relative=any(map(_RELATIVE, parts)),
        )
        self._set(_open=self._is_open(), _endless=self._is_endless())
        self._set(_timeless=self._is_timeless(), _own_length=self._measure(None))
        self._set(whole=self._is_whole())
        check_length(self._own_length, self)

    @overload
    def __call__(self, t: float | Fraction) -> float: ...
    @overload
    def __call__(self, t: AnyArray) -> AnyArray: ...
    def __call__(self, t: Any) -> Any:
        """The value that update t uses; see `Schedule`."""
        try:
            formula = self._formula
        except AttributeError:
            need_axis(self.units, self.span_in)
            formula = self.compiled()
        # Not isinstance: a bool is an int, and the float64 of NumPy is a float with a dtype.
        if (type(t) is int or type(t) is float) and 0 <= t <= LATEST:
            try:
                value = formula(float(t), NUMBERS)
            except OverflowError:
                value = math.inf
            if value - value == 0.0:  # quicker than math.isfinite
                return int(value) if self.whole else value
            what = "beyond the largest float" if abs(value) == math.inf else "not a number"
            msg = f"the value at t={brief(t)} is {what}: {brief(self)}"
            raise PassoError(msg)
        return self(as_time(t)) if not hasattr(t, "dtype") else evaluate(formula, t)

    @called_like("schedule.on(Run(steps(1000)))")
    def on(self, run: Run) -> Schedule:
        """This schedule with every span measured on `run`, in the unit of the run's axis.

        Raises NeedsRun where the run does not know a unit, PassoError where `rest` would be
        less than nothing or parts that must be equally long are not.

        >>> from passo import Linear, Run, epochs
        >>> Linear(0, 1, epochs(2)).on(Run.of(50, epochs=10))
        Linear(0, 1, steps(100))
        """
        if not isinstance(run, Run):
            msg = f"a schedule is placed on a Run, got {brief(run)}; write Run(steps(1000))"
            raise PassoError(msg)
        start = Place(run, run.measure(run.length))
        placed: Schedule = rebuilt(
            self,
            start,
            lambda node, place: node._places(place),
            lambda node, place, parts: node._filled(place, parts),
        )
        return placed

    @called_like("schedule.with_base(0.1)")
    def with_base(self, value: float) -> Schedule:
        """This schedule with `base` replaced by a number.

        >>> from passo import Cosine, base, steps
        >>> Cosine(base, 0.1 * base, steps(10)).with_base(2)
        Cosine(2, 0.2, steps(10))
        """
        number = real(value, "base")
        return self._changed(lambda node, parts: node._based(number, parts))

    @called_like('schedule.with_reports([(10, {"val_loss": 0.3})])')
    def with_reports(self, reports: Iterable[tuple[float, Mapping[str, float]]]) -> Schedule:
        """This schedule with a past: reports `(t, {"val_loss": 0.3})` in the order they were made.

        A report made at clock t counts for update t and after. Within a segment of `then` a
        plateau sees only the reports made while that segment is active.

        >>> from passo import Plateau
        >>> s = Plateau("loss", factor=0.5, patience=0)
        >>> told = s.with_reports([(10, {"loss": 1.0}), (20, {"loss": 1.0})])
        >>> s(25), told(19), told(20)
        (1.0, 1.0, 0.5)
        """
        need_axis(self.units, self.span_in)
        made = as_reports(reports)
        # Which reports a plateau hears is known on the way down to it, what it becomes is built on
        # the way up: the answers are made first, and put in place in the same order.
        heard = [plateau.having_heard(made, at) for plateau, at in self._plateaus(lambda t: t)]
        after = iter(heard)
        return self.with_plateaus(lambda _: next(after))

    # -- the algebra

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

        return NotImplemented if others(other, "+") else Sum.need(self, other)

    __radd__ = __add__

    def __mul__(self, other: Schedule | float) -> Schedule:
        from passo.schedules.algebra.parallel import Product

        return NotImplemented if others(other, "*") else Product.need(self, other)

    __rmul__ = __mul__

    def __neg__(self) -> Schedule:
        return -1 * self

    def __sub__(self, other: Schedule | float) -> Schedule:
        if others(other, "-"):
            return NotImplemented
        return self + (-other if isinstance(other, Schedule) else -float(other))

    def __rsub__(self, other: float) -> Schedule:
        return NotImplemented if others(other, "-") else -self + other

    def __truediv__(self, other: float) -> Schedule:
        if isinstance(other, Schedule):
            msg = f"a schedule is divided by a number, got {brief(other)}; write a * b.power(-1)"
            raise PassoError(msg)
        if others(other, "/"):
            return NotImplemented
        if other == 0:
            msg = f"a schedule cannot be divided by 0: {brief(self)} / 0"
            raise PassoError(msg)
        return 1 / float(other) * self

    def __rtruediv__(self, other: float) -> Schedule:
        if others(other, "/"):
            return NotImplemented
        msg = f"a number is not divided by a schedule; write {brief(other)} * a.power(-1)"
        raise PassoError(msg)

    def __pow__(self, other: float) -> Schedule:
        exponent = brief(other) if isinstance(other, Real) else "0.5"
        msg = f"a schedule is raised by .power, got ** {brief(other)}; write a.power({exponent})"
        raise PassoError(msg)

    @called_like("schedule.minimum(0.1)")
    def minimum(self, other: Schedule | float) -> Schedule:
        """The smaller of two at each t.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).minimum(0.25)(5)
        0.25
        """
        from passo.schedules.algebra.parallel import Minimum

        return Minimum.need(self, other)

    @called_like("schedule.maximum(0.1)")
    def maximum(self, other: Schedule | float) -> Schedule:
        """The larger of two at each t.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).maximum(0.75)(5)
        0.75
        """
        from passo.schedules.algebra.parallel import Maximum

        return Maximum.need(self, other)

    @called_like("schedule.clip(low=0.1)")
    def clip(
        self, low: Schedule | float | None = None, high: Schedule | float | None = None
    ) -> Schedule:
        """The value held between `low` and `high`, numbers or expressions of `base`.

        >>> from passo import Cosine, steps
        >>> Cosine(1, 0, steps(10)).clip(low=0.1)(10)
        0.1
        """
        from passo.schedules.algebra.pointwise import Clip

        return Clip.of(self, low, high)

    @called_like("schedule.power(0.5)")
    def power(self, exponent: float) -> Schedule:
        """The value raised to a power: the square root of a batch size is `.power(0.5)`.

            s(t) = a(t) ** exponent

        A value below 0 has whole powers only, and 0 none below 0: elsewhere PassoError is raised
        at that t, and an array has NaN or an infinity there.

        >>> from passo import Linear, steps
        >>> Linear(0, 4, steps(4)).power(0.5)(4)
        2.0
        """
        from passo.schedules.algebra.pointwise import Raise

        return Raise.of(self, exponent)

    @called_like("schedule.round(8)")
    def round(self, to: float = 1) -> Schedule:
        """The nearest multiple of `to`, half to even; an int at each number t if `to` is an int.

            s(t) = to * round(a(t) / to)

        For what is counted: batch sizes, lengths. Ints stay ints where what is done to them gives
        no other numbers: moved, held, joined, compared and clipped; and in sums, products, powers
        and repeats with whole numbers. Arrays of t give floats that are whole. Raises PassoError
        for a `to` that is not above 0.

        >>> from passo import Linear, steps
        >>> Linear(16, 64, steps(10)).round(8)(4)
        32
        """
        from passo.schedules.algebra.pointwise import Round

        return Round.of(self, to)

    @called_like("schedule.cooldown(at=steps(900), over=steps(100))")
    def cooldown(
        self, at: Span, over: Span, end: Schedule | float = 0.0, shape: Descent = "linear"
    ) -> Schedule:
        """This schedule to `at`, then from the value that it has there to `end`, over `over`.

            s(t) = a(t) before at; then from a(at) to end by `shape` of (t - at) / over

        `shape` is "linear", "cosine" or "1-sqrt"; `end` a number or an expression of `base`. The
        trunk keeps the whole run as its own, so that its values are those of the run without a
        cooldown; the factor that a plateau has at `at` is kept. Source: Haegele et al. 2024,
        arXiv:2405.18392.

        >>> from passo import Constant, steps
        >>> branch = Constant(0.1).cooldown(at=steps(900), over=steps(100))
        >>> branch(899), branch(950), branch(1000)
        (0.1, 0.05, 0.0)
        """
        from passo.schedules.algebra.cooldown import Cooldown

        return Cooldown(self, at, over, end, shape)

    @called_like("schedule.repeat(3)")
    def repeat(self, times: int | None = None, grow: Exact = 1.0, scale: float = 1.0) -> Schedule:
        """Cycles of this schedule, each `grow` times longer, its values `scale` times the last's.

        `times=None` repeats for ever.

        >>> from passo import Linear, steps
        >>> Linear(1, 0, steps(10)).repeat(2, grow=2, scale=0.5)(20)
        0.25
        """
        from passo.schedules.algebra.repeat import Repeat

        return Repeat.of(self, times, grow, scale)

    @called_like("schedule.stretch(2)")
    def stretch(self, factor: Exact) -> Schedule:
        """The same curve, `factor` times as long.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).stretch(2)(10)
        0.5
        """
        from passo.schedules.algebra.warp import Stretch

        return Stretch.of(self, factor)

    @called_like("schedule.skip(steps(1))")
    def skip(self, span: Span) -> Schedule:
        """The same curve, begun `span` inside it.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).skip(steps(1))(0)
        0.1
        """
        from passo.schedules.algebra.warp import Skip

        return Skip.of(self, span)

    @called_like("schedule.until(steps(100))")
    def until(self, span: Span) -> Schedule:
        """The same curve, ended after `span`; it then holds the value it has there.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).until(steps(4))(9)
        0.4
        """
        from passo.schedules.algebra.warp import Until

        return Until(self, span)

    @called_like("schedule.staircase(steps(100))")
    def staircase(self, span: Span) -> Schedule:
        """The value at the start of each `span`, held for the whole of it.

        >>> from passo import Linear, steps
        >>> Linear(0, 1, steps(10)).staircase(steps(4))(7)
        0.4
        """
        from passo.schedules.algebra.warp import Staircase

        return Staircase(self, span)

    # -- data and drawings

    def to_spec(self) -> dict[str, Any]:
        """Plain data that JSON can hold; `passo.from_spec` reads it back to an equal schedule.

        >>> from passo import Constant
        >>> Constant(0.1).to_spec()
        {'is': 'Constant', 'value': 0.1, 'over': None}
        """
        return to_data(self)

    @called_like("schedule.curve(Run(steps(1000)))")
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

    # -- the mechanic's door: public within the house, and not what a user needs. `corners` and
    # -- `plateaus` are faces of what each kind does its own way.

    def length(self, run: Run | None = None) -> Length | None:
        """How long it lasts, measured on `run` where one is given; None is for ever."""
        if run is None:
            return self._own_length
        # The last run alone: one run is asked about again and again while a tree is placed on it.
        known = getattr(self, "_measured", None)
        if known is None or known[0] is not run:
            known = (run, self._measure(run))
            self._set(_measured=known)
        return cast("Length | None", known[1])

    def span_in(self, unit: Unit) -> Span | None:
        """The first span of that unit."""
        stack: list[Schedule] = [self]
        while stack:
            node = stack.pop()
            if unit not in node.units:
                continue
            for span in node._spans():
                if span.unit == unit:
                    return span
            stack.extend(reversed(list(node._parts())))
        return None

    def compiled(self) -> Formula:
        """The formula of this schedule, made once."""
        try:
            return self._formula
        except AttributeError:
            pass
        try:
            return cast("Formula", settle(self, "_formula", lambda node: node._build()))
        except OverflowError:
            msg = f"some values would be beyond the largest float: {brief(self)}"
            raise PassoError(msg) from None

    def corners(self, low: float, high: float) -> Iterator[float]:
        """Times in (low, high] at which another formula takes over; not always in order.

        >>> from passo import Linear, steps
        >>> sorted(set(Linear(0, 1, steps(4)).then(Linear(1, 0, steps(4))).corners(0, 10)))
        [4.0, 8.0]
        """
        try:
            yield from self._corners(low, high)
        except OverflowError:  # where two parts meet is looked for among their values
            msg = f"some values would be beyond the largest float: {brief(self)}"
            raise PassoError(msg) from None

    def plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        """Each plateau inside, with the way from our time to its own (None: not active then).

        >>> from passo import Plateau, base
        >>> [plateau for plateau, _ in (base * Plateau("loss")).plateaus(lambda t: t)]
        [Plateau("loss")]
        """
        return self._plateaus(local)

    def with_plateaus(self, make: Callable[[PlateauLike], Schedule]) -> Schedule:
        """This schedule with `make(plateau)` for each plateau, in the order of `plateaus`.

        >>> from passo import Constant, Plateau, base
        >>> (base * Plateau("loss")).with_plateaus(lambda plateau: Constant(0.1))
        0.1 * base
        """
        return self._changed(lambda node, parts: node._with_plateaus(make, parts))

    # -- identity

    # A schedule is equal to another, and hashed, by its code: that has one form for each value, is
    # kept once it is written, and is compared without going down into the parts of a deep tree.

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        try:
            return self._text
        except AttributeError:
            return cast("str", settle(self, "_text", lambda node: node._write()))

    def __reduce__(self) -> tuple[Any, ...]:
        # As one line of text: pickle would go down into the parts by recursion.
        return from_line, (to_line(self),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self

    # -- inside: what a kind of schedule may do its own way

    def _check(self) -> None:
        """Refuse bad fields, and put the others in their one form."""

    def _is_open(self) -> bool:
        """Whether the length waits for `rest`."""
        return any(map(OPEN, self._parts()))

    def _is_endless(self) -> bool:
        return all(map(ENDLESS, self._parts()))

    def _is_timeless(self) -> bool:
        """Whether it is made of numbers and `base` alone."""
        parts = list(self._parts())
        return bool(parts) and not list(self._spans()) and all(part._timeless for part in parts)

    def _is_whole(self) -> bool:
        """Whether each value is an int: those of its parts are, beside constants that may be.

        Constants alone stay floats: 2 is how people write a rate of 2.0.
        """
        parts = list(self._parts()) if self._keeps_ints else []
        return any(part.whole for part in parts) and all(part._is_integral() for part in parts)

    def _is_integral(self) -> bool:
        """Whether its values may stand among ints."""
        return self.whole

    def _measure(self, run: Run | None) -> Length | None:
        raise NotImplementedError  # pragma: no cover

    def _places(self, place: Place) -> Sequence[Place]:
        """Where each part stands when this node stands at `place`."""
        return [place for _ in self._parts()]

    def _filled(self, place: Place, parts: Sequence[Schedule]) -> Schedule:
        """This node with its spans measured, over parts that are."""
        return self._with(parts, place.measured)

    def _build(self) -> Formula:
        """The formula, from those of the parts."""
        raise NotImplementedError  # pragma: no cover

    def _corners(self, low: float, high: float) -> Iterator[float]:
        """Times in (low, high] at which another formula takes over; not always in order."""
        for part in self._parts():
            yield from part._corners(low, high)

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        """Each plateau inside, with the way from our time to its own (None: not active then)."""
        for part in self._parts():
            yield from part._plateaus(local)

    def _based(self, _number: float, parts: Sequence[Schedule]) -> Schedule:
        """This node over parts whose `base` is that number."""
        return self._with(parts) if self.relative else self

    def _with_plateaus(
        self, _make: Callable[[PlateauLike], Schedule], parts: Sequence[Schedule]
    ) -> Schedule:
        """This node over parts whose plateaus are replaced; a plateau answers with its own."""
        return self._with(parts)

    def _write(self) -> str:
        """The code, from that of the parts."""
        raise NotImplementedError  # pragma: no cover

    def _inner(self, level: int) -> str:
        """The code for use inside an expression that binds as tightly as `level`."""
        return repr(self) if self._level >= level else f"({self!r})"

    # -- inside: the same for all kinds

    def _set(self, **changed: object) -> None:
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__match_args__}

    def _parts(self) -> Iterator[Schedule]:
        """The schedules that this one is made of, in the order they were given."""
        for value in self._fields().values():
            yield from inside(value, Schedule)

    def _spans(self) -> Iterator[Span]:
        for value in self._fields().values():
            yield from inside(value, Span)

    def _with(
        self, parts: Iterable[Schedule], span: Callable[[Span], Span] = lambda span: span
    ) -> Schedule:
        """The same node over other parts, and with its spans changed."""
        others = iter(parts)
        return self._make(
            **{k: exchanged(v, Schedule, others, span) for k, v in self._fields().items()}
        )

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls(**values)

    def _changed(self, leave: Callable[[Schedule, Sequence[Schedule]], Schedule]) -> Schedule:
        """The tree that `leave(node, changed parts)` makes of each node, from the inside out."""
        whole: Schedule = rebuilt(
            self,
            None,
            lambda node, _: [None for _ in node._parts()],
            lambda node, _, parts: leave(node, parts),
        )
        return whole
