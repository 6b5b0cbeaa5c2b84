"""What trainers warn of is no error of ours; what we warn of is. Where one is missing, it fails."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for each in ("DeprecationWarning", "FutureWarning", "UserWarning", "RuntimeWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::{each}")
    config.addinivalue_line("filterwarnings", "error::passo.PassoWarning")
