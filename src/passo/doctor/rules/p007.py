"""P007: the run ended before the plan did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.edits import Endless, endless
from passo.doctor.finding import Finding
from passo.doctor.known import RESTARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P007"
UNSEEN = "and its end was never seen"
SHORT = 0.02  # of the length, and more than one advance: loops leave the very last one out
NEAR = 0.05  # of swa_lr: who averages so near to it has what was meant
ANEW = 3  # schedulers that one line built in turn: two of them may be two phases
ONCE = "{}(...) once, above the loop, and not within it"


def look(case: Case) -> Iterator[Finding]:
    """A scheduler, or a plan of passo, of known length that the run did not get through.

    Where a `break` of the script left the loop the plan was meant for the whole of it.
    """
    if not case.finished or case.left or not case.updates:
        return
    most = case.meta.get("planned")
    came = case.updates + case.meta.get("ahead", 0)  # a resumed run began in the midst of it
    if most is not None and _misses(most, came):
        write = f"a plan of {came:,} updates, which is what the run makes, or a longer run"
        yield _short_of(case, "the plan", most, came, UNSEEN, write)
    by_hand = endless(case)
    if by_hand is not None and _misses(by_hand.length, case.updates):
        yield _rising(case, by_hand)
    yield from _annealing(case)
    for known in case.leading:
        if _begins_anew(case, known):
            yield _anew(case, known)
            continue
        if not known.inside and (end := known.rises_until) and _misses(end, known.position):
            yield _warming(case, known, end)
            continue
        length = known.length or known.first_cycle
        if length is None or not known.gained:
            continue
        skipped = sum(each.hits for each in case.recurrences("skip"))  # waited for, as it should be
        if not _misses(length, known.position + skipped) or _relieved(case, known):
            continue
        fall = known.first_fall
        if fall is not None and known.position < fall:
            yield _flat(case, known, fall)
        else:
            yield _finding(case, known, length)


def _misses(length: float, came: float) -> bool:
    return length - came > max(1.0, SHORT * length)


def _begins_anew(case: Case, known: Known) -> bool:
    """Whether it is the last of several, none of which got through, or had any effect."""
    if known.plateau or case.built_anew(known) < ANEW:
        return False
    if known.length is None:
        return len(case.values) == 1
    return _misses(known.length, known.position)


def _anew(case: Case, known: Known) -> Finding:
    """A schedule that is built within the loop that it is for."""
    came, many = f"{known.position:,.6g}", case.built_anew(known)
    how_far = f"the rate was {case.last:.3g} throughout"
    if known.length is not None:
        how_far = (
            f"the last one came to {came} of {known.length:,.6g} advances, and the last rate was "
            f"{case.last:.3g}"
        )
    return Finding(
        CODE,
        f"one line built {many} {known.kind} one after another, and each began anew: {how_far}",
        "a schedule that begins anew in each epoch never gets beyond its first",
        ONCE.format(known.kind),
        known.where,
        case.updates,
    )


def _flat(case: Case, known: Known, fall: float) -> Finding:
    """A staircase whose first fall lies beyond the run."""
    made = f"{known.position:,.6g}"
    name = "step_size" if known.is_a("StepLR") else "milestones"
    return Finding(
        CODE,
        f"the first fall of {known.kind} is at advance {fall:,.6g} and the run makes {made}: the "
        f"rate was {case.last:.3g} throughout",
        "the schedule has no effect: the rate never falls",
        f"{name} below {known.position:.0f}",
        known.where,
        case.updates,
    )


def _warming(case: Case, known: Known, end: float) -> Finding:
    """A warm-up that the run did not get through."""
    name = "num_warmup_steps" if "num_warmup_steps" in known.partial else "total_iters"
    name = "step_size_up" if known.is_a("CyclicLR") else name
    made = f"{known.position:,.6g}"
    often = f", or scheduler.step() after each of the {case.updates} updates"
    return Finding(
        CODE,
        f"the run ended at {known.position / end:.1%} of the warm-up of {known.kind} ({made} of "
        f"{end:,.6g} advances): the last rate was {case.last:.3g}, still rising",
        "the rate that the warm-up leads to was never used",
        f"a {name} well below {known.position:.0f}{often if case.updates >= end else ''}",
        known.where,
        case.updates,
    )


def _annealing(case: Case) -> Iterator[Finding]:
    """An averaging whose rate the run did not get to."""
    for known in case.leading:
        if known.anneals is None or not known.gained or _relieved(case, known):
            continue
        over, goal = known.anneals
        if _misses(over, known.position) and abs(case.last - goal) > NEAR * goal:
            yield Finding(
                CODE,
                f"the run ended at {known.position / over:.1%} of the way of {known.kind} to its "
                f"swa_lr ({known.position:,.6g} of {over:,.6g} advances): the last rate was "
                f"{case.last:.3g}, and swa_lr is {goal:.3g}",
                "the rate that the weights are to be averaged at was never reached",
                f"an anneal_epochs well below {known.position:.0f}, or a longer run",
                known.where,
                case.updates,
            )


def _rising(case: Case, found: Endless) -> Finding:
    """A warm-up by hand that the run did not get through."""
    return Finding(
        CODE,
        f"the run ended at {case.updates / found.length:.1%} of a warm-up by hand "
        f"({case.updates:,} of {found.length:,.0f} updates): the last rate was {case.last:.3g}, "
        f"still rising to the {found.goal:.3g} that the optimizer was built with",
        "the rate that the warm-up leads to was never used",
        f"a warm-up well below {case.updates:,} updates, or a longer run",
        found.where,
        case.updates,
    )


def _relieved(case: Case, known: Known) -> bool:
    """Whether another scheduler, or the script, took over for good, before its end."""
    last = known.span[1]
    edits = [
        e for e in case.recurrences("edit") if e.detail["by_script"] and e.detail["key"] == "lr"
    ]
    return any(last <= each.begin < case.updates for each in edits) or any(
        each.hits and each.span[0] >= last and each.span[1] > last and each is not known
        for each in case.leading
    )


def _finding(case: Case, known: Known, length: float) -> Finding:
    floor, came = _floor(known), known.position
    if floor is None:
        against = UNSEEN
    elif floor > 0:
        against = f"{case.last / floor:.3g} times the floor of {floor:.3g}"
    else:
        against = f"{case.last / case.peak:.2%} of the peak, and its floor is 0"
    write = f"{known.lasting(came)}, the advances that the run makes, or a longer run"
    name = known.kind
    if known.first_cycle is not None:
        name = f"the first cycle of {name}"
        if case.updates >= length:
            write = (
                f"{known.lasting(came)}, the advances that the run makes, or scheduler.step() "
                f"after each of the {case.updates} updates"
            )
    return _short_of(case, name, length, came, against, write, known.where)


def _short_of(
    case: Case, name: str, length: float, came: float, against: str, write: str, where: str = ""
) -> Finding:
    return Finding(
        CODE,
        f"the run ended at {came / length:.1%} of {name} ({came:,.6g} of {length:,.6g}): the last "
        f"rate was {case.last:.3g}, {against}",
        "the low rates at the end, which a decay is for, were never used",
        write,
        where,
        case.updates,
    )


def _floor(known: Known) -> float | None:
    """What the plan ends at, where its parameters say so."""
    leaf = next((leaf for leaf, _ in known.leaves()), known)
    if leaf.is_a("CosineAnnealingLR", *RESTARTS):
        floor = leaf.plan.get("eta_min", 0.0)
        return float(floor) if isinstance(floor, (int, float)) else None
    if leaf.is_a("PolynomialLR") or "num_training_steps" in str(leaf.given):
        return 0.0
    return None
