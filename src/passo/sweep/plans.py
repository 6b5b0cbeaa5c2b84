"""Several plans, each under a name, on runs of one budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from passo.ground.checks import brief, can_be_listed, one_of
from passo.ground.errors import PassoError
from passo.schedules import NeedsRun, Run, Schedule, Span, parse

Budget: TypeAlias = Literal["updates", "tokens", "area"]
FEWEST: Final = 2
LONGEST: Final = 10**8


@dataclass(frozen=True, slots=True)
class Entrant:
    """A plan as it is trained, under its name, on its run. `factor`: what its rates were scaled by.

    `text` is what a store knows it by.
    """

    name: str
    plan: Any
    run: Run
    factor: float = 1.0

    @property
    def text(self) -> str:
        """The plan as code."""
        return code(self.plan)

    @property
    def rate(self) -> Schedule | None:
        """The schedule of its learning rate; None where it is not one for all groups."""
        found = self.plan.get("lr") if isinstance(self.plan, Mapping) else self.plan
        return found if isinstance(found, Schedule) else None

    def with_rate(self, rate: Schedule, factor: float = 1.0) -> Entrant:
        """The same with another learning rate."""
        plan = {**self.plan, "lr": rate} if isinstance(self.plan, Mapping) else rate
        return Entrant(self.name, plan, self.run, self.factor * factor)


def code(plan: Any) -> str:
    """A plan as text.

    >>> from passo import Constant
    >>> code({"lr": Constant(0.1)})
    "{'lr': Constant(0.1)}"
    """
    return repr(dict(plan)) if isinstance(plan, Mapping) else repr(plan)


def entrants(plans: Any, run: Any, budget: Budget) -> list[Entrant]:
    """The plans under their names, each on its run, all with the same budget.

    Raises `PassoError` for fewer than two, for what is no plan, and for budgets that cannot be made
    equal; `NeedsRun` without a run.
    """
    one_of(budget, "budget", Budget)
    named = _named(plans)
    found = [
        Entrant(name, plan, each)
        for (name, plan), each in zip(named, _runs(run, named), strict=True)
    ]
    if budget == "area":
        return _of_one_area(_of_one_length(found))
    return _of_one_length(found) if budget == "updates" else _of_one_count(found)


def _named(plans: Any) -> list[tuple[str, Any]]:
    if isinstance(plans, Mapping):
        named = [(str(name), _plan(plan, str(name))) for name, plan in plans.items()]
        if len(dict(named)) < len(named):
            msg = f"names are texts, and two of {brief(list(plans))} are the same; write others"
            raise PassoError(msg)
    elif can_be_listed(plans) and not isinstance(plans, str):
        named = []
        for each in plans:
            plan = _plan(each, "")
            text = each if isinstance(each, str) else code(plan)
            again = sum(name.partition(" #")[0] == text for name, _ in named)
            named.append((f"{text} #{again + 1}" if again else text, plan))
    else:
        named = []
    if len(named) < FEWEST:
        msg = (
            f"compare needs two plans or more, got {brief(plans)}; write "
            'compare(train, {"cosine": warmup_cosine(), "wsd": wsd()}, run)'
        )
        raise PassoError(msg)
    return named


def _plan(plan: Any, name: str) -> Any:
    if isinstance(plan, str):
        return parse(plan)
    if isinstance(plan, Schedule) or (isinstance(plan, Mapping) and plan):
        return plan
    which = f"the plan {name!r}" if name else "a plan"
    msg = (
        f"{which} is a schedule, its text, or a mapping from fields to schedules, got "
        f"{brief(plan)}; write warmup_cosine(peak=0.1)"
    )
    raise PassoError(msg)


def _runs(run: Any, named: Sequence[tuple[str, Any]]) -> list[Run]:
    """The run of each plan."""
    if isinstance(run, Run):
        return [run] * len(named)
    if isinstance(run, Mapping):
        lacking = [name for name, _ in named if not isinstance(run.get(name), Run)]
        if not lacking:
            return [run[name] for name, _ in named]
        msg = (
            f"of the plan {lacking[0]!r} there is no Run in {brief(dict(run))}; write one Run for "
            f"all, or {{{lacking[0]!r}: Run(...), ...}}"
        )
        raise PassoError(msg)
    msg = (
        f"the plans need a run, got {brief(run)}; write "
        "compare(train, plans, Run.of(len(loader), epochs=90))"
    )
    raise NeedsRun(msg)


def _of_one_length(found: list[Entrant]) -> list[Entrant]:
    lengths = {each.name: each.run.updates for each in found}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {updates:,}" for name, updates in lengths.items())
        msg = (
            f"the runs are of different lengths: {told} updates; write runs of one length, or "
            'budget="tokens"'
        )
        raise PassoError(msg)
    return found


def _of_one_count(found: list[Entrant]) -> list[Entrant]:
    """Each run as long as it takes to see as many tokens as the first one does."""
    for each in found:
        if each.run.tokens_per_step is None:
            msg = (
                f"equal tokens need runs that know them, and {each.name!r} has {each.run!r}; "
                "write Run(..., tokens_per_step=65_536)"
            )
            raise NeedsRun(msg)
    first = found[0].run
    tokens = first.updates * (first.tokens_per_step or 1)
    return [Entrant(each.name, each.plan, _with_tokens(each.run, tokens)) for each in found]


def _with_tokens(run: Run, tokens: Any) -> Run:
    return Run(
        Span(tokens, "tokens"),
        steps_per_epoch=run.steps_per_epoch,
        samples_per_step=run.samples_per_step,
        tokens_per_step=run.tokens_per_step,
        axis=run.axis,
    )


def _of_one_area(found: list[Entrant]) -> list[Entrant]:
    """Each rate scaled so that the sum over all updates is that of the first.

    factor = (sum of the first's values) / (sum of its own values), at t = 0 ... updates - 1
    """
    for each in found:
        if each.rate is None or any(each.rate.plateaus(lambda t: t)):
            msg = (
                f"the area under the rate of {each.name!r} is not known before the run; write a "
                'plan without a plateau and with one "lr" for all groups, or budget="updates"'
            )
            raise PassoError(msg)
    relative = {each.name: each.rate.relative for each in found if each.rate is not None}
    if len(set(relative.values())) > 1:
        names = [next(n for n, r in relative.items() if r is side) for side in (True, False)]
        msg = (
            f"{names[0]!r} is relative to base and {names[1]!r} is not, so that their areas do not "
            "compare; write both with base, or give the first a number with .with_base(0.1)"
        )
        raise PassoError(msg)
    areas = [_area(each) for each in found]
    factors = [areas[0] / area for area in areas]
    return [
        each if factor == 1.0 or each.rate is None else each.with_rate(factor * each.rate, factor)
        for each, factor in zip(found, factors, strict=True)
    ]


def _area(each: Entrant) -> float:
    """The sum of the values that the updates use."""
    updates = each.run.updates
    if updates > LONGEST:
        msg = (
            f"an area is summed update by update, and {each.run!r} has {updates:,}; write a run of "
            f"at most {LONGEST:,} updates"
        )
        raise PassoError(msg)
    assert each.rate is not None  # noqa: S101 (asked for above)
    placed = each.rate.on(each.run)
    if placed.relative:
        placed = placed.with_base(1.0)
    total = float(np.sum(placed(np.arange(updates) * each.run.at(1)) + np.zeros(updates)))
    if total > 0:
        return total
    msg = (
        f"the sum of the rates of {each.name!r} is {total:.3g}, and only one above 0 can be "
        'scaled; write a rate above 0, or budget="updates"'
    )
    raise PassoError(msg)


def with_base(each: Entrant, value: float) -> Entrant:
    """The same plan at one base of several; raises `PassoError` where it has none."""
    if each.rate is None or not each.rate.relative:
        msg = (
            f"bases are for plans that are relative to base, and {each.name!r} is "
            f"{brief(each.plan)}; write warmup_cosine(peak=base), or leave bases out"
        )
        raise PassoError(msg)
    return each.with_rate(each.rate.with_base(value))
