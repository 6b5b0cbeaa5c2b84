"""P021: an epoch schedule stepped for each batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.known import RESTARTS
from passo.doctor.stepping import each_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P021"
EPOCHS = 2  # fewer epochs cannot be told from a length in updates
SPENT = 0.5  # of the updates: a plan that ends here has half a run left
OFTEN = 1.5  # updates for each advance: less than this is once a batch
SMALL = 1e-2  # of the peak: a staircase that ends above it was counted in updates
GONE = 1e-3  # of the peak
QUARTER = 0.25  # of the run, in which a decay by gamma is gone


def look(case: Case) -> Iterator[Finding]:
    """A length that fits the number of epochs, used up by advances for each batch."""
    for known in case.leading:
        epochs = case.epochs or round(case.updates / (known.per_epoch or math.inf))
        if epochs < EPOCHS:
            continue
        batches = case.updates / epochs
        if known.is_a("LambdaLR") and not known.falls:
            continue
        if known.is_a("StepLR") and case.last > SMALL * case.peak:
            continue
        if known.plateau or known.pace >= OFTEN or batches < OFTEN:
            continue
        length = known.length or _restart(known)
        spent = length if length is not None else _gone(case, known)
        if spent is None or (length is not None and length > epochs):
            continue
        if spent > SPENT * known.gained:
            continue
        yield Finding(
            CODE,
            f"{known.kind} advanced once for each of {known.updates:,} batches in {epochs:,} "
            f"epochs: {_what(known, spent)} in epoch {int(spent / batches) + 1}, "
            f"at {spent / known.gained:.1%} of the run",
            "a schedule that was counted in epochs is over within the first of them",
            f"{each_epoch(known)}, or {_longer(known, spent, batches)}",
            known.call,
            round(spent),
        )


def _what(known: Known, spent: float) -> str:
    """What was over then, in the words of the class."""
    if known.length is None and _restart(known) is None:
        return f"after {spent:,.6g} advances the rate was below a thousandth of its peak,"
    if known.is_a("StepLR") and not known.inside:
        return f"its first fall, after {spent:,.6g} advances, came"
    return f"its {spent:,.6g} advances were used up"


def _longer(known: Known, spent: float, batches: float) -> str:
    """The parameter that makes of an epoch's advance that of a batch."""
    gamma = known.plan.get("gamma", known.given.get("gamma"))
    if known.is_a("ExponentialLR") and isinstance(gamma, float):
        return f"gamma={gamma ** (1 / batches):.6g}, which is {gamma:g} ** (1 / {batches:.4g})"
    if known.is_a("StepLR") and not known.inside:
        return f"step_size={spent * batches:.0f}, {batches:,.3g} batches for each of {spent:,.4g}"
    many = f"{batches:,.3g} batches for each of {spent:,.4g}"
    falls = known.plan.get("milestones")
    if known.is_a("MultiStepLR") and not known.inside and isinstance(falls, list):
        longer = ", ".join(f"{fall * batches:.0f}" for fall in falls)
        return f"milestones=[{longer}], {batches:,.3g} batches for each epoch"
    if known.is_a(*RESTARTS) and not known.inside:
        return f"T_0={spent * batches:.0f}, {many}"
    return f"{known.lasting(spent * batches)}, {many}"


def _restart(known: Known) -> float | None:
    for leaf, _ in known.leaves():
        kind = leaf.is_a(*RESTARTS)
        value = leaf.plan.get(RESTARTS[kind]) if kind else None
        if isinstance(value, (int, float)):
            return float(value)
    return None


def _gone(case: Case, known: Known) -> float | None:
    """Where a decay without a length was gone, if that was within the first quarter."""
    if known.is_a("ExponentialLR", "MultiplicativeLR") is None:
        return None
    reached = case.first_below(GONE * case.peak)
    return float(reached) if reached is not None and reached <= QUARTER * case.updates else None
