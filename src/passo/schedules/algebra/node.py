"""`Node`: the inside of every schedule. How it is checked, placed on a run, built and written."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from passo.schedules import arrays
from passo.schedules.algebra.place import Place, need_axis
from passo.schedules.errors import PassoError
from passo.schedules.numbers import real
from passo.schedules.ops import NUMBERS
from passo.schedules.time import Run, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from passo.schedules.algebra.place import Length
    from passo.schedules.algebra.schedule import Schedule
    from passo.schedules.feedback import Plateau
    from passo.schedules.ops import Formula

    Localize = Callable[[float], "float | None"]

DEEPEST: Final = 200
MOST_PARTS: Final = 4096
SUM, PRODUCT, ATOM = 1, 2, 3


class Node:
    """What every leaf and node can do inside: be checked, placed, built, written."""

    __slots__ = ("_depth", "_endless", "_formula", "_open", "_text", "_units")
    __match_args__: tuple[str, ...] = ()
    _level: ClassVar[int] = ATOM

    _depth: int
    _endless: bool
    _open: bool
    _units: dict[str, Span]
    _formula: Formula
    _text: str

    def __post_init__(self) -> None:
        self._check()
        put = object.__setattr__
        depth, units = 0, {}
        for part in self._parts():
            depth = max(depth, part._depth)
            units.update(part._units)
        for span in self._spans():
            units[span.unit] = span
        if depth >= DEEPEST:
            msg = (
                f"a schedule may be at most {DEEPEST} deep; "
                "write then(a, b, ...), a + b + c and a * b * c flat, or use repeat"
            )
            raise PassoError(msg)
        put(self, "_depth", depth + 1)
        put(self, "_units", units)
        put(self, "_open", self._is_open())
        put(self, "_endless", self._is_endless())

    def _check(self) -> None:
        """Refuse bad fields, and put the others in their one form."""

    def _set(self, **changed: object) -> None:
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__match_args__}

    def _parts(self) -> Iterator[Any]:
        """The schedules that this one is made of, in the order they were given."""
        for value in self._fields().values():
            yield from _inside(value, Node)

    def _spans(self) -> Iterator[Span]:
        for value in self._fields().values():
            yield from _inside(value, Span)

    def _mapped(self, change: Callable[[Any], Any]) -> Any:
        """The same node over changed parts and spans."""
        return self._make(**{k: _each(v, change) for k, v in self._fields().items()})

    @classmethod
    def _make(cls, **values: Any) -> Any:
        return cls(**values)

    def _is_open(self) -> bool:
        """Whether the length waits for `rest`."""
        return any(part._open for part in self._parts())

    def _is_endless(self) -> bool:
        return all(part._endless for part in self._parts())

    def _length(self, run: Run | None = None) -> Length | None:
        """How long it lasts, measured on `run` where one is given; None is for ever."""
        raise NotImplementedError  # pragma: no cover

    def _fill(self, place: Place) -> Any:
        """Every span measured on the run."""
        return self._mapped(lambda value: _filled(value, place))

    def _build(self) -> Formula:
        raise NotImplementedError  # pragma: no cover

    def _corners(self, horizon: float) -> Iterator[float]:
        """Times in (0, horizon] at which another formula takes over; not always in order."""
        for part in self._parts():
            yield from part._corners(horizon)

    def _plateaus(self, local: Localize) -> Iterator[tuple[Plateau, Localize]]:
        """Each plateau inside, with the way from our time to its own (None: not active then)."""
        for part in self._parts():
            yield from part._plateaus(local)

    def _write(self) -> str:
        raise NotImplementedError  # pragma: no cover

    def _inner(self, level: int) -> str:
        """The code for use inside an expression that binds as tightly as `level`."""
        return repr(self) if self._level >= level else f"({self!r})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), *self._fields().values()))

    def __repr__(self) -> str:
        try:
            return self._text
        except AttributeError:
            object.__setattr__(self, "_text", self._write())
            return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        from passo.schedules.spec.data import from_json, to_json  # it knows every node

        return from_json, (to_json(cast("Schedule", self)),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self

    def __call__(self, t: Any) -> Any:
        """The value that update t uses; see `Schedule`."""
        try:
            formula = self._formula
        except AttributeError:
            formula = self._compile()
        if type(t) is int or type(t) is float:
            if not 0 <= t < math.inf:
                msg = f"t must be at least 0 and finite, got {t!r}"
                raise PassoError(msg)
            try:
                return formula(float(t), NUMBERS)
            except OverflowError:
                msg = f"the value at t={t!r} is beyond the largest float: {self!r}"
                raise PassoError(msg) from None
        if isinstance(t, (bool, str)) or t is None:
            msg = f"t must be a number or an array of numbers, got {t!r}"
            raise PassoError(msg)
        return arrays.evaluate(formula, t)

    def _compile(self) -> Formula:
        """The formula of this schedule, made once."""
        need_axis(self._units)
        formula = self._build()
        object.__setattr__(self, "_formula", formula)
        return formula

    def on(self, run: Run) -> Schedule:
        """This schedule with every span measured on `run`, in the unit of the run's axis.

        Raises NeedsRun where the run does not know a unit, PassoError where `rest` would be
        less than nothing or parts that must be equally long are not.

        >>> from passo import Linear, Run, epochs
        >>> Linear(0, 1, epochs(2)).on(Run.of(50, epochs=10))
        Linear(0, 1, steps(100))
        """
        if not isinstance(run, Run):
            msg = f"a schedule is placed on a Run, got {run!r}; write Run(steps(1000))"
            raise PassoError(msg)
        placed: Schedule = self._fill(Place(run, run.measure(run.length)))
        placed._length()
        return placed

    def with_base(self, value: float) -> Schedule:
        """This schedule with `base` replaced by a number.

        >>> from passo import Cosine, base, steps
        >>> Cosine(base, 0.1 * base, steps(10)).with_base(2)
        Cosine(2, 0.2, steps(10))
        """
        filled: Schedule = self._with_base(real(value, "base"))
        return filled

    def _with_base(self, number: float) -> Any:
        return self._mapped(partial(_with_base, number=number))

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
        from passo.schedules.feedback import told  # it inherits from us

        return told(self, reports)


def _inside(value: Any, kind: type) -> Iterator[Any]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _inside(each, kind)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (Node, Span)):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_each(each, change) for each in value)
    return value


def _filled(value: Node | Span, place: Place) -> Any:
    return place.measured(value) if isinstance(value, Span) else value._fill(place)


def _with_base(value: Node | Span, number: float) -> Any:
    return value if isinstance(value, Span) else value._with_base(number)
