"""P025: the planned cooldown is predicted worse than another (where a Law is given)."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

from passo.doctor.finding import DoctorWarning, Finding
from passo.doctor.planned import to_its_end
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules import Run, Table, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.law import Law
    from passo.schedules import Schedule

CODE = "P025"


def look(case: Case) -> Iterator[Finding]:
    """The rate that moves most, to the end of its plan; nothing without a law."""
    plan = _plan(case) if case.law is not None and case.updates else None
    if case.law is not None and plan is not None:
        yield from foreseen(plan.schedule, plan.run, case.law, plan.where)


def foreseen(schedule: Schedule, run: Run, law: Law, where: str = "") -> Iterator[Finding]:
    """A schedule that is surely worse than the best recipe; where the law is silent, a warning."""
    from passo.law import NotPredictable

    try:
        made = law.predict(schedule, run)
        best = law.best(run).best
    except NotPredictable as error:
        warnings.warn(f"{CODE} is not looked at: {error}", DoctorWarning, stacklevel=2)
        return
    other = best.prediction
    if not made.surely_above(other):
        return
    yield Finding(
        CODE,
        f"with this cooldown {law.metric} is predicted to end at {made.end:.4g} ± "
        f"{made.margin:.2g}, {made.end / other.end - 1.0:.1%} above the {other.end:.4g} ± "
        f"{other.margin:.2g} of {best.name}",
        "that is more than the law's error: the same updates would lead to a lower loss",
        f"{best.name}, where base is {law.peak:.4g}",
        where,
    )


def need_law(law: object) -> None:
    """Refuses what is no law; only where one is given is its room, with numpy, asked for."""
    if law is None:
        return
    from passo.law import Law

    if not isinstance(law, Law):
        msg = f"'law' must be a Law, got {brief(law)}; write law=Law.load(path)"
        raise PassoError(msg)


class Plan(NamedTuple):
    """The rates of a run, as a schedule, and the line that made them."""

    schedule: Schedule
    run: Run
    where: str = ""


def _plan(case: Case) -> Plan | None:
    """What was used so far, and what was to come; without a plan, of a finished run all of it.

    Each value holds until the next: of a plan ahead there are some two thousand.
    """
    column = case.column
    if column is None or column.coarse or not case.values or case.values[0][0]:
        return None  # of what a resumed run used before, nobody knows
    name = ("lr", column.group)
    line = next((each for each in to_its_end(case.trace) if (each.key, each.group) == name), None)
    ahead = line is not None and line.updates[-1] > case.updates
    if not ahead and not case.finished:
        return None
    points = [(float(update), value) for update, value in case.values]
    length = case.updates
    if line is not None:
        pairs = zip(line.updates, line.values, strict=True)
        points += [pair for pair in pairs if pair[0] >= case.updates and math.isfinite(pair[1])]
        length = max(length, math.floor(line.updates[-1]))
    table = Table([(steps(update), value) for update, value in points], kind="step")
    where = case.leading[0].where if len(case.leading) == 1 else ""
    return Plan(table, Run(steps(length)), where)
