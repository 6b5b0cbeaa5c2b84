"""P009: the field was edited from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.doctor.edits import meddling
from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P009"
CYCLES: Final = ("OneCycleLR", "CyclicLR")  # these own the momentum too


def look(case: Case) -> Iterator[Finding]:
    """A line of the script that writes a field which a scheduler owns."""
    edits = [each for each in case.recurrences("edit") if each.detail["by_script"]]
    for key in dict.fromkeys(str(each.detail["key"]) for each in edits):
        ours = [each for each in edits if each.detail["key"] == key]
        owner = next((each for each in case.leading if _owns(each, key)), None)
        if owner is not None:
            ours = meddling(case, owner, key)
        name = "a plan of passo" if owner is None else owner.kind
        if not ours or (owner is None and not (case.attached and key in (case.trace.plan or ""))):
            continue
        hits = sum(each.hits for each in ours)
        first = ours[0].begin
        value = f", which then used {case.at(first):.3g}" if key == "lr" else ""
        yield Finding(
            CODE,
            f"the script wrote {key!r} before {hits:,} update{'s' if hits > 1 else ''}, first "
            f"before update {first:,}{value}; {name} owns that field",
            "the schedule that one reads in the code is not the one that ran",
            "leave the field to its scheduler: build the change into the schedule",
            str(ours[0].detail["where"]),
            first,
        )


def _owns(known: Known, key: str) -> bool:
    if not known.hits:
        return False
    if key in ("momentum", "betas"):
        return any(e.is_a(*CYCLES) and e.plan.get("cycle_momentum") for e in [known, *known.parts])
    return key == "lr"
