"""The parts of a trace: a column of values, a report, an event. All frozen, equal by structure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise, repeat
from typing import Any, NamedTuple, SupportsFloat

from passo.ground.checks import brief, shortened
from passo.ground.errors import PassoError
from passo.ground.schema import plain
from passo.trace.stretch import FEW, Stretch

_SHOWN = 6  # changes of a column that its code shows; of more it is a line


class Rebuilt:
    """Copied and unpickled by building it again, so that a NaN inside stays equal to itself."""

    __slots__ = ()

    def _parts(self) -> tuple[Any, ...]:
        """What it is built of, in the order in which its class takes them."""
        return tuple(getattr(self, each.name) for each in fields(self))  # type: ignore[arg-type]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._parts()


class Bucket(NamedTuple):
    """What a field held from update `begin` up to `end`, where the numbers themselves are gone.

    >>> Bucket(0, 1000, 0.05, 0.07, 0.1).mean
    0.07
    """

    begin: int
    end: int
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True, repr=False)
class Column(Rebuilt):
    """One field of one param group through time: piecewise constant, kept as its changes.

    The value from update `updates[i]` on is `values[i]`, until the next change. `None` says that
    there was no such value then (a gap, or a group that went). `group` is the place of the param
    group, or `None` for a number that no group holds. In a run too long to keep every change,
    `planned` are the stretches in which the field held what a schedule says, and `coarse` stands
    for what else came before. Raises `PassoError` where the updates do not ascend, a value repeats
    the one before, or a stretch has changes inside.

    >>> Column(0, "lr", (0, 500), (0.1, 0.01)).moves
    True
    """

    group: int | None
    key: str
    updates: tuple[int, ...] = ()
    values: tuple[float | None, ...] = ()
    coarse: tuple[Bucket, ...] = ()
    planned: tuple[Stretch, ...] = ()

    def __repr__(self) -> str:
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        many = sum(map(len, (self.updates, self.coarse, self.planned)))
        if many > _SHOWN:
            group = "no group" if self.group is None else f"group {self.group}"
            return f"<Column {shortened(self.key)} of {group}: {many:,} changes>"
        return f"Column({', '.join(f'{name}={value!r}' for name, value in kept.items())})"

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(one_nan, self.values)))
        if wrong := self._wrong():
            raise PassoError(
                f"the column {self.key!r} needs one value for each update, updates that ascend "
                f"from 0, and only the values that differ from the one before, got {wrong}"
            )
        self._check_buckets()
        apart = all(a.end <= b.begin for a, b in pairwise(self.planned))
        if not apart or any(self._place(s.begin) != self._place(s.end) for s in self.planned):
            raise PassoError(
                f"the column {self.key!r} needs stretches that ascend, with no change inside"
            )

    def _check_buckets(self) -> None:
        """Buckets ascend, each ends after it begins, and its least is not above its most."""
        ends = [0, *(end for each in self.coarse for end in (each.begin, each.end))]
        ascend = all(a <= b for a, b in pairwise(ends))
        if ascend and all(
            each.begin < each.end and not each.low > each.high for each in self.coarse
        ):
            return
        raise PassoError(
            f"the column {self.key!r} needs buckets (begin, end, low, mean, high) that ascend from "
            "0, each with an end after its begin and a low that is not above its high"
        )

    def _place(self, update: int) -> int:
        return bisect_left(self.updates, update)

    def _wrong(self) -> str:
        """The first of the changes that is none; nothing where all are right."""
        if len(self.updates) != len(self.values):
            return f"{len(self.updates)} updates and {len(self.values)} values"
        for place, (a, b) in enumerate(pairwise((-1, *self.updates))):
            if a >= b:
                return f"update {b} after {a}" if place else f"update {b}"
        same = next(self._same(), None)
        return "" if same is None else f"{self.values[same]} at update {self.updates[same]} again"

    def _same(self) -> Iterator[int]:
        """The places whose value is that of the one before, where no stretch lies between."""
        begins = [each.begin for each in self.planned]
        for place, (a, b) in enumerate(pairwise((None, *self.values))):
            if a != b and a is not b:
                continue
            since = bisect_left(begins, self.updates[place - 1]) if place else 0
            if bisect_left(begins, self.updates[place]) <= since:
                yield place

    def check(self, end: int) -> None:
        """Raises `PassoError` where the column does not fit a trace of `end` updates."""
        last = self.updates[-1] if self.updates else -1
        if last >= end:
            raise PassoError(
                f"{self.key!r} changes at update {last}, but the trace has {end} updates"
            )
        if self.begin > end:
            raise PassoError(
                f"the buckets of {self.key!r} go up to update {self.begin}, but the trace has {end}"
            )
        follow = {*self.updates, *(each.begin for each in self.planned), end}
        for each in self.planned:
            if each.end not in follow:
                raise PassoError(
                    f"{self.key!r} follows a schedule up to update {each.end}, "
                    f"and nothing says what it held then; the trace has {end} updates"
                )

    def value(self, update: int) -> float | None:
        """What an update used; None where the column does not know.

        >>> Column(0, "lr", (0, 500), (0.1, 0.01)).value(499)
        0.1
        """
        place = bisect_right(self.updates, update) - 1
        row = bisect_right(self.planned, update, key=lambda each: each.begin) - 1
        stretch = self.planned[row] if row >= 0 else None
        if stretch is not None and (place < 0 or stretch.begin > self.updates[place]):
            return stretch.at(update) if update < stretch.end else None
        return self.values[place] if place >= 0 else None

    def pieces(self, end: int) -> Iterator[tuple[int, int, float | Stretch]]:
        """What the field held, in order: from, up to, and the value or the stretch.

        >>> list(Column(0, "lr", (0, 500), (0.1, None)).pieces(900))
        [(0, 500, 0.1)]
        """
        held: list[tuple[int, float | Stretch | None]] = [
            *zip(self.updates, self.values, strict=True),
            *((each.begin, each) for each in self.planned),
        ]
        held.sort(key=lambda each: each[0])
        for (begin, what), (stop, _) in pairwise([*held, (end, None)]):
            upto = min(stop, end, what.end if isinstance(what, Stretch) else end)
            if what is not None and begin < upto:
                yield begin, upto, what

    def known(self, end: int) -> Iterator[tuple[int, float]]:
        """Every update and what it used, as far as that is known.

        >>> list(Column(0, "lr", (1,), (0.1,)).known(3))
        [(1, 0.1), (2, 0.1)]
        """
        for begin, stop, what in self.pieces(end):
            if isinstance(what, Stretch):
                yield from replace(what, begin=begin, end=stop).rows()
            else:
                yield from zip(range(begin, stop), repeat(what))

    def unfolded(self) -> Column:
        """The column with the values of its stretches, where these are not too many to be kept.

        >>> Column(0, "lr", planned=(Stretch(0, 2, "Linear(1, 0, steps(4))"),)).unfolded().values
        (1.0, 0.75)
        """
        if sum(each.end - each.begin for each in self.planned) > FEW:
            return self
        return self._spelled_out(Stretch.rows)

    def sampled(self) -> Column:
        """The column to be looked at: of a stretch that is long some points, with its corners.

        >>> long = Stretch(0, 10**6, "Linear(1, 0, steps(2e6))")
        >>> 4000 < len(Column(0, "lr", planned=(long,)).sampled().values) < 5000
        True
        """
        return self._spelled_out(Stretch.points)

    def _spelled_out(self, rows: Callable[[Stretch], Iterable[tuple[int, float]]]) -> Column:
        if not self.planned:
            return self
        held: dict[int, float | None] = dict(zip(self.updates, self.values, strict=True))
        for each in self.planned:
            held.update(rows(each))
        changes = [(-1, None), *sorted(held.items(), key=lambda pair: pair[0])]
        kept = [(u, v) for (_, old), (u, v) in pairwise(changes) if v is not old and v != old]
        updates, values = zip(*kept, strict=True)
        return replace(self, updates=updates, values=values, planned=())

    def until(self, clock: int) -> Column:
        """The column as it was when `clock` updates had been made.

        >>> Column(0, "lr", (0, 500), (0.1, 0.01)).until(500)
        Column(group=0, key='lr', updates=(0,), values=(0.1,), coarse=(), planned=())
        """
        cut = bisect_left(self.updates, clock)
        return replace(
            self,
            updates=self.updates[:cut],
            values=self.values[:cut],
            coarse=tuple(each for each in self.coarse if each.end <= clock),
            planned=tuple(
                replace(each, end=min(each.end, clock))
                for each in self.planned
                if each.begin < clock
            ),
        )

    @property
    def moves(self) -> bool:
        """Whether the field ever had two different values.

        >>> Column(0, "momentum", (0,), (0.9,)).moves
        False
        """
        wide = any(each.low != each.high for each in self.coarse)
        return wide or bool(self.planned) or len(set(self.values) - {None}) > 1

    @property
    def begin(self) -> int:
        """The first update from which on all values are known exactly.

        >>> Column(0, "lr", (800,), (0.1,), (Bucket(0, 800, 0.1, 0.2, 0.3),)).begin
        800
        """
        return self.coarse[-1].end if self.coarse else 0

    def exact(self, update: int) -> bool:
        """Whether the column knows exactly what an update used.

        >>> Column(0, "lr", (800,), (0.1,), (Bucket(0, 800, 0.1, 0.2, 0.3),)).exact(799)
        False
        """
        row = bisect_right(self.coarse, update, key=lambda each: each.begin) - 1
        return row < 0 or update >= self.coarse[row].end


@dataclass(frozen=True, slots=True)
class Report(Rebuilt):
    """What was reported when `clock` updates had been made: pairs of a metric's name and a number.

    >>> Report.of(500, {"val_loss": 0.25})
    Report(clock=500, metrics=(('val_loss', 0.25),))
    """

    clock: int
    metrics: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        pairs = tuple((name, one_nan(value)) for name, value in self.metrics)
        object.__setattr__(self, "metrics", pairs)

    @classmethod
    def of(cls, clock: int, metrics: Mapping[str, SupportsFloat]) -> Report:
        """The report of a mapping; raises `PassoError` where something is not a number.

        >>> dict(Report.of(3, {"loss": 2}).metrics)
        {'loss': 2.0}
        """
        return cls(clock, tuple((name, number(name, value)) for name, value in metrics.items()))


@dataclass(frozen=True, slots=True)
class Event(Rebuilt):
    """Something that happened when `clock` updates had been made.

    `kind` is one word ("load", "group", ...), `detail` is plain JSON: what is not finite becomes
    "nan", "inf" or "-inf", a tuple becomes a list. Raises `PassoError` for anything else.

    >>> Event(500, "load", {"lr before": 0.1, "lr after": 0.05}).detail["lr after"]
    0.05
    """

    clock: int
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", plain(self.detail))


def one_nan(value: float | None) -> float | None:
    """The value itself, and the same NaN for every NaN: tuples that hold it are then equal."""
    return math.nan if value is not None and value != value else value  # noqa: PLR0124


def number(name: str, value: SupportsFloat) -> float:
    """The value as a float, or an error that names what it was for."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise PassoError(f"{name!r} needs a number, got {brief(value)}") from None
