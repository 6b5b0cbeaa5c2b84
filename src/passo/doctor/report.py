"""Findings as text for a terminal."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from passo.doctor.planned import planned
from passo.doctor.shown import shown
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.doctor.shown import Shown
    from passo.trace import Trace

WIDTH = 96
CURVES = 3  # a screenful each
ENDS = {
    "end": "",
    "error": ", ended by an error",
    "interrupt": ", interrupted",
    "limit": ", stopped by --max-updates",
}


def report(target: str, traces: Sequence[Trace], found: Sequence[Finding]) -> str:
    """All of it: what ran, the rates that it used, what the doctor says."""
    lines = [f"passo doctor: {target}{ran(traces)}"]
    pictures = shown(traces, found)
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
    told = [("seen", finding.seen), ("why", finding.why), ("write", finding.write)]
    return [f"{finding.code}  {finding.where}".rstrip(), *(_told(*each) for each in told)]


def curve(each: Shown, height: int = 17) -> str:
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
    try:
        return draw(trace, backend="terminal", height=height, **looks)
    except PassoError:
        return draw(trace, backend="terminal", **looks)


def _told(name: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {name:<6}", subsequent_indent=" " * 8)


def ran(traces: Sequence[Trace]) -> str:
    """How many updates of which optimizers, and how the run ended, as the rest of a line."""
    told = [
        f"{trace.updates:,} updates of {trace.meta.get('optimizer', 'an optimizer')}"
        for trace in traces
        if trace.updates
    ]
    how = {ENDS.get(str(trace.meta.get("ended")), "") for trace in traces} - {""}
    return (", " if told else "") + ", ".join(told) + "".join(sorted(how))
