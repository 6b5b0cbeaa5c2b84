"""P008: two writers on one field."""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING, Final

from passo.doctor.edits import meddling
from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P008"
HABIT = 2  # edits: one may be a rescue, two are a second schedule
PACES = 2.0  # times: one of two is advanced for each update, the other one for each epoch
WHY = "whoever writes last wins, and what the other one did is lost"
WRITE: Final = (
    "one schedule for the field: SequentialLR for one after the other, a product in one LambdaLR "
    "for both at once"
)


def look(case: Case) -> Iterator[Finding]:
    """Schedulers that overwrite each other, or a scheduler and the script itself.

    Two of torch's schedulers that start from the rate that is there may be chained by hand: they
    multiply. What computes its value from the base alone erases whatever another one wrote, and
    two that are the same are one too many.
    """
    writers = [known for known in case.leading if known.hits]
    for first, second in combinations(writers, 2):
        if not _overlap(first, second):
            continue
        if False in (first.reads_rate, second.reads_rate):
            yield _between(case, first, second)
            return
        if _twins(first, second) or _cosines(first, second):
            yield _twice(first, second)
            return
    if case.attached and writers:
        seen = f"a plan of passo and {writers[0].kind} both write the rate"
        yield Finding(CODE, seen, WHY, WRITE, writers[0].call)
        return
    yield from islice((each for known in writers for each in _by_hand(case, known)), 1)


def _by_hand(case: Case, known: Known) -> Iterator[Finding]:
    """The script writes what a scheduler owns, again and again."""
    edits = meddling(case, known, "lr")
    hits = sum(each.hits for each in edits)
    if hits < HABIT:
        return
    where = str(edits[0].detail["where"])
    seen = (
        f"{known.kind} ({known.where}) advanced {known.hits:,} times and the script itself "
        f"({where}) wrote the rate before {hits:,} updates"
    )
    apart = hits >= PACES * known.hits
    yield Finding(CODE, seen, WHY, _by_updates(case) if apart else WRITE, where)


def _overlap(first: Known, second: Known) -> bool:
    (begin, end), (start, stop) = first.span, second.span
    return max(begin, start) < min(end, stop)


def _twins(first: Known, second: Known) -> bool:
    """Whether one was made from the other by copy and paste."""
    inside = zip(first.parts, second.parts, strict=True)
    return (
        (first.kind, first.given, first.begun) == (second.kind, second.given, second.begun)
        and len(first.parts) == len(second.parts)
        and not first.plateau
        and "lr_lambda" not in first.given  # of a function the trace knows the name alone
        and all(_twins(*pair) for pair in inside)
    )


def _cosines(first: Known, second: Known) -> bool:
    """Two recursions of which each takes the value that is there for its own last one."""
    both = all(each.is_a("CosineAnnealingLR") for each in (first, second))
    return both and first.begun == second.begun


def _between(case: Case, first: Known, second: Known) -> Finding:
    erasing = [each.where for each in (first, second) if each.reads_rate is False]
    one = f"the one built at {erasing[0]} computes its value"
    erases = one if len(erasing) == 1 else "each computes its value"
    low, high = sorted((first.hits, second.hits))
    return Finding(
        CODE,
        f"{first.kind} ({first.where}, {first.hits:,} advances) and {second.kind} "
        f"({second.where}, {second.hits:,}) both write the rate, and {erases} from the base alone",
        WHY,
        _by_updates(case) if high >= PACES * low else WRITE,
        second.call,
    )


def _twice(first: Known, second: Known) -> Finding:
    return Finding(
        CODE,
        f"two {first.kind} ({first.where} and {second.where}) advance on one optimizer, "
        f"{first.hits:,} and {second.hits:,} times",
        "each goes on from what the other one wrote: the rate falls faster than either says",
        f"the optimizer that the second one is for: {second.kind}(other_optimizer, ...)",
        second.where,
    )


def _by_updates(case: Case) -> str:
    """One writes for each update, the other one for each epoch: both have to count the same."""
    length = f" of {round(case.updates / case.epochs):,} updates" if case.epochs > 1 else ""
    return (
        f"one schedule, stepped after each update, that counts epochs{length} in updates too: "
        "SequentialLR for one after the other, a product in one LambdaLR for both at once"
    )
