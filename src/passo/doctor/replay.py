"""What torch's recursions make of a rate: whether a run followed a plan that was loaded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from passo.doctor.known import Known
    from passo.trace import Column, Event

    Plan = Mapping[str, Any]
    Rule = Callable[[Plan, float, int, float], float]

CLOSE: Final = 1e-3  # relative: sums in another order differ by less, plans by more
MOST: Final = 1_000_000  # advances that are gone through


def set_again(known: Known, load: Event, column: Column | None, last: float) -> bool:
    """Whether the script gave a scheduler its own parameters back after a state was loaded.

    That is seen where the rate of a column went as those say, up to the last one, and not as the
    state says.
    """
    since = load.detail.get("position")
    if since is None or column is None or known.inside:
        return False
    name = f"{column.group}.lr"
    rate, base = load.detail["after"].get(name), known.after.get(name)
    if rate is None or base is None:
        return False
    plans = load.detail["plan before"][0], load.detail["plan after"][0]
    followed = [_leads(known, plan, since, rate, base, last) for plan in plans]
    return followed == [True, False]


def _leads(known: Known, plan: Plan, since: float, rate: float, base: float, last: float) -> bool:
    """Whether a plan leads from the rate at position `since` to the one that was used last.

    False too where the class is none of those whose rule is known here.
    """
    kind = known.is_a(*RULES)
    count = round(known.used - since)
    if kind is None or not 0 <= count <= MOST:
        return False
    try:
        for at in range(round(since) + 1, round(since) + count + 1):
            rate = RULES[kind](plan, base, at, rate)
    except (KeyError, TypeError, ZeroDivisionError):
        return False
    return math.isclose(rate, last, rel_tol=CLOSE, abs_tol=1e-9 * base)


def _cosine(plan: Plan, base: float, at: int, rate: float) -> float:
    length, floor = plan["T_max"], plan.get("eta_min", 0.0)
    if (at - 1 - length) % (2 * length) == 0:
        return float(rate + (base - floor) * (1 - math.cos(math.pi / length)) / 2)
    turned = 1 + math.cos(math.pi * at / length)
    before = 1 + math.cos(math.pi * (at - 1) / length)
    return float(turned / before * (rate - floor) + floor)


def _exponential(plan: Plan, _base: float, _at: int, rate: float) -> float:
    return float(rate * plan["gamma"])


def _step(plan: Plan, _base: float, at: int, rate: float) -> float:
    return float(rate * plan["gamma"]) if at % plan["step_size"] == 0 else rate


def _milestones(plan: Plan, _base: float, at: int, rate: float) -> float:
    return float(rate * plan["gamma"] ** list(plan["milestones"]).count(at))


RULES: Final[dict[str, Rule]] = {
    "CosineAnnealingLR": _cosine,
    "ExponentialLR": _exponential,
    "StepLR": _step,
    "MultiStepLR": _milestones,
}
