"""Which traces a reader is shown, and where each was found fault with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from passo.doctor.diagnosis import diagnose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.trace import Trace

RANKS: Final = "P017"  # said of several traces at once: no single one knows of it


class Shown(NamedTuple):
    """A trace, its title where there are several, and the updates with a code."""

    trace: Trace
    title: str | None
    marks: list[tuple[float, str]]


def shown(traces: Sequence[Trace], found: Sequence[Finding]) -> list[Shown]:
    """Every optimizer that made an update, with the findings that are about it."""
    made = [each for each in traces if each.updates]
    across = [each for each in found if each.code == RANKS]
    told = []
    for place, trace in enumerate(made):
        own = [*diagnose(trace), *(across if not place else [])]
        marks = [(float(each.update), each.code) for each in own if each.update is not None]
        told.append(Shown(trace, name(trace) if len(made) > 1 else None, marks))
    return told


def name(trace: Trace) -> str:
    """A trace as a title."""
    return f"{trace.meta.get('optimizer', 'an optimizer')}, {trace.updates:,} updates"
