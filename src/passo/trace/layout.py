"""The columns of a trace's file: which there are, and how they may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from passo.ground.errors import PassoError
from passo.trace.trace import Trace
from passo.trace.values import Column

Columns: TypeAlias = Sequence[tuple["int | None", str]]
PLANNED: Final = object()  # not equal to any value: whatever comes after a stretch is told


def held(column: Column) -> Any:
    """What a column holds at its end."""
    change = column.updates[-1] if column.updates else -1
    if column.planned and column.planned[-1].begin > change:
        return PLANNED
    return column.values[-1] if column.values else None


def empty(columns: Columns) -> tuple[Column, ...]:
    """The columns with nothing recorded yet."""
    return tuple(Column(group, key) for group, key in columns)


def group_names(columns: Columns, groups: Sequence[str] | None) -> tuple[str, ...]:
    """The names that were given, else the places."""
    if groups is not None:
        return tuple(groups)
    return tuple(map(str, range(1 + max((g for g, _ in columns if g is not None), default=-1))))


def laid_out(trace: Trace, columns: Columns, groups: tuple[str, ...]) -> Trace:
    """The trace in another layout, which must hold all that has values."""
    old = {(each.group, each.key): each for each in trace.columns if each.updates or each.planned}
    lost = [each for each in old if each not in columns]
    renamed = [(a, b) for a, b in zip(trace.groups, groups) if a != b]  # noqa: B905
    if lost or renamed:
        raise PassoError(
            f"the file's columns {list(old)} of groups {list(trace.groups)} do not fit "
            f"{list(columns)} of groups {list(groups)}; give another file"
        )
    found = tuple(old.get(each, Column(*each)) for each in columns)
    return replace(trace, groups=groups, columns=found)
