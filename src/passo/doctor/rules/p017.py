"""P017: ranks disagree."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P017"
SAME = 1e-6  # relative: the same sums in another order differ by less


def look(_case: Case) -> Iterator[Finding]:
    """Nothing: one rank cannot know."""
    return iter(())


def across(cases: Sequence[Case]) -> Iterator[Finding]:
    """The first update at which two ranks used different rates."""
    for first, second in combinations(cases, 2):
        most = min(first.updates, second.updates)
        for update in sorted({u for case in (first, second) for u, _ in case.values if u < most}):
            one, two = first.at(update), second.at(update)
            if abs(one - two) > SAME * max(abs(one), abs(two)):
                yield _finding(first, second, update)
                return


def _finding(first: Case, second: Case, update: int) -> Finding:
    ranks = [case.meta.get("rank", "?") for case in (first, second)]
    owner = next((known for known in first.leading if known.hits), None)
    return Finding(
        CODE,
        f"from update {update:,} on rank {ranks[0]} used the rate {first.at(update):.3g} and rank "
        f"{ranks[1]} {second.at(update):.3g}",
        "the replicas drift apart, and nothing tells",
        "the same on every rank: torch.distributed.all_reduce(val_loss) before it is told",
        owner.call if owner is not None else "",
        update,
    )
