"""Param groups that are copies: what is written there reaches no optimizer."""

from __future__ import annotations

from typing import Any

from passo.ground.checks import write
from passo.ground.errors import PassoError


def refuse_copies(optimizer: Any) -> None:
    """Raises PassoError for what makes its groups anew at each look, and forgets what is written.

    A view may make its list anew, of dicts that are the optimizer's own, or dicts that write
    through. So a number is written and looked for, and is back after that.

    >>> from types import SimpleNamespace
    >>> refuse_copies(SimpleNamespace(param_groups=[{"params": [], "lr": 0.1}]))
    """
    first, again = list(optimizer.param_groups), list(optimizer.param_groups)
    if all(one is other for one, other in zip(first, again, strict=True)):
        return
    held = {key: slot for key, slot in dict(first[0]).items() if type(slot) in (int, float)}
    key = "lr" if "lr" in held else next(iter(held), None)
    if key is None:
        return
    was = held[key]
    first[0][key] = was / 2 + 1.0
    now = optimizer.param_groups[0][key]
    first[0][key] = was
    if now == was:
        name = type(optimizer).__name__
        msg = (
            f"{name} makes its param groups anew at each look, so that nothing which is written "
            f"there reaches it: {key} of group 0 stays {write(was)}{_instead(optimizer)}"
        )
        raise PassoError(msg)


def _instead(optimizer: Any) -> str:
    if type(optimizer).__module__.startswith("fastai."):
        return "; write learn.fit(..., cbs=Passo(plan)), with Passo from passo.integrations.fastai"
    return (
        '; write attach(view, ..., clock="calls") with an object whose param_groups are the dicts '
        "that its step() reads, and call scheduler.step() after each update"
    )
