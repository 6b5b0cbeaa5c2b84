"""P020: building a scheduler changed a field that nobody named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P020"
USUAL = {  # what everybody writes: only another number was chosen, and no momentum at all in Adam
    "momentum": (0.0, 0.9),
    "betas[0]": (0.9,),
}
NAMES = ("cycle_momentum", "base_momentum", "max_momentum")  # who writes one of them means it


def look(case: Case) -> Iterator[Finding]:
    """A scheduler for the rate whose constructor replaced a momentum that somebody had chosen."""
    for known in case.schedulers:
        changed = [
            (name, known.before[name], value)
            for name, value in known.after.items()
            if _chosen(known, name, known.before.get(name, value), value)
        ]
        if not changed or any(name in known.named for name in NAMES):
            continue
        name, old, new = changed[0]
        group, _, key = name.partition(".")
        yield Finding(
            CODE,
            f"building {known.kind} changed {key} of param group {group} from {old:.6g} to "
            f"{new:.6g}",
            "it cycles the momentum unless it is told not to, and the value you gave is gone",
            f"{known.kind}(..., cycle_momentum=False), or base_momentum=..., max_momentum=...",
            known.where,
            known.begun,
        )


def _chosen(known: Known, name: str, old: float, new: float) -> bool:
    """Whether somebody wrote it: another number than usual, or a pair that is not the class's."""
    group, _, key = name.partition(".")
    if key == "lr" or old == new:
        return False
    pair = known.usual.get("betas") if key == "betas[0]" else None
    other = isinstance(pair, list) and known.before.get(f"{group}.betas[1]") != pair[1]
    return other or old not in USUAL.get(key, ())
