"""The value `Trace`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge
from importlib import import_module
from itertools import pairwise, repeat
from typing import Any

from passo.ground.checks import brief, some, whole
from passo.ground.errors import PassoError
from passo.ground.files import replacing
from passo.ground.pictures import Pictured
from passo.ground.schema import plain
from passo.trace.format import Parts, lines
from passo.trace.reading import read
from passo.trace.values import Column, Event, Rebuilt, Report

KINDS = {"groups": str, "columns": Column, "reports": Report, "events": Event}


@dataclass(frozen=True, slots=True, repr=False)
class Trace(Rebuilt, Pictured):
    """What each update really used, what was reported, what happened.

    `updates` is the clock at its end: how many updates had been made. Update `t` counts from 0; a
    report or an event carries the clock of its moment. `complete` is False when the file ended
    without the line that closes it (a killed run): all that is there is right, something may be
    missing at the end. Raises `PassoError` where the parts contradict each other.

    >>> lr = Column(0, "lr", (0, 2), (0.1, 0.01))
    >>> trace = Trace(3, groups=("all",), columns=(lr,), reports=(Report.of(3, {"val_loss": 0.5}),))
    >>> trace.value(1), trace.value(2), trace.losses
    (0.1, 0.01, ('val_loss',))
    """

    updates: int
    groups: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    reports: tuple[Report, ...] = ()
    events: tuple[Event, ...] = ()
    plan: str | Mapping[str, str] | None = field(default=None, hash=False)
    run: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)
    complete: bool = True

    def __post_init__(self) -> None:
        whole(self.updates, "updates", least=0)
        for name, needed in KINDS.items():
            values = getattr(self, name)
            if not isinstance(values, (tuple, list)) or not set(map(type, values)) <= {needed}:
                need = f"the {name} of a trace must be a tuple of {needed.__name__}"
                raise PassoError(f"{need}, got {brief(values)}")
            object.__setattr__(self, name, tuple(values))
        object.__setattr__(self, "plan", plain(self.plan))
        object.__setattr__(self, "meta", plain(self.meta))
        check_layout(self.groups, [(each.group, each.key) for each in self.columns])
        for each in self.columns:
            each.check(self.updates)
        for kind in (self.reports, self.events):
            clocks = [0, *(each.clock for each in kind), self.updates]
            for place, (a, b) in enumerate(pairwise(clocks)):
                if a > b:
                    last = place == len(kind)
                    got = f"{a}" if last else f"{b} after {a}" if place else f"{b}"
                    raise PassoError(
                        f"clocks must ascend from 0 to the trace's {self.updates} updates, "
                        f"got {got}"
                    )

    def __repr__(self) -> str:
        counts = ((self.groups, "group"), (self.reports, "report"), (self.events, "event"))
        parts = [f"{len(all_):,} {name}{'s' * (len(all_) != 1)}" for all_, name in counts if all_]
        known = f" of {some(self.keys)}" if self.keys else ""
        told = f" of {some(self.metrics)}" if self.metrics else ""
        parts = [f"{part}{told if 'report' in part else ''}" for part in parts]
        torn = "" if self.complete else ", not complete"
        return f"<Trace{known} over {', '.join([f'{self.updates:,} updates', *parts])}{torn}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """The trace in a file, line by line; a torn last line is left out and `complete` is False.

        Raises `PassoError`, with the line's number, where a line is not of a trace.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> Trace(3).write(path)
        >>> Trace.load(path) == Trace(3)
        True
        """
        return loaded(path)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the trace's file, whole or not at all, over what was there.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> Trace(3).write(path)
        >>> path.read_text().splitlines()[-1]
        '{"clock":3,"end":true}'
        """
        with replacing(path) as file:
            for each in lines(Parts(*self._parts())):
                file.write(each.encode())

    @property
    def keys(self) -> tuple[str, ...]:
        """The recorded fields' names, each once, in order.

        >>> Trace(0, ("a",), (Column(0, "lr"), Column(0, "momentum"))).keys
        ('lr', 'momentum')
        """
        return tuple(dict.fromkeys(each.key for each in self.columns))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The reported metrics' names, each once, in the order of their first report.

        >>> Trace(1, reports=(Report.of(1, {"loss": 1, "accuracy": 0.5}),)).metrics
        ('loss', 'accuracy')
        """
        return tuple(dict.fromkeys(name for each in self.reports for name, _ in each.metrics))

    @property
    def losses(self) -> tuple[str, ...]:
        """The metrics whose name contains "loss", in the order of their first report.

        >>> Trace(1, reports=(Report.of(1, {"val/Loss": 1, "accuracy": 0.5}),)).losses
        ('val/Loss',)
        """
        return tuple(name for name in self.metrics if "loss" in name.lower())

    def column(self, key: str = "lr", group: int | str | None = 0) -> Column:
        """The changes of one field of one group (its place or its name; `None` for no group).

        Raises `PassoError` with what there is, when it is not there.

        >>> Trace(2, ("head",), (Column(0, "lr", (0,), (0.1,)),)).column("lr", "head").values
        (0.1,)
        """
        place = self._place(group)
        for each in self.columns:
            if (each.group, each.key) == (place, key):
                return each
        known = ", ".join(f"{each.key!r} of group {each.group}" for each in self.columns)
        raise PassoError(
            f"the trace has no {brief(key)} of group {brief(group)}; it has {known or 'no columns'}"
        )

    def used(self, key: str = "lr", group: int | str | None = 0) -> tuple[list[int], list[float]]:
        """The updates, and the value that each of them used, exactly.

        >>> Trace(3, ("all",), (Column(0, "lr", (1, 2), (0.1, 0.2)),)).used()
        ([1, 2], [0.1, 0.2])
        """
        pairs = list(self.column(key, group).known(self.updates))
        return [update for update, _ in pairs], [value for _, value in pairs]

    def value(self, update: int, key: str = "lr", group: int | str | None = 0) -> float:
        """What one update used; raises `PassoError` when the trace does not know.

        >>> Trace(900, ("all",), (Column(0, "lr", (0, 500), (0.1, 0.01)),)).value(499)
        0.1
        """
        column = self.column(key, group)
        _at(update)
        value = column.value(update) if 0 <= update < self.updates else None
        if value is None:
            raise PassoError(
                f"the trace has no {key!r} of group {group!r} at update {update}; "
                f"its clock ends at {self.updates}"
            )
        return value

    def exact(self, update: int) -> bool:
        """Whether the trace knows exactly what that update used, in all of its columns.

        A run too long to keep every number has least, mean and most of its older updates.

        >>> Trace(3, ("all",), (Column(0, "lr", (0, 2), (0.1, 0.01)),)).exact(1)
        True
        """
        _at(update)
        return 0 <= update < self.updates and all(each.exact(update) for each in self.columns)

    def frame(self) -> Any:
        """Every row as a pandas DataFrame; raises `PassoError` where pandas is not installed."""
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise PassoError("frame needs pandas; write pip install pandas, or rows()") from None
        return pandas.DataFrame(self.rows(), columns=["update", "group", "key", "value"])

    def rows(self) -> Iterator[tuple[int, int | None, str, float]]:
        """Every `(update, group, key, value used)`, update by update.

        >>> list(Trace(2, ("all",), (Column(0, "lr", (0,), (0.1,)),)).rows())
        [(0, 0, 'lr', 0.1), (1, 0, 'lr', 0.1)]
        """
        streams = [
            zip(column.known(self.updates), repeat(place))
            for place, column in enumerate(self.columns)
        ]
        for (update, value), place in merge(*streams, key=lambda each: (each[0][0], each[1])):
            yield update, self.columns[place].group, self.columns[place].key, value

    def series(self, metric: str) -> tuple[list[int], list[float]]:
        """The clocks at which a metric was reported, and what was reported.

        Raises `PassoError` with the names that there are.

        >>> Trace(9, reports=(Report.of(9, {"val_loss": 0.5}),)).series("val_loss")
        ([9], [0.5])
        """
        found = [
            (each.clock, value)
            for each in self.reports
            for name, value in each.metrics
            if name == metric
        ]
        if not found:
            known = ", ".join(map(repr, self.metrics)) or "no reports"
            raise PassoError(f"the trace has no reports of {brief(metric)}; it has {known}")
        return [clock for clock, _ in found], [value for _, value in found]

    def sampled(self) -> Trace:
        """The trace to be looked at: long stretches of a plan are some points of it.

        >>> Trace(3, ("all",), (Column(0, "lr", (0,), (0.1,)),)).sampled().used()
        ([0, 1, 2], [0.1, 0.1, 0.1])
        """
        return replace(self, columns=tuple(each.sampled() for each in self.columns))

    def until(self, clock: int) -> Trace:
        """The trace as it was when `clock` updates had been made, reports of that moment included.

        >>> Trace(3, ("all",), (Column(0, "lr", (0, 2), (0.1, 0.01)),)).until(2).used()
        ([0, 1], [0.1, 0.1])
        """
        _at(clock)
        columns = tuple(each.until(clock) for each in self.columns)
        return replace(
            self,
            updates=min(clock, self.updates),
            columns=columns,
            reports=tuple(each for each in self.reports if each.clock <= clock),
            events=tuple(each for each in self.events if each.clock <= clock),
            complete=self.complete and clock >= self.updates,
        )

    def _place(self, group: int | str | None) -> int | None:
        """A group's place from its place or its name."""
        if not isinstance(group, str):
            return group
        places = [place for place, name in enumerate(self.groups) if name == group]
        if len(places) == 1:
            return places[0]
        known = ", ".join(map(repr, self.groups)) or "no groups"
        raise PassoError(
            f"one group must be called {brief(group)}, {len(places)} are; write its place, "
            f"the groups are {known}"
        )


def _at(update: object) -> None:
    if not isinstance(update, int):
        raise PassoError(f"an update is a whole number, got {brief(update)}")


def loaded(path: str | os.PathLike[str], *, unfolded: bool = True) -> Trace:
    """The trace in a file; `unfolded` has its short stretches as their values."""
    parts = read(path, unfolded=unfolded)
    try:
        return Trace(*parts)
    except PassoError as error:
        raise PassoError(f"{os.fspath(path)!r} is no whole trace: {error}") from None


def check_layout(groups: tuple[str, ...], columns: list[tuple[int | None, str]]) -> None:
    """Refuses columns of a group that is not there, and one column given twice."""
    for group, key in columns:
        if group is not None and not 0 <= group < len(groups):
            raise PassoError(f"{key!r} is of group {group}, but there are {len(groups)} groups")
    if len(set(columns)) < len(columns):
        raise PassoError(f"each column can be there once, got {brief(columns)}")
