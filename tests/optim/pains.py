"""How the tests of pains are written: the same check for plain torch, which fails, and for passo.

docs/pains.md is the table of them; tests/optim/test_pains_table.py sees that both agree.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.optim.tools import graded


def both(*raises: type[BaseException]) -> Any:
    """The libraries: torch is expected to fail the check, by AssertionError or as it says."""
    fails = pytest.mark.xfail(strict=True, raises=(*raises, AssertionError))
    return pytest.mark.parametrize("library", [pytest.param("torch", marks=fails), "passo"])


def watched(optimizer: torch.optim.Optimizer, key: str = "lr") -> list[float]:
    """A list that each call of the optimizer's step adds what it uses to."""
    used: list[float] = []
    optimizer.register_step_pre_hook(lambda held, *_: used.append(float(held.param_groups[0][key])))
    return used


def loop(optimizer: torch.optim.Optimizer, scheduler: Any, updates: int) -> None:
    """The usual loop: both libraries' schedulers have a `step`."""
    for _ in range(updates):
        graded(optimizer)
        optimizer.step()
        scheduler.step()
