"""P003: advanced k > 1 times for each update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known
    from passo.doctor.recurrence import Recurrence

CODE = "P003"
OFTEN = 1.5  # advances where there is one update: every other update advanced twice
EACH = 0.95  # of the updates: what a line advances that belongs to each of them
CLOCKS = 2  # once may be a catch-up; twice is the loop
FITS = 0.02  # of the length: a plan that was counted in these advances ends with the run


def look(case: Case) -> Iterator[Finding]:
    """More advances than updates, where the plan was not counted in them."""
    for known in case.leading:
        clocks = known.clocks
        twice = _twice(known)
        if twice is not None and not _legal(known) and not _fits(known):
            yield twice
            continue
        if known.plateau or clocks < CLOCKS or _legal(known):
            continue
        often = known.often
        if often < OFTEN or _fits(known):
            continue
        each = clocks >= EACH * known.updates
        among = f"for {known.updates:,}" if each else f"at {clocks:,} different"
        yield Finding(
            CODE,
            f"{known.kind} advanced {known.hits:,} times {among} updates, {often:.3g} times for "
            "each",
            "the schedule runs that much faster than the training that it is for",
            "scheduler.step() right after optimizer.step(), under the same if",
            known.call,
        )


def _twice(known: Known) -> Finding | None:
    """Two lines advance it: one for each update, and another one again and again beside it."""
    sites: dict[str, list[Recurrence]] = {}
    for each in known.advances:
        if each.detail.get("moved"):
            sites.setdefault(str(each.detail["where"]), []).append(each)
    counts = {where: sum(each.hits for each in several) for where, several in sites.items()}
    ordered = sorted(counts, key=lambda where: counts[where], reverse=True)
    if known.plateau or len(ordered) < 2:
        return None
    often, again = ordered[:2]
    times = sum(each.times for each in sites[again])
    if counts[often] < EACH * known.updates or times < CLOCKS or known.gained <= known.updates:
        return None
    return Finding(
        CODE,
        f"{known.kind} is advanced by two lines: {counts[often]:,} times at {often} and "
        f"{counts[again]:,} times at {again}, {known.hits:,} advances for {known.updates:,} "
        "updates",
        "where both lines come together the schedule runs ahead of the training",
        f"remove one of them: the one at {again}, if the plan is counted in updates",
        again,
    )


def _legal(known: Known) -> bool:
    """Accelerate advances once for each process, on purpose."""
    return any(each.detail.get("through") == "accelerate" for each in known.advances)


def _fits(known: Known) -> bool:
    """It came to its length, which is not the number of updates: it was counted in advances."""
    length = known.length
    if length is None or known.goes_on:
        return False
    near = max(1.0, FITS * length)
    return abs(known.position - length) <= near < abs(known.updates - length)
