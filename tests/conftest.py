"""How hypothesis looks for examples: HYPOTHESIS_PROFILE=thorough before a release."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.torches import OLD_TORCH, OWN_WARNINGS

SLOW = [HealthCheck.too_slow]  # trees take long to draw on a busy machine

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=SLOW)
settings.register_profile("dev", deadline=None, suppress_health_check=SLOW)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=3000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if "CI" in os.environ else "dev")
)


def pytest_configure(config: pytest.Config) -> None:
    """What an old torch warns of by itself is no error of ours."""
    for each in OWN_WARNINGS if OLD_TORCH else ():
        config.addinivalue_line("filterwarnings", each)
