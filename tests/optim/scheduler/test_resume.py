"""A run that died and was brought back is the run that would have happened, bit for bit.

`PASSO_RESUMES=20000 pytest tests/optim/scheduler/test_resume.py` draws more of them.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.optim.journeys import Training, journeys

# o: load the optimizer; a: attach; s: load the Scheduler, which in the last two nobody saved
ORDERS = ("oas", "aos", "aso", "oa", "ao")
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
EXAMPLES = int(os.environ.get("PASSO_RESUMES", "51000" if THOROUGH else "500"))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.* would compile again")
@pytest.mark.filterwarnings("ignore:update .* is past the end:passo.PassoWarning")
@pytest.mark.parametrize("order", ORDERS)
@settings(
    max_examples=EXAMPLES // len(ORDERS),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(data=st.data())
def test_a_run_that_died_goes_on_as_if_it_had_not(order, data):
    journey = data.draw(journeys(order))
    whole = Training(journey)
    whole.attach()
    whole.play(0, len(journey.events))

    first = Training(journey)
    first.attach()
    first.play(0, journey.killed)
    saved = first.save()

    second = Training(journey, lr=0.7 if "other rate" in journey.habits else 0.1)
    if "ran before" in journey.habits:
        second.attach()
        second.play(0, min(2, len(journey.events)))
        second.used.clear()
    second.load(saved, order)
    if "loads twice" in journey.habits:
        second.load(saved, order)
    second.play(journey.killed, len(journey.events))

    assert second.used == whole.used[journey.killed :]
    assert second.ends_as() == whole.ends_as()
