"""The parts of a trace: a column of values, a report, an event. All frozen, equal by structure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any, NamedTuple, SupportsFloat

from passo.schedules.errors import PassoError


class Rebuilt:
    """Copied and unpickled by building it again, so that a NaN inside stays equal to itself."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, each.name) for each in fields(self))  # type: ignore[arg-type]


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


@dataclass(frozen=True, slots=True)
class Column(Rebuilt):
    """One field of one param group through time: piecewise constant, kept as its changes.

    The value from update `updates[i]` on is `values[i]`, until the next change. `None` says that
    there was no such value then (a gap, or a group that went). `group` is the place of the param
    group, or `None` for a number that no group holds. `coarse` stands for what came before
    `updates[0]` in a run too long to keep every number. Raises `PassoError` where the updates do
    not ascend or a value repeats the one before.

    >>> Column(0, "lr", (0, 500), (0.1, 0.01)).moves
    True
    """

    group: int | None
    key: str
    updates: tuple[int, ...] = ()
    values: tuple[float | None, ...] = ()
    coarse: tuple[Bucket, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(one_nan, self.values)))
        ascending = all(a < b for a, b in pairwise((-1, *self.updates)))
        changing = all(a != b and a is not b for a, b in pairwise((None, *self.values)))
        if len(self.updates) != len(self.values) or not ascending or not changing:
            raise PassoError(
                f"the column {self.key!r} needs one value for each update, updates that ascend "
                "from 0, and only the values that differ from the one before"
            )

    @property
    def moves(self) -> bool:
        """Whether the field ever had two different values.

        >>> Column(0, "momentum", (0,), (0.9,)).moves
        False
        """
        wide = any(each.low != each.high for each in self.coarse)
        return wide or len(set(self.values) - {None}) > 1

    @property
    def begin(self) -> int:
        """The first update whose value is known exactly, as far as the column goes back.

        >>> Column(0, "lr", (800,), (0.1,), (Bucket(0, 800, 0.1, 0.2, 0.3),)).begin
        800
        """
        return self.coarse[-1].end if self.coarse else 0


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
        raise PassoError(f"{name!r} needs a number, got {value!r}") from None


def plain(thing: Any) -> Any:
    """The thing as plain JSON, copied; raises `PassoError` for what JSON cannot hold."""
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else repr(float(thing))
    if isinstance(thing, (list, tuple)):
        return [plain(each) for each in thing]
    if isinstance(thing, dict) and all(isinstance(key, str) for key in thing):
        return {key: plain(value) for key, value in thing.items()}
    raise PassoError(f"a trace holds plain JSON only, got {thing!r}; write its repr or its parts")
