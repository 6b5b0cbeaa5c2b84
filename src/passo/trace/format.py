"""The lines of a trace's file, as they are written: JSON objects, the first of them the header.

    {"passo":"trace","version":1,"groups":["all"],"columns":["0.lr"],"plan":...,"run":...,"meta":{}}
    {"update":0,"used":{"0.lr":0.1}}                from update 0 on; null: no value
    {"planned":"0.lr","update":500,"schedule":"Cosine(1, 0, steps(900))","shift":500.0}
                                                    from update 500 on schedule(update - shift)
    {"coarse":"0.lr","buckets":[[0,64,0.1,0.2,0.3]]}  older updates: from, up to, least, mean, most
    {"clock":500,"report":{"val_loss":0.25}}        after 500 updates
    {"clock":500,"event":"load","detail":{}}
    {"clock":500,"event":"advance","so_far":[{},{}],"stands":"3"}
                                                    events that still go on; the next line with
                                                    this name takes their place
    {"clock":510,"event":"advance","detail":{},"stands":"3"}
    {"clock":500,"groups":["head"],"columns":["1.lr"]}      a group that joined
    {"clock":731}                                   how far, where nothing changed
    {"clock":900,"end":true}                        closed in order: nothing is missing

A column is called `place of the group.key`, or `.key` for a number of no group. JSON has no NaN and
no infinity: they are the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.schema import plain

if TYPE_CHECKING:
    from passo.trace.stretch import Forecast, Stretch
    from passo.trace.values import Column, Event, Report

VERSION = 1
NAME = re.compile(r"(0|[1-9][0-9]{0,8})?\.(.*)", re.DOTALL)


class Parts(NamedTuple):
    """What a `Trace` is made of, in the order in which it takes it."""

    updates: int
    groups: tuple[str, ...]
    columns: tuple[Column, ...]
    reports: tuple[Report, ...]
    events: tuple[Event, ...]
    plan: str | Mapping[str, str] | None
    run: str | None
    meta: Mapping[str, Any]
    complete: bool


def name_of(group: int | None, key: str) -> str:
    """A column's name in the file.

    >>> name_of(0, "betas[1]"), name_of(None, "batch_size")
    ('0.betas[1]', '.batch_size')
    """
    return f"{'' if group is None else group}.{key}"


def refuse_version(name: str, what: str, version: object, known: int) -> NoReturn:
    """Raises `PassoError` for a file of a version that is not known; only a newer one has a cure.

    >>> refuse_version("run.jsonl", "a trace", 7, 1)
    Traceback (most recent call last):
    ...
    passo.PassoError: 'run.jsonl' is a trace of version 7, this passo reads version 1; write
    pip install --upgrade passo
    """
    newer = isinstance(version, int) and not isinstance(version, bool) and version > known
    need = "; write pip install --upgrade passo" if newer else ""
    raise PassoError(
        f"{name!r} is {what} of version {brief(version)}, this passo reads version {known}{need}"
    )


def column_of(name: str) -> tuple[int | None, str]:
    """The group and the key of a column's name; raises `PassoError` for another name.

    >>> column_of("0.betas[1]"), column_of(".batch_size")
    ((0, 'betas[1]'), (None, 'batch_size'))
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise PassoError(f"a column is called such as '0.lr' or '.batch_size', got {brief(name)}")
    return (int(found[1]) if found[1] else None), found[2]


def token(value: float | None) -> str:
    """A number as JSON.

    >>> token(0.1), token(32), token(float("-inf")), token(None)
    ('0.1', '32', '"-inf"', 'null')
    """
    if value is None:
        return "null"
    if type(value) is int:
        return repr(value)
    value = float(value)
    return repr(value) if math.isfinite(value) else f'"{value!r}"'


def line(**parts: Any) -> str:
    r"""One line of JSON.

    >>> line(clock=3)
    '{"clock":3}\n'
    """
    return json.dumps(parts, separators=(",", ":"), allow_nan=False) + "\n"


def header_line(
    groups: Iterable[str], columns: Iterable[tuple[int | None, str]], plan: Any, run: Any, meta: Any
) -> str:
    """The first line."""
    return line(
        passo="trace",
        version=VERSION,
        groups=list(groups),
        columns=[name_of(*each) for each in columns],
        plan=plan,
        run=run,
        meta=meta,
    )


def planned_line(column: tuple[int | None, str], update: int, plan: Stretch | Forecast) -> str:
    """The line from which on a column follows a schedule."""
    name = name_of(*column)
    return line(planned=name, update=update, schedule=plan.schedule, shift=plan.shift)


def report_line(report: Report) -> str:
    """The line of a report."""
    pairs = ",".join(f"{json.dumps(name)}:{token(value)}" for name, value in report.metrics)
    return f'{{"clock":{report.clock},"report":{{{pairs}}}}}\n'


def event_line(event: Event, stands: str | None = None) -> str:
    """The line of an event; of one that went on under the name `stands`, and is over."""
    named = {} if stands is None else {"stands": stands}
    return line(clock=event.clock, event=event.kind, detail=event.detail, **named)


def so_far_line(clock: int, kind: str, details: Sequence[Any], stands: str) -> str:
    """The line of events of one kind that still go on, as far as they came."""
    return line(clock=clock, event=kind, so_far=plain(details), stands=stands)


def lines(trace: Parts) -> Iterator[str]:
    """Every line of a trace's file."""
    layout = [(each.group, each.key) for each in trace.columns]
    yield header_line(trace.groups, layout, trace.plan, trace.run, trace.meta)
    for each in trace.columns:
        if each.coarse:
            yield line(coarse=name_of(each.group, each.key), buckets=plain(each.coarse))
    told = chain(
        ((each.clock, 0, report_line(each)) for each in trace.reports),
        ((each.clock, 1, event_line(each)) for each in trace.events),
        (
            (each.begin, 2, planned_line(column, each.begin, each))
            for column, its in zip(layout, trace.columns, strict=True)
            for each in its.planned
        ),
    )
    for _, _, text in merge(sorted(told, key=lambda each: each[:2]), _changes(trace.columns)):
        yield text
    yield line(clock=trace.updates, end=True) if trace.complete else line(clock=trace.updates)


def _changes(columns: Iterable[Column]) -> Iterator[tuple[int, int, str]]:
    """The lines that say what changed, with what orders them."""
    streams = [_stream(place, each) for place, each in enumerate(columns)]
    for update, changed in groupby(merge(*streams), key=lambda each: each[0]):
        used = ",".join(text for _, _, text in changed)
        yield update, 3, f'{{"update":{update},"used":{{{used}}}}}\n'


def _stream(place: int, column: Column) -> Iterator[tuple[int, int, str]]:
    """The changes of one column: update, the column's place, the part of the line."""
    name = json.dumps(name_of(column.group, column.key))
    for update, value in zip(column.updates, column.values, strict=True):
        yield update, place, f"{name}:{token(value)}"
