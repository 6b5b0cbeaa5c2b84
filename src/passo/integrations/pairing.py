"""Which plan is for which of a trainer's optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passo.optim.ground.together import given_of, named
from passo.schedules import PassoError


def apart(plan: Any) -> list[Any] | dict[str, Any] | None:
    """A plan for each optimizer, where they are several; None where it is one for all.

    >>> from passo import base
    >>> apart([base, 0.5 * base])
    [base, 0.5 * base]
    >>> apart({"lr": base}) is None
    True
    """
    if isinstance(plan, Mapping) and any(isinstance(each, Mapping) for each in plan.values()):
        return dict(plan)
    pairs = isinstance(plan, (list, tuple)) and all(
        isinstance(each, tuple) and len(each) == 2 and callable(each[0]) for each in plan
    )
    return list(plan) if isinstance(plan, (list, tuple)) and not pairs else None


def paired(optimizers: Any, plan: Any, trainer: str) -> list[tuple[Any, Any]]:
    """All optimizers with the plan that is for all, or each with its own.

    Raises PassoError where the trainer has others than there are plans for.

    >>> import torch
    >>> from passo import base
    >>> muon, adamw = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]) for _ in range(2))
    >>> [plan for _, plan in paired([muon, adamw], [base, 0.5 * base], "my trainer")]
    [base, 0.5 * base]
    >>> len(paired([muon, adamw], base, "my trainer"))
    1
    """
    plans = apart(plan)
    several = isinstance(optimizers, (list, tuple, Mapping))
    names = named(optimizers, "Passo", lambda each: each) if several else {}
    if plans is None and isinstance(plan, Mapping) and set(plan) <= set(names):
        plans = dict(plan)  # each key is an optimizer: its plan is one schedule
    if plans is None:
        alone = several and len(optimizers) == 1
        return [(given_of(optimizers)[0] if alone else optimizers, plan)]
    targets = names or {type(optimizers).__name__: optimizers}
    if isinstance(plans, list):
        plans = dict(zip(targets, plans, strict=True)) if len(plans) == len(targets) else plans
    if not isinstance(plans, dict) or set(plans) != set(targets):
        given = f"{len(plans)}" if isinstance(plans, list) else ", ".join(plans)
        shown = f"{{{', '.join(f'{name!r}: plan' for name in targets)}}}"
        msg = (
            f"Passo got plans for {given}, and {trainer} has {len(targets)} optimizers, "
            f"{', '.join(targets)}; write Passo({shown})"
        )
        raise PassoError(msg)
    return [(target, plans[name]) for name, target in targets.items()]
