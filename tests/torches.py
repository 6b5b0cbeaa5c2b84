"""Which torch is installed: what the tests say of torch's own classes is true of 2.13."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

import pytest


def _installed() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


OLD_TORCH: Final = _installed().startswith("2.6.")
no_schedule_inside = pytest.mark.skipif(
    OLD_TORCH, reason="its compiler sees no attribute of a frozen dataclass but the fields"
)
OWN_WARNINGS: Final = (
    # its SequentialLR begins a member by step(0), which it warns of
    "ignore:The epoch parameter in:UserWarning:torch.optim.lr_scheduler",
    # Inductor, whatever it compiles
    "ignore:Skipping serialization of skipfiles_inline_module_allowlist:UserWarning",
)
