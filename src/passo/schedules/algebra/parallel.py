"""Parts side by side: `Sum`, `Product`, `Minimum`, `Maximum`. Flat, in one canonical order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, final

from passo.ground.checks import write
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Constant, as_part, as_schedule
from passo.schedules.algebra.length import Length, common_length
from passo.schedules.algebra.limits import MOST_PARTS
from passo.schedules.algebra.schedule import ATOM, PRODUCT, SUM, Schedule
from passo.schedules.crossings import MOST_CORNERS, changes
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from passo.schedules.formula import Formula
    from passo.schedules.time import Run, Span


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Parallel(Schedule):
    """Parts that run at the same time; the order in which they were written does not count.

    Where some parts end and others are endless, all of them stop at that end: past it a
    schedule holds its last value.
    """

    parts: tuple[Schedule, ...]
    _sign: ClassVar[str] = ""
    _keeps_ints: ClassVar[bool] = True

    @classmethod
    def of(cls, parts: Iterable[Schedule]) -> Schedule:
        """The node over `parts`, flattened and sorted; one part is itself."""
        flat: list[Schedule] = []
        for part in parts:
            one = as_part(part, f"a part of {cls._sign}")
            flat.extend(one.parts if isinstance(one, cls) else (one,))
        if not 0 < len(flat) <= MOST_PARTS:
            msg = f"{cls._sign} joins 1 to {MOST_PARTS} parts, got {len(flat)}; a Table is shorter"
            raise PassoError(msg)
        flat.sort(key=lambda part: (_number(part) is None, repr(part)))
        return flat[0] if len(flat) == 1 else cls(tuple(flat))

    @classmethod
    def need(cls, left: Schedule, right: Any) -> Schedule:
        """The node over two, of which one may be a number."""
        return cls.of((left, as_schedule(right, f"the other side of {cls._sign}")))

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["parts"])

    def _check(self) -> None:
        if len(self.parts) < 2:
            msg = f"{self._sign} joins two parts or more, got {len(self.parts)}"
            raise PassoError(msg)
        for part in self.parts:
            as_part(part, f"a part of {self._sign}")

    def _parts(self) -> Iterator[Schedule]:
        return iter(self.parts)

    def _spans(self) -> Iterator[Span]:
        return iter(())

    def _measure(self, run: Run | None) -> Length | None:
        lengths = [part.length(run) for part in self.parts]
        return common_length(lengths, self._sign, self._write)

    def _build(self) -> Formula:
        formulas = [part.compiled() for part in self.parts]
        folded, length = _folded(formulas, self._combine()), self.length()
        moving = any(part._endless and not part._timeless for part in self.parts)
        if length is None or not moving:
            return folded
        end = float(length.amount)
        # A part that ends holds its value by itself; one that is endless would move on beside it.
        return lambda t, xp: folded(xp.minimum(t, end), xp)

    def _combine(self) -> Callable[[Any, Any, Any], Any]:
        raise NotImplementedError  # pragma: no cover


def _folded(formulas: list[Formula], combine: Callable[[Any, Any, Any], Any]) -> Formula:
    first, second, *others = formulas

    def of_two(t: Any, xp: Any) -> Any:
        return combine(first(t, xp), second(t, xp), xp)

    def of_many(t: Any, xp: Any) -> Any:
        value = of_two(t, xp)
        for formula in others:
            value = combine(value, formula(t, xp), xp)
        return value

    return of_many if others else of_two


def _number(part: Schedule) -> float | None:
    """The number that a part is, where it is no more than that."""
    if isinstance(part, Constant) and part.over is None and isinstance(part.value, float):
        return part.value
    return None


def _operands(parts: tuple[Schedule, ...], level: int) -> list[str]:
    """Numbers stand bare, as long as the first two operands are not both numbers."""
    numbers = [_number(part) for part in parts]
    bare = numbers[1] is None
    return [
        part._inner(level) if number is None or (k == 0 and not bare) else write(number)
        for k, (part, number) in enumerate(zip(parts, numbers, strict=True))
    ]


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Sum(Parallel):
    """s(t) = a(t) + b(t) + ..., written `a + b`."""

    _sign: ClassVar[str] = "+"
    _level = SUM

    def _combine(self) -> Callable[[Any, Any, Any], Any]:
        return lambda left, right, _xp: left + right

    def _write(self) -> str:
        return " + ".join(_operands(self.parts, PRODUCT))


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Product(Parallel):
    """s(t) = a(t) * b(t) * ..., written `a * b`."""

    _sign: ClassVar[str] = "*"
    _level = PRODUCT

    def _combine(self) -> Callable[[Any, Any, Any], Any]:
        return lambda left, right, _xp: left * right

    def _write(self) -> str:
        return " * ".join(_operands(self.parts, PRODUCT))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Extreme(Parallel):
    """The smallest or the largest of the parts at each t."""

    def _corners(self, low: float, high: float) -> Iterator[float]:
        own = list(islice(Schedule._corners(self, low, high), MOST_CORNERS))
        yield from own
        formulas = [part.compiled() for part in self.parts]
        choose = min if self._sign == Minimum._sign else max

        def winner(t: float) -> int:
            values = [formula(t, NUMBERS) for formula in formulas]
            return values.index(choose(values))

        yield from changes(winner, own, low, high)

    def _write(self) -> str:
        first, *others = sorted(self.parts, key=lambda part: _number(part) is not None)
        plain = [repr(x) if (number := _number(x)) is None else write(number) for x in others]
        return first._inner(ATOM) + "".join(f"{self._sign}({code})" for code in plain)


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Minimum(Extreme):
    """s(t) = min(a(t), b(t), ...), written `a.minimum(b)`."""

    _sign: ClassVar[str] = ".minimum"

    def _combine(self) -> Callable[[Any, Any, Any], Any]:
        return lambda left, right, xp: xp.minimum(left, right)


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Maximum(Extreme):
    """s(t) = max(a(t), b(t), ...), written `a.maximum(b)`."""

    _sign: ClassVar[str] = ".maximum"

    def _combine(self) -> Callable[[Any, Any, Any], Any]:
        return lambda left, right, xp: xp.maximum(left, right)
