"""Findings as text for a terminal."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.doctor.diagnosis import diagnose
from passo.doctor.finding import DoctorWarning
from passo.doctor.planned import planned
from passo.doctor.rules import p017, p023
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.trace import Trace

WIDTH = 96
CURVES = 3  # a screenful each
ACROSS = (p017.CODE, p023.CODE)
ENDS = {
    "end": "",
    "error": ", ended by an error",
    "interrupt": ", interrupted",
    "limit": ", stopped by --max-updates",
}


class Graph(NamedTuple):
    """A trace to be drawn, its title where there are several, and the updates with a code."""

    trace: Trace
    title: str | None
    marks: list[tuple[float, str]]


def graphs(traces: Sequence[Trace], found: Sequence[Finding]) -> list[Graph]:
    """Every optimizer that made an update, with the findings that are about it."""
    made = [each for each in traces if each.updates]
    across = [each for each in found if each.code in ACROSS]  # no single trace knows of it
    drawn = []
    for place, trace in enumerate(made):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DoctorWarning)  # of a rule that failed: it was told
            own = [*diagnose(trace), *(across if not place else [])]
        marks = [(float(each.update), each.code) for each in own if each.update is not None]
        drawn.append(Graph(trace, name(trace) if len(made) > 1 else None, marks))
    return drawn


def name(trace: Trace) -> str:
    """A trace as a title."""
    return f"{trace.meta.get('optimizer', 'an optimizer')}, {trace.updates:,} updates"


def report(target: str, traces: Sequence[Trace], found: Sequence[Finding]) -> str:
    """All of it: what ran, the rates that it used, what the doctor says."""
    lines = [f"passo doctor: {target}{ran(traces)}"]
    pictures = graphs(traces, found)
    longest = max(pictures, key=lambda each: each.trace.updates, default=None)
    worth = [each for each in pictures if each.marks or each is longest]
    for picture in worth[:CURVES]:
        lines += ["", curve(picture), ""]
    if not found:
        lines.append("nothing found" if traces else "no optimizer made an update")
        return "\n".join(lines)
    lines.append(f"{len(found)} finding{'s' if len(found) > 1 else ''}")
    for each in found:
        lines += ["", *entry(each)]
    return "\n".join(lines)


def entry(finding: Finding) -> list[str]:
    """One finding: code and place, then the three texts."""
    rows = [("seen", finding.seen), ("why", finding.why), ("write", finding.write)]
    return [f"{finding.code}  {finding.where}".rstrip(), *(_row(*each) for each in rows)]


def curve(each: Graph, height: int = 17) -> str:
    """The rate that each update used, in short, and what it was to be."""
    from passo.plot import draw

    trace = each.trace
    meant = [line for line in planned(trace) if line.key == "lr"]
    rates = tuple(column for column in trace.columns if column.key == "lr")
    trace = replace(trace, reports=(), columns=rates or trace.columns)
    looks: dict[str, Any] = {
        "width": WIDTH,
        "marks": each.marks,
        "title": each.title,
        "planned": meant if rates else (),
    }
    text: str
    try:
        text = draw(trace, backend="terminal", height=height, **looks)
    except PassoError:
        text = draw(trace, backend="terminal", **looks)
    return text


def _row(name: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {name:<6}", subsequent_indent=" " * 8)


def ran(traces: Sequence[Trace]) -> str:
    """How many updates of which optimizers, and how the run ended, as the rest of a line."""
    made = [
        f"{trace.updates:,} updates of {trace.meta.get('optimizer', 'an optimizer')}"
        for trace in traces
        if trace.updates
    ]
    how = {ENDS.get(str(trace.meta.get("ended")), "") for trace in traces} - {""}
    return (", " if made else "") + ", ".join(made) + "".join(sorted(how))
