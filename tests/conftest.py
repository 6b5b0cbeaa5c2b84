"""How hypothesis looks for examples: HYPOTHESIS_PROFILE=thorough before a release."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow]  # trees take long to draw on a busy machine

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=SLOW)
settings.register_profile("dev", deadline=None, suppress_health_check=SLOW)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=3000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if "CI" in os.environ else "dev")
)
