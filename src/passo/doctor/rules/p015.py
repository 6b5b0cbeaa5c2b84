"""P015: the checkpoint's plan is not today's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from passo.doctor.finding import Finding
from passo.doctor.replay import set_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P015"
WRITE: Final = (
    "build it as it was saved; to train on by another plan, do not load the scheduler: set 'lr' in "
    "each of optimizer.param_groups, remove 'initial_lr' there, and build a new one for the "
    "advances that are left"
)


def look(case: Case) -> Iterator[Finding]:
    """Loading a scheduler's state changed the parameters that it was built with."""
    for event in case.events("load"):
        if event.detail["what"] != "scheduler":
            continue
        pairs = _pairs(event.detail["plan before"], event.detail["plan after"])
        known = case.by_number(event.detail["scheduler"])
        if pairs and (known is None or not set_again(known, event, case.column, case.last)):
            name = "the scheduler" if known is None else known.kind
            changes = ", ".join(f"{key} {old!r} became {new!r}" for key, old, new in pairs[:4])
            yield Finding(
                CODE,
                f"loading its state changed {name}: {changes}",
                "the run follows the checkpoint's plan, and what the script says is ignored",
                WRITE,
                str(event.detail["where"]),
                event.clock,
            )


def _pairs(before: list[Any], after: list[Any]) -> list[tuple[str, Any, Any]]:
    """What differs, of a plan and of the plans inside."""
    old, new = before[0], after[0]
    names = [name for name in {**old, **new} if name != "base_values"]
    found = [(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]
    for inner, outer in zip(before[1:], after[1:]):  # noqa: B905 (as many as there are in both)
        found += _pairs(inner, outer)
    return found
