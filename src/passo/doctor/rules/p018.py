"""P018: more than one update at rate zero, or one after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P018"
FREE = 1  # update: a ramp that starts at 0 gives update 0 the rate 0, here and elsewhere


def look(case: Case) -> Iterator[Finding]:
    """Updates at which every group had the rate zero."""
    spans = list(_zeros(case))
    count = sum(end - begin for begin, end in spans)
    if not count or (count <= FREE and spans[0][0] == 0):
        return
    begin, end = max(spans, key=lambda span: span[1] - span[0])
    owner = max(case.leading, key=lambda known: known.hits, default=None)
    yield Finding(
        CODE,
        f"{count:,} of {case.updates:,} updates had the rate 0, {begin:,} to {end - 1:,} in a row",
        "each of them costs a forward and a backward and changes nothing",
        "a warm-up that starts above 0 and is counted in updates: (step + 1) / warmup",
        owner.where if owner is not None else "",
        begin,
    )


def _zeros(case: Case) -> Iterator[tuple[int, int]]:
    """The spans of updates in which all rates are 0."""
    rates = [each for each in case.trace.columns if each.key == "lr" and each.values]
    if not rates or not any(value for each in rates for value in each.values):
        return
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
