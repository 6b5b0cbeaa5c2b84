"""`Node`: the inside of every schedule. How it is checked, placed on a run, built and written."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, cast

from passo.ground.checks import as_time, brief, real
from passo.ground.errors import PassoError
from passo.schedules.algebra.length import Place, check_length, need_axis
from passo.schedules.algebra.tree import exchanged, inside, rebuilt, settle
from passo.schedules.algebra.written import Written
from passo.schedules.formula import NUMBERS, evaluate
from passo.schedules.time import Run, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from passo.schedules.algebra.length import Length
    from passo.schedules.algebra.schedule import Schedule
    from passo.schedules.formula import Formula
    from passo.schedules.shapes.plateau import Plateau

    Localize = Callable[[float], "float | None"]

DEEPEST: Final = 200
_LATEST: Final = 1.7976931348623157e308
LARGEST: Final = 50_000
MOST_PARTS: Final = 4096
_DEPTH, _SIZE, _UNITS = attrgetter("_depth"), attrgetter("_size"), attrgetter("units")
_RELATIVE, _OPEN, _ENDLESS = attrgetter("relative"), attrgetter("_open"), attrgetter("_endless")


class Node(Written):
    """What every leaf and node can do inside: be checked, placed, built, written.

    What is asked of a whole tree is settled node by node, from the inside out, so that the
    deepest tree works from a deep call stack too.
    """

    __slots__ = (
        "_depth",
        "_endless",
        "_formula",
        "_measured",
        "_open",
        "_own_length",
        "_size",
        "_timeless",
        "relative",
        "units",
    )
    __array_ufunc__ = None

    _depth: int
    _size: int
    units: frozenset[str]
    _open: bool
    _endless: bool
    _timeless: bool
    relative: bool
    _own_length: Length | None
    _measured: tuple[Run, Length | None]
    _formula: Formula

    def __post_init__(self) -> None:
        self._check()
        parts = list(self._parts())
        own = (span.unit for span in self._spans())
        self._set(
            _depth=1 + max(map(_DEPTH, parts), default=0),
            _size=1 + sum(map(_SIZE, parts)),
            units=frozenset(own).union(*map(_UNITS, parts)),
            relative=any(map(_RELATIVE, parts)),
        )
        self._check_size()
        self._set(_open=self._is_open(), _endless=self._is_endless())
        self._set(_timeless=self._is_timeless(), _own_length=self._measure(None))
        check_length(self._own_length, self)

    def _check(self) -> None:
        """Refuse bad fields, and put the others in their one form."""

    def _check_size(self) -> None:
        if self._depth > DEEPEST:
            msg = (
                f"a schedule may be at most {DEEPEST} deep; "
                "write then(a, b, ...), a + b + c and a * b * c flat, or use repeat"
            )
            raise PassoError(msg)
        if self._size > LARGEST:
            msg = (
                f"a schedule may have at most {LARGEST:,} parts in all, got {self._size:,}; "
                "use repeat or a Table"
            )
            raise PassoError(msg)

    def _set(self, **changed: object) -> None:
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__match_args__}

    def _parts(self) -> Iterator[Any]:
        """The schedules that this one is made of, in the order they were given."""
        for value in self._fields().values():
            yield from inside(value, Node)

    def _spans(self) -> Iterator[Span]:
        for value in self._fields().values():
            yield from inside(value, Span)

    def span_in(self, unit: str) -> Span | None:
        """The first span of that unit."""
        stack: list[Any] = [self]
        while stack:
            node = stack.pop()
            if unit not in node.units:
                continue
            for span in node._spans():
                if span.unit == unit:
                    return span  # type: ignore[no-any-return]
            stack.extend(reversed(list(node._parts())))
        return None

    def _with(self, parts: Iterable[Any], span: Callable[[Span], Span] = lambda span: span) -> Any:
        """The same node over other parts, and with its spans changed."""
        others = iter(parts)
        return self._make(
            **{k: exchanged(v, Node, others, span) for k, v in self._fields().items()}
        )

    @classmethod
    def _make(cls, **values: Any) -> Any:
        return cls(**values)

    def _is_open(self) -> bool:
        """Whether the length waits for `rest`."""
        return any(map(_OPEN, self._parts()))

    def _is_endless(self) -> bool:
        return all(map(_ENDLESS, self._parts()))

    def _is_timeless(self) -> bool:
        """Whether it is made of numbers and `base` alone."""
        parts = list(self._parts())
        return bool(parts) and not list(self._spans()) and all(part._timeless for part in parts)

    def length(self, run: Run | None = None) -> Length | None:
        """How long it lasts, measured on `run` where one is given; None is for ever."""
        if run is None:
            return self._own_length
        known = getattr(self, "_measured", None)
        if known is None or known[0] is not run:
            known = (run, self._measure(run))
            self._set(_measured=known)
        return cast("Length | None", known[1])

    def _measure(self, run: Run | None) -> Length | None:
        raise NotImplementedError  # pragma: no cover

    def _places(self, place: Place) -> Sequence[Place]:
        """Where each part stands when this node stands at `place`."""
        return [place for _ in self._parts()]

    def _filled(self, place: Place, parts: Sequence[Any]) -> Any:
        """This node with its spans measured, over parts that are."""
        return self._with(parts, place.measured)

    def _build(self) -> Formula:
        """The formula, from those of the parts."""
        raise NotImplementedError  # pragma: no cover

    def compiled(self) -> Formula:
        """The formula of this schedule, made once."""
        try:
            return self._formula
        except AttributeError:
            return cast("Formula", settle(self, "_formula", lambda node: node._build()))

    def _corners(self, low: float, high: float) -> Iterator[float]:
        """Times in (low, high] at which another formula takes over; not always in order."""
        for part in self._parts():
            yield from part._corners(low, high)

    def _plateaus(self, local: Localize) -> Iterator[tuple[Plateau, Localize]]:
        """Each plateau inside, with the way from our time to its own (None: not active then)."""
        for part in self._parts():
            yield from part._plateaus(local)

    def corners(self, low: float, high: float) -> Iterator[float]:
        """Times in (low, high] at which another formula takes over; not always in order.

        >>> from passo import Linear, steps
        >>> sorted(set(Linear(0, 1, steps(4)).then(Linear(1, 0, steps(4))).corners(0, 10)))
        [4.0, 8.0]
        """
        return self._corners(low, high)

    def plateaus(self, local: Localize) -> Iterator[tuple[Plateau, Localize]]:
        """Each plateau inside, with the way from our time to its own (None: not active then).

        >>> from passo import Plateau, base
        >>> [plateau for plateau, _ in (base * Plateau("loss")).plateaus(lambda t: t)]
        [Plateau("loss")]
        """
        return self._plateaus(local)

    def __call__(self, t: Any) -> Any:
        """The value that update t uses; see `Schedule`."""
        try:
            formula = self._formula
        except AttributeError:
            need_axis(self)
            formula = self.compiled()
        if (type(t) is int or type(t) is float) and 0 <= t <= _LATEST:
            try:
                return formula(float(t), NUMBERS)
            except OverflowError:
                msg = f"the value at t={brief(t)} is beyond the largest float: {brief(self)}"
                raise PassoError(msg) from None
        return self(as_time(t)) if not hasattr(t, "dtype") else evaluate(formula, t)

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

    def with_base(self, value: float) -> Schedule:
        """This schedule with `base` replaced by a number.

        >>> from passo import Cosine, base, steps
        >>> Cosine(base, 0.1 * base, steps(10)).with_base(2)
        Cosine(2, 0.2, steps(10))
        """
        number = real(value, "base")
        return self._changed(lambda node, parts: node._based(number, parts))

    def _based(self, _number: float, parts: Sequence[Any]) -> Any:
        """This node over parts whose `base` is that number."""
        return self._with(parts) if self.relative else self

    def _changed(self, leave: Callable[[Any, Sequence[Any]], Any]) -> Schedule:
        """The tree that `leave(node, changed parts)` makes of each node, from the inside out."""
        whole: Schedule = rebuilt(
            self,
            None,
            lambda node, _: [None for _ in node._parts()],
            lambda node, _, parts: leave(node, parts),
        )
        return whole

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
        from passo.schedules.shapes.plateau import told

        return told(self, reports)
