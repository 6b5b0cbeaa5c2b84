"""P006: reached its floor early in the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.rules.p001 import brings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P006"
TINY = 1e-3  # of the peak: three drops by ten, where training hardly moves
LONG = 0.4  # of the updates below that; three drops of a staircase leave a quarter of a run
NOTHING = 1e-6  # of the peak: no training at all
WASTED = 0.1  # of the updates below that
EARLY = 0.75  # of the advances: a plan with a length that ends here was given a wrong one
OFTEN = 1.5  # reports of a plateau for each epoch: more than one
FALLS = 0.5  # the end over the peak: what ends higher is a warm-up


def look(case: Case) -> Iterator[Finding]:
    """A rate that hardly moves the weights for a large part of the run."""
    if not case.finished or not case.peak:
        return
    owner = max(case.leading, key=lambda known: known.hits, default=None)
    if owner is None or not owner.hits:
        return
    spent = _spent(case, owner)
    if spent is None:
        return
    reached, share = spent
    if brings(case, owner, reached):  # it is as long as the run, and a longer one is no cure
        return
    yield Finding(
        CODE,
        f"the rate of {owner.kind} came down to {case.at(reached):.3g} at update {reached:,}, "
        f"{reached / case.updates:.0%} of the run, and the last {share:.0%} had no more than that "
        f"(the peak was {case.peak:.3g})",
        "for the rest of the run next to nothing is learned",
        _write(case, owner),
        owner.where,
        reached,
    )


def _spent(case: Case, owner: Known) -> tuple[int, float] | None:
    """From which update on the rate was spent, and for which share of the run."""
    for level, most in ((NOTHING, WASTED), (TINY, LONG)):
        reached = case.first_below(level * case.peak)
        if reached is not None and (case.updates - reached) / case.updates >= most:
            return reached, (case.updates - reached) / case.updates
    length = owner.length
    if length is None or owner.goes_on or case.last > FALLS * case.peak:
        return None
    if owner.is_a("CosineAnnealingLR", "OneCycleLR", "LambdaLR") or length > EARLY * owner.used:
        return None
    if any(leaf.is_a("CosineAnnealingLR", "OneCycleLR") for leaf, _ in owner.leaves()):
        return None
    reached = case.first_below(case.last * (1 + 1e-9) + 1e-300)
    return None if reached is None else (reached, (case.updates - reached) / case.updates)


def _write(case: Case, owner: Known) -> str:
    least = f"{case.peak / 100:.3g}"
    if owner.plateau and case.epochs > 1 and owner.hits >= OFTEN * case.epochs:
        return (
            f"a longer patience, in reports, {owner.hits / case.epochs:.3g} times as often as "
            "there are epochs, or scheduler.step(metric) once an epoch; or "
            f"min_lr={least}, or an end of the run where nothing is learned"
        )
    if owner.plateau:
        return (
            f"a longer patience, in reports; or min_lr={least}, or an end of the run where nothing "
            "is learned"
        )
    gamma = 0.01 ** (1 / max(1.0, owner.gained))
    names = {
        "StepLR": "a larger step_size, or a gamma nearer to 1",
        "MultiStepLR": "later milestones, or a gamma nearer to 1",
        "ExponentialLR": f"gamma={gamma:.5g}: a hundredth at the end",
    }
    kind = owner.is_a(*names)
    return names[kind] if kind else f"{owner.lasting(owner.gained)}, the advances of the run"
