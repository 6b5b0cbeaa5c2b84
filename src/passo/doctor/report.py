"""Findings as text for a terminal."""

from __future__ import annotations

import textwrap
import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.doctor.diagnosis import diagnose
from passo.doctor.finding import DoctorWarning
from passo.doctor.planned import shown
from passo.doctor.rules import p017, p023
from passo.ground.errors import PassoError
from passo.ground.terminal import columns

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
    "exit": ", ended by an exit status",
    "terminated": ", terminated",
}
EARLY = {
    "error": "an error ended the script",
    "exit": "the script left by an exit status",
    "interrupt": "the script was interrupted",
    "terminated": "the script was terminated",
}
CUT = ", cut off: its end is missing"


class About(NamedTuple):
    """What is known beside the traces: how many processes trained, the end, backward passes."""

    processes: int = 1
    how: str = "end"
    backward: int = 0

    def nothing(self, traces: Sequence[Trace]) -> str:
        """What to say where nothing was found: that, or why there was nothing to look at."""
        if any(each.updates for each in traces):
            return "nothing found"
        none = "no optimizer made an update"
        idle = sum(int(each.meta.get("idle", 0)) for each in traces)
        skips = sum(e.detail["hits"] for each in traces for e in each.events if e.kind == "skip")
        if skips:
            return f"{none}: GradScaler left out all {skips:,} of them"
        if idle:
            return f"{none}: {idle:,} call{'s' if idle > 1 else ''} of step, none with a gradient"
        if self.how in EARLY:
            return f"{EARLY[self.how]} before any optimizer made an update"
        if self.backward:
            return (
                f"{none}, though losses went backward {self.backward:,} times: step() of an "
                "optimizer was never called, and weights that a script changes by hand are not seen"
            )
        return none


NOTHING_MORE = About()


class Graph(NamedTuple):
    """A trace to be drawn, its name, whether that is needed, and the updates with a code."""

    trace: Trace
    name: str
    title: str | None
    marks: list[tuple[float, str]]


def graphs(traces: Sequence[Trace], found: Sequence[Finding]) -> list[Graph]:
    """Every optimizer that made an update, with the findings that are about it."""
    made = [each for each in traces if each.updates]
    across = [each for each in found if each.code in ACROSS]  # no single trace knows of it
    drawn = []
    for place, (trace, name) in enumerate(zip(made, _names(made), strict=True)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DoctorWarning)  # of a rule that failed: it was told
            own = [*diagnose(trace), *(across if not place else [])]
        marks = [(float(each.update), each.code) for each in own if each.update is not None]
        drawn.append(Graph(trace, name, name if len(made) > 1 else None, marks))
    return drawn


def _names(traces: Sequence[Trace]) -> list[str]:
    """The traces as titles; of several of one class the second is called Adam#2."""
    kinds = [_kind(each) for each in traces]
    numbers = [kinds[: place + 1].count(kind) for place, kind in enumerate(kinds)]
    return [
        f"{kind}{f'#{number}' if number > 1 else ''}, {trace.updates:,} updates"
        for kind, number, trace in zip(kinds, numbers, traces, strict=True)
    ]


def _kind(trace: Trace) -> str:
    return str(trace.meta.get("optimizer", "an optimizer"))


def report(
    target: str,
    traces: Sequence[Trace],
    found: Sequence[Finding],
    about: About = NOTHING_MORE,
) -> str:
    """All of it: what ran, the rates that it used, what the doctor says."""
    lines = [f"passo doctor: {target}{ran(traces, about)}"]
    pictures = graphs(traces, found)
    longest = max(pictures, key=lambda each: each.trace.updates, default=None)
    worth = [each for each in pictures if each.marks or each is longest]
    for picture in worth[:CURVES]:
        lines += ["", curve(picture), ""]
    if not found:
        lines.append(about.nothing(traces))
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
    meant = [line for line in shown(trace) if line.key == "lr"]
    rates = tuple(column for column in trace.columns if column.key == "lr")
    trace = replace(trace, reports=(), columns=rates or trace.columns)
    looks: dict[str, Any] = {
        "width": columns(WIDTH),
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
    wide = columns(WIDTH)
    return textwrap.fill(text, wide, initial_indent=f"  {name:<6}", subsequent_indent=" " * 8)


def ran(traces: Sequence[Trace], about: About = NOTHING_MORE) -> str:
    """How many updates of which optimizers, and how the run ended, as the rest of a line."""
    alike = Counter((trace.updates, _kind(trace)) for trace in traces if trace.updates)
    made = [
        f"{updates:,} updates of {f'each of {many} {kind} optimizers' if many > 1 else kind}"
        for (updates, kind), many in alike.items()
    ]
    apart = f", in each of {about.processes} processes" if about.processes > 1 else ""
    how = {_end(trace) for trace in traces} - {""} if made else set()
    return (", " if made else "") + ", ".join(made) + apart + "".join(sorted(how))


def _end(trace: Trace) -> str:
    return ENDS.get(str(trace.meta.get("ended")), "") if trace.complete else CUT
