"""A run that was cooled down, or branched, is the run that was planned so from the start.

With HYPOTHESIS_PROFILE=thorough a hundred of each are tried.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import passo
from passo import base, steps, tokens
from passo.optim.scheduler.plan import ByGroup
from passo.schedules import Span
from tests.optim.journeys import Journey, Training, journeys

ORDERS = ("oas", "aos", "aso")  # o: load the optimizer; a: attach; s: load the Scheduler
EXAMPLES = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 6
few = settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* would compile again"),
    pytest.mark.filterwarnings("ignore:update .* is past the end:passo.PassoWarning"),
    pytest.mark.filterwarnings("ignore:the run ended late:passo.PassoWarning"),
]


class Call(NamedTuple):
    """Before which event a cooldown is called for, and how."""

    event: int
    key: str
    over: Span
    end: Any
    shape: Any

    @property
    def arguments(self) -> dict[str, Any]:
        return {"over": self.over, "end": self.end, "shape": self.shape}


@st.composite
def calls(draw: Any, journey: Journey) -> Call:
    """A call in the midst of a journey, of any key that it drives."""
    if journey.run.axis == "step":
        spans = [steps(3), passo.epochs(0.5), passo.percent(30), passo.tokens(25)]
    else:
        spans = [tokens(35), passo.percent(30)]
    keys = ["lr", "lr", *journey.plan]
    if journey.run.axis == "step" and "a free value" in journey.habits:
        keys.append("size")
    key = draw(st.sampled_from(keys))
    end = draw(st.sampled_from([0.0, 0.001, 0.5 * base]))
    return Call(
        draw(st.integers(0, len(journey.events))),
        key,
        draw(st.sampled_from(spans)),
        0.001 if key == "size" or key.startswith(("betas", "eps")) else end,
        draw(st.sampled_from(["linear", "cosine", "1-sqrt"])),
    )


class Cooling(Training):
    """A training that is told to cool down once it comes to that event."""

    def __init__(self, journey: Journey, call: Call, lr: float = 0.1) -> None:
        super().__init__(journey, lr)
        self.call = call

    def play(self, first: int, last: int) -> None:
        for k in range(first, last):
            if k == self.call.event and self.scheduler.cooldown is None:
                self.scheduler.cool_down(key=self.call.key, **self.call.arguments)
            super().play(k, k + 1)


class Planned(Training):
    """A training whose plan has the cooldown from the start."""

    def __init__(self, journey: Journey, call: Call, at: Span) -> None:
        plan = dict(journey.plan)
        if call.key in plan:
            plan[call.key] = ended(plan[call.key], at, call)
        super().__init__(journey._replace(plan=plan))
        self.ends_size = (at, call) if call.key == "size" else None

    def attach(self, on_change: str = "error") -> None:
        size = passo.Table([(steps(0), 8.0), (steps(4), 16.0)], "step")
        if self.ends_size is not None:
            size = ended(size, *self.ends_size)
        on_steps = self.journey.run.axis == "step"
        self.scheduler = passo.attach(
            self.optimizer,
            self.journey.plan,
            self.journey.run,
            values={"size": size} if on_steps and "a free value" in self.journey.habits else None,
            on_change=self.on_change,
        )

    on_change = "error"


class Branch(Planned):
    """The same plan, on a state of the trunk."""

    on_change = "replace"


def ended(entry: Any, at: Span, call: Call) -> Any:
    """The plan of one key with a cooldown."""
    if entry is None:
        return None
    if isinstance(entry, ByGroup):
        each = {name: ended(one, at, call) for name, one in entry.schedules.items()}
        return ByGroup(each, ended(entry.others, at, call))
    return entry.cooldown(at=at, **call.arguments)


def here(scheduler: Any) -> Span:
    """Where the Scheduler stands, as a span."""
    return Span(passo.ground.checks.exact(scheduler.position, "at"), scheduler.run.unit)


@few
@given(data=st.data())
def test_a_cooldown_on_demand_has_the_values_of_the_one_that_was_planned(data):
    journey = data.draw(journeys("oas"))._replace()
    call = data.draw(calls(journey))
    told = Cooling(journey, call)
    told.attach()
    told.play(0, call.event)
    at = here(told.scheduler)
    told.play(call.event, len(journey.events))

    planned = Planned(journey, call, at)
    planned.attach()
    planned.play(0, len(journey.events))

    assert told.used == planned.used
    assert told.ends_as()[:2] == planned.ends_as()[:2]


@pytest.mark.parametrize("order", ORDERS)
@few
@given(data=st.data())
def test_a_run_that_cools_down_and_died_goes_on_as_if_it_had_not(order, data):
    journey = data.draw(journeys(order))
    call = data.draw(calls(journey))
    whole = Cooling(journey, call)
    whole.attach()
    whole.play(0, len(journey.events))

    first = Cooling(journey, call)
    first.attach()
    first.play(0, journey.killed)
    if first.call.event == journey.killed < len(journey.events) and data.draw(st.booleans()):
        first.scheduler.cool_down(key=call.key, **call.arguments)
    saved = first.save()

    second = Cooling(journey, call, lr=0.7 if "other rate" in journey.habits else 0.1)
    if "ran before" in journey.habits:
        second.attach()
        second.play(0, min(2, len(journey.events)))
        second.used.clear()
    second.load(saved, order)
    second.play(journey.killed, len(journey.events))

    assert second.used == whole.used[journey.killed :]
    assert second.ends_as() == whole.ends_as()


@pytest.mark.parametrize("order", ORDERS)
@few
@given(data=st.data())
def test_a_branch_off_a_checkpoint_is_the_run_that_was_planned_so_from_the_start(order, data):
    journey = data.draw(journeys(order))
    journey = journey._replace(habits=journey.habits - {"other rate"})
    call = data.draw(calls(journey))
    trunk = Training(journey)
    trunk.attach()
    trunk.play(0, journey.killed)
    unit = passo.Span(1, journey.run.unit)
    at = here(trunk.scheduler) + data.draw(st.sampled_from([0, 1, 2, 15])) * unit

    planned = Planned(journey, call, at)
    planned.attach()
    planned.play(0, len(journey.events))

    branch = Branch(journey, call, at)
    branch.load(trunk.save(), order)
    branch.play(journey.killed, len(journey.events))

    assert branch.used == planned.used[journey.killed :]
    assert branch.ends_as() == planned.ends_as()
