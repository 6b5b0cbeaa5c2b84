"""P005: stepped past its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P005"
PAST = 0.02  # of the length, and one advance at least: nearer to the end nothing is to be seen
TURNING = {
    "CosineAnnealingLR": "climbs again, up to its peak",
    "OneCycleLR": "jumps up, and then raises an error",
    "LambdaLR": "climbs again, up to its peak",
}
NAMES = {"CosineAnnealingLR": "T_max", "LambdaLR": "num_training_steps"}
HIGHER = 0.01  # of the peak: a function that only ends does not climb by as much


def look(case: Case) -> Iterator[Finding]:
    """A cosine or a one-cycle that goes on after the length that it was given."""
    for known in case.leading:
        error = _error(case, known)
        for leaf, offset in known.leaves():
            kind, length = leaf.is_a(*TURNING), leaf.own_length
            if kind is None or length is None:
                continue
            if kind == "LambdaLR" and not _climbs(leaf, length, known.used - offset):
                continue
            end = offset + length
            first = end if kind == "OneCycleLR" else end + max(1.0, PAST * length)
            if error is None and known.used < first:
                continue
            yield Finding(
                CODE,
                f"{kind} is {length:,.6g} advances long and was at {known.used - offset:,.6g} when "
                f"the last update was made, with a rate of {case.last:.3g}"
                + ("" if error is None else f"; it raised {error}"),
                f"past its end {kind} {TURNING[kind]}",
                _write(leaf, known, offset),
                leaf.where,
                case.updates,
            )


def _climbs(leaf: Known, length: float, came: float) -> bool:
    """Whether a function that was given its length rises beyond it: transformers' cosine."""
    values = [(time, value) for time, value in leaf.future if time <= came]
    late = [value for time, value in values if time >= length]
    if "num_training_steps" not in leaf.partial or not late:
        return False
    return max(late) - late[0] > HIGHER * max(value for _, value in values)


def _write(leaf: Known, known: Known, offset: float) -> str:
    name = NAMES.get(leaf.is_a(*TURNING) or "", "total_steps")
    return f"{name}={known.position - offset:.0f}, the advances that the run makes"


def _error(case: Case, known: Known) -> str | None:
    found = [e.detail for e in case.events("failed") if e.detail["scheduler"] == known.number]
    texts = [str(each["error"]) for each in found if "step" in str(each["error"])]
    return texts[0].split(". ")[0].removeprefix("ValueError(").strip("'\"") if texts else None
