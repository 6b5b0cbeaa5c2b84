"""From traces to findings."""

from __future__ import annotations

import traceback
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.case import Case
from passo.doctor.finding import DoctorWarning
from passo.doctor.rules import RULES, p017, p023
from passo.doctor.rules.p025 import need_law
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from passo.doctor.finding import Finding
    from passo.law import Law

# What a fault brings about is not a fault of its own: the cause is told, its consequences are not.
BRINGS: Final = {
    "P001": ("P014",),
    "P002": ("P018", "P025"),
    "P003": ("P001", "P005", "P006", "P018", "P021", "P025"),
    "P004": ("P007", "P018", "P025"),
    "P005": ("P018", "P025"),
    "P006": ("P018", "P025"),
    "P007": ("P025",),
    "P011": ("P006", "P012", "P022"),
    "P012": ("P006",),
    "P014": ("P007",),
    "P015": ("P005", "P006", "P007"),
    "P016": ("P001", "P003", "P005", "P007"),
    "P021": ("P005", "P006", "P018", "P025"),
    "P022": ("P006", "P012"),
}


def diagnose(traces: Trace | Sequence[Trace], *, law: Law | None = None) -> list[Finding]:
    """What is wrong with the runs of one process, in the order of the codes: each by its trace.

    With a `law` of recorded runs, a cooldown that it predicts worse than another is a finding too.

    A rule that fails is a fault of passo, and no harm to a run: it is told as a `DoctorWarning`,
    and the others look on.

    >>> from passo.trace import Column, Trace
    >>> diagnose(Trace(3, ("all",), (Column(0, "lr", (0,), (0.1,)),)))
    []
    """
    several: list[Any] = list(traces) if isinstance(traces, (list, tuple)) else [traces]
    for each in several:
        if not isinstance(each, Trace):
            msg = f"diagnose needs a Trace, or several, got {brief(each)}; write Trace.load(path)"
            raise PassoError(msg)
    need_law(law)
    cases = [Case(trace.sampled(), law) for trace in several]
    found = _once([finding for case in cases for finding in _of_one(case)])
    found += _looked(p023.CODE, p023.beside, cases)
    return sorted(found, key=lambda finding: finding.code)


def compare_ranks(ranks: Sequence[Sequence[Trace]]) -> list[Finding]:
    """Where the traces of several ranks disagree: one sequence of traces for each rank."""
    pairs = zip(*ranks)  # noqa: B905 (a rank may have died early)
    cases = ([Case(trace.sampled()) for trace in pair] for pair in pairs)
    return [found for each in cases for found in _looked(p017.CODE, p017.across, each)]


def _once(found: list[Finding]) -> list[Finding]:
    """One finding for each code and place: a scheduler built again and again is one fault."""
    first: dict[tuple[str, str], Finding] = {}
    more: dict[tuple[str, str], int] = {}
    for each in found:
        key = (each.code, each.where)
        more[key] = more.get(key, -1) + 1
        first.setdefault(key, each)
    return [
        replace(each, seen=f"{each.seen} (and {more[key]} more like it)") if more[key] else each
        for key, each in first.items()
    ]


def _of_one(case: Case) -> list[Finding]:
    return causes([found for rule in RULES for found in _looked(rule.CODE, rule.look, case)])


def _looked(code: str, look: Callable[[Any], Iterable[Finding]], at: Any) -> list[Finding]:
    """What a rule finds; of one that fails nothing, and a warning."""
    try:
        return list(look(at))
    except Exception as error:  # noqa: BLE001 (a rule may meet a trace that nobody thought of)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        text = (
            f"{code} failed at {Path(frame.filename).name}:{frame.lineno} ({error!r}), and the "
            "other rules looked on; that is a fault of passo: write an issue, with the trace that "
            "passo doctor --record FOLDER keeps"
        )
        warnings.warn(text, DoctorWarning, stacklevel=2)
        return []


def causes(found: list[Finding]) -> list[Finding]:
    """The findings without those that another one of them brings about."""
    codes = {finding.code for finding in found}
    brought = {code for cause in codes for code in BRINGS.get(cause, ())}
    return [finding for finding in found if finding.code not in brought]
