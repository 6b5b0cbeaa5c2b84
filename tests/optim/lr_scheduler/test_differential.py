"""Our classes beside the installed torch's, on schedulers and calls drawn at random."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.optim.lr_scheduler.drawn import LEAF, growing, plans
from tests.optim.lr_scheduler.twins import CYCLES, Part, Plan, agree, lived, ours, torchs
from tests.torches import OLD_TORCH

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
EXAMPLES = int(os.environ.get("DROP_IN_EXAMPLES", "50000" if THOROUGH else "2000"))
SHARE = 0.05


def has_composed_in_a_sequence(plan: Plan) -> bool:
    """Torch begins a composed scheduler inside a SequentialLR twice, or not at all (#196243)."""
    sequences = [part for part in plan.everything() if part.kind == "SequentialLR"]
    return any(member.members for part in sequences for member in part.members)


def has_a_plateau_inside(plan: Plan) -> bool:
    """Torch refuses ReduceLROnPlateau in a composed scheduler (#68978)."""
    return any(m.kind == "ReduceLROnPlateau" for part in plan.everything() for m in part.members)


DIFFERENCES = (has_composed_in_a_sequence, has_a_plateau_inside)


@pytest.mark.long
def test_ours_do_what_torchs_do(record_property):
    swallowed: Counter[str] = Counter()
    total = 0

    @settings(
        max_examples=EXAMPLES,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(plan=plans())
    def compare(plan):
        nonlocal total
        total += 1
        if OLD_TORCH:  # a Tensor rate is its base too, and the scheduler's last: all move at once
            plan = replace(plan, tensors=False)
        mine, theirs = lived(plan, ours), lived(plan, torchs)
        for differs in DIFFERENCES:
            if differs(plan):
                swallowed[differs.__name__] += 1
                assert mine.ended is None
                return
        assert agree(mine, theirs, plan) is None

    compare()
    told = ", ".join(f"{name} {count}" for name, count in swallowed.items())
    record_property("compared with torch", f"{total} examples; not compared: {told or 'none'}")
    assert sum(swallowed.values()) < SHARE * total


@settings(max_examples=EXAMPLES // 4, suppress_health_check=list(HealthCheck), deadline=None)
@given(plan=growing())
def test_a_group_that_comes_is_as_one_that_has_always_been_there(plan):
    if OLD_TORCH:
        plan = replace(plan, tensors=False)
    assert agree(lived(plan, ours), lived(plan, torchs), plan) is None


rates_only = LEAF.filter(lambda part: part.kind not in CYCLES)
sequences = st.lists(rates_only, min_size=2, max_size=4).flatmap(
    lambda parts: st.lists(
        st.integers(1, 15), min_size=len(parts) - 1, max_size=len(parts) - 1, unique=True
    ).map(lambda milestones: (tuple(parts), tuple(sorted(milestones))))
)


@given(drawn=sequences, cut=st.integers(1, 3), plan=plans(LEAF))
def test_a_nested_sequence_is_the_flat_one(drawn, cut, plan):
    parts, milestones = drawn
    cut = min(cut, len(parts) - 1)
    begin = milestones[cut - 1]
    inner = _sequence(parts[cut:], tuple(m - begin for m in milestones[cut:]))
    nested = _sequence((*parts[:cut], inner), milestones[:cut])
    flat = _sequence(parts, milestones)
    wrapped = _sequence((flat,), ())
    lives = [lived(_with(plan, part), ours) for part in (flat, nested, wrapped)]
    assert lives[1:] == lives[:1] * 2


def _sequence(parts: tuple[Part, ...], milestones: tuple[int, ...]) -> Part:
    return Part("SequentialLR", (("milestones", milestones),), parts)


def _with(plan: Plan, part: Part) -> Plan:
    events = tuple(event for event in plan.events if event[0] != "jump")
    return Plan(plan.adam, plan.rates, plan.tensors, (part,), events)
