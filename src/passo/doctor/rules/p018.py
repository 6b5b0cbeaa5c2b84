"""P018: more than one update at rate zero, or one after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.rules.p001 import brings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P018"
WHY = "each of them costs a forward and a backward and changes nothing"
FREE = 1  # update: a ramp that starts at 0 gives update 0 the rate 0, here and elsewhere


def look(case: Case) -> Iterator[Finding]:
    """Updates at which every group had the rate zero.

    One at the end is all that an advance before each update brings about, and P001 says so; an
    epoch at zero is another harm than values that come an epoch early.
    """
    spans = list(_zeros(case))
    count = sum(end - begin for begin, end in spans)
    if not count or (count <= FREE and spans[0][0] == 0):
        return
    begin, end = max(spans, key=lambda span: span[1] - span[0])
    owner = max(case.leading, key=lambda known: known.hits, default=None)
    early = owner is not None and brings(case, owner, begin)
    if count <= FREE and early:
        return
    edits = [str(e.detail["where"]) for e in case.recurrences("edit") if e.detail["key"] == "lr"]
    many = f"{count:,} of {case.updates:,}" if count < case.updates else f"all {count:,}"
    yield Finding(
        CODE,
        f"{many} updates had the rate 0, those from {begin:,} to {end - 1:,} in a row",
        WHY,
        _write(case, owner, begin, end, early=early),
        owner.where if owner is not None else next(iter(edits), ""),
        begin,
    )


def _write(case: Case, owner: Known | None, begin: int, end: int, *, early: bool) -> str:
    if end - begin == case.updates and case.events("load"):
        return (
            "what was loaded had come to 0: set 'lr' in each of optimizer.param_groups, remove "
            "'initial_lr' there, and build a new scheduler for the advances that are left"
        )
    if end - begin == case.updates:
        return "a rate above 0 for the optimizer, and the scheduler's step() if one was to set it"
    if end < case.updates and begin:
        return "a value above 0 there: eta_min=, or max(floor, ...) in a function"
    if end < case.updates:
        return "a warm-up that starts above 0 and is counted in updates: (step + 1) / warmup"
    return _ending(case, owner, begin, early=early)


def _ending(case: Case, owner: Known | None, begin: int, *, early: bool) -> str:
    """What to write where the run ends at zero."""
    if owner is None or not owner.hits:
        return (
            f"a decay that comes to 0 when the run ends and not at update {begin:,}: 1 - "
            f"{_share(case)}, counted from 0"
        )
    if early:
        return (
            "the scheduler's step() after the updates and not before them, so that 0 comes after "
            f"the last update and not at update {begin:,}"
        )
    # the value at 0 belongs to the advance after the last update
    return (
        f"a decay that is {owner.position:,.0f} advances long, those of the run, so that 0 comes "
        f"after the last update and not at update {begin:,}"
    )


def _share(case: Case) -> str:
    """What of the run is gone, in what the line that writes the rate counts.

    It may write for several epochs at once: for a rollout, of which each epoch is one more pass.
    """
    edits = [each for each in case.recurrences("edit") if each.detail["key"] == "lr"]
    if case.epochs <= 1 or sum(each.hits for each in edits) > case.epochs:
        return f"step / {case.updates}"
    every = max(edits, key=lambda each: each.hits).every if edits else 0
    turns = round(case.updates / every) if every else case.epochs
    return f"iteration / {turns}" if turns < case.epochs else f"epoch / {case.epochs}"


def _zeros(case: Case) -> Iterator[tuple[int, int]]:
    """The spans of updates in which all rates are 0."""
    rates = [each for each in case.trace.columns if each.key == "lr" and each.values]
    now: dict[int, float | None] = {}
    changes = sorted(
        (update, place, value)
        for place, each in enumerate(rates)
        for update, value in zip(each.updates, each.values, strict=True)
        if value is not None
    )
    begin = None
    for k, (update, place, value) in enumerate(changes):
        now[place] = value
        if k + 1 < len(changes) and changes[k + 1][0] == update:
            continue
        zero = not any(now.values())
        if zero and begin is None:
            begin = update
        elif not zero and begin is not None:
            yield begin, update
            begin = None
    if begin is not None:
        yield begin, case.updates
