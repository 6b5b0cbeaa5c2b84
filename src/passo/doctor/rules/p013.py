"""P013: a jump at a hand-over, larger than either side explains."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.doctor.edits import jumps
from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P013"
HABIT = 2  # changes by the script: one is an edit, two are a side


class Phase(NamedTuple):
    """A writer, and the updates from and up to which it wrote the rate."""

    by: Any
    begin: int
    end: int


def look(case: Case) -> Iterator[Finding]:
    """Where one writer of the rate takes over from another, the rate should join."""
    phases = _phases(case)
    for old, new in pairwise(phases):
        places = [k for k, (update, _) in enumerate(case.values) if update == new.begin]
        if old.by == "script":
            places += [k for k, (u, _) in enumerate(case.values) if old.begin < u < new.begin][-1:]
        found = [k for k in places if jumps(case, k) and not _explained(case, old, new, k)]
        if found and not _together(case, old, new):
            yield _finding(case, old, new, found[0])
            return


def _phases(case: Case) -> list[Phase]:
    turns = [(each.clock, _leader(case, each.detail["by"])) for each in case.events("turn")]
    found: list[Phase] = []
    ends = [*(clock for clock, _ in turns[1:]), case.updates]
    for (begin, by), end in zip(turns, ends):  # noqa: B905 (no turns, no end)
        few = sum(begin <= update < end for update, _ in case.values) < HABIT
        if by in ("load", "optimizer") or (by == "script" and few):
            continue
        if found and found[-1].by == by:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Phase(by, begin, end))
    return found


def _leader(case: Case, by: Any) -> Any:
    """A writer; one inside another that wrote while it was built is that other one."""
    if isinstance(by, list):
        return tuple(by)
    for known in case.leading:
        if by in known.inside:
            return (known.number, 0)
    return by


def _explained(case: Case, old: Phase, new: Phase, k: int) -> bool:
    """The release of a ConstantLR, a drop by gamma, a restart by a twin: those are meant.

    So is a scheduler that was built in the middle of the run: a new phase begins there.
    """
    sides = [_part(case, each.by) for each in (old, new)]
    if sides[1] is not None and sides[1].begun > 0:
        return True
    ratio = case.values[k][1] / case.values[k - 1][1]
    if None not in sides and sides[0].kind == sides[1].kind:  # type: ignore[union-attr]
        return True
    factors = [s.plan.get(name) for s in sides if s is not None for name in ("factor", "gamma")]
    close = [abs(ratio * each - 1) < 0.05 for each in factors if isinstance(each, float)]
    return any(close) or any(
        abs(ratio / each - 1) < 0.05 for each in factors if isinstance(each, float) and each
    )


def _together(case: Case, old: Phase, new: Phase) -> bool:
    """Whether both schedulers go on advancing: who chains them means the product of both."""
    first, second = (_known(case, each.by) for each in (old, new))
    if first is None or second is None or first is second:
        return False
    (begin, end), (start, stop) = first.span, second.span
    return begin < new.begin <= end and start <= new.begin < stop


def _known(case: Case, by: Any) -> Known | None:
    return next((each for each in case.leading if each.wrote(by)), None)


def _part(case: Case, by: Any) -> Known | None:
    if not isinstance(by, tuple):
        return case.by_number(by) if isinstance(by, int) else None
    known = case.by_number(by[0])
    for place in by[1:]:
        known = known.parts[place] if known is not None and place < len(known.parts) else known
    return known


def _name(case: Case, by: Any) -> str:
    known = _part(case, by)
    return ("the script" if by == "script" else "a plan of passo") if known is None else known.kind


def _finding(case: Case, old: Phase, new: Phase, k: int) -> Finding:
    update, after = case.values[k]
    before = case.values[k - 1][1]
    part = _part(case, new.by) or _part(case, old.by)
    return Finding(
        CODE,
        f"where {_name(case, new.by)} takes over from {_name(case, old.by)}, the rate jumps from "
        f"{before:.3g} to {after:.3g} at update {update:,}, "
        f"{max(before, after) / min(before, after):.3g} times",
        "the two sides were not made to meet: training gets a shock that nobody planned",
        f"let the first side end at {after:.3g}, or the second begin at {before:.3g}",
        part.where if part is not None else "",
        update,
    )
