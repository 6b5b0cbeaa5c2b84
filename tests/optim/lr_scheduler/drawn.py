"""Plans of schedulers and calls, drawn at random: for `twins` to carry out.

Each strategy is made once: to make them anew for each plan took longer than all that is drawn.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.optim.lr_scheduler.twins import CYCLES, FACTORS, LEAVES, PLAIN, SWINGS, Part, Plan


class Given:
    """Arguments of each class."""

    lengths = st.integers(1, 12)
    factors = st.sampled_from(FACTORS)

    StepLR = st.fixed_dictionaries({"step_size": lengths, "gamma": factors})
    MultiStepLR = st.fixed_dictionaries(
        {
            "milestones": st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple),
            "gamma": factors,
        }
    )
    ConstantLR = st.fixed_dictionaries(
        {"factor": st.sampled_from((0.25, 0.5, 1.0)), "total_iters": lengths}
    )
    LinearLR = st.fixed_dictionaries(
        {
            "start_factor": st.sampled_from((0.1, 1 / 3, 1.0)),
            "end_factor": st.sampled_from((0.0, 0.2, 1.0)),
            "total_iters": lengths,
        }
    )
    ExponentialLR = st.fixed_dictionaries({"gamma": factors})
    PolynomialLR = st.fixed_dictionaries(
        {"total_iters": lengths, "power": st.sampled_from((0.5, 1.0, 2.0, 3.0))}
    )
    CosineAnnealingLR = st.fixed_dictionaries(
        {"T_max": lengths, "eta_min": st.sampled_from((0.0, 0.001, 0.02))}
    )
    CosineAnnealingWarmRestarts = st.fixed_dictionaries(
        {
            "T_0": lengths,
            "T_mult": st.integers(1, 3),
            "eta_min": st.sampled_from((0.0, 0.001)),
        }
    )
    LambdaLR = st.fixed_dictionaries(
        {"lr_lambda": st.sampled_from((lambda t: 0.9**t, lambda t: 1 / (1 + t)))}
    )
    MultiplicativeLR = st.fixed_dictionaries(
        {"lr_lambda": st.sampled_from((lambda t: 0.9, lambda t: 1.1 if t % 2 else 0.8))}
    )
    CyclicLR = st.fixed_dictionaries(
        {
            "base_lr": st.sampled_from((0.01, 0.1)),
            "max_lr": st.sampled_from((0.2, 1.0)),
            "step_size_up": lengths,
            "step_size_down": st.none() | lengths,
            "mode": st.sampled_from(("triangular", "triangular2", "exp_range")),
            "gamma": factors,
            "cycle_momentum": st.booleans(),
        }
    )
    OneCycleLR = st.fixed_dictionaries(
        {
            "max_lr": st.sampled_from((0.2, 1.0)),
            "total_steps": st.integers(100, 120),
            "pct_start": st.sampled_from((0.1, 0.3, 0.5)),
            "anneal_strategy": st.sampled_from(("cos", "linear")),
            "three_phase": st.booleans(),
            "cycle_momentum": st.booleans(),
        }
    )
    ReduceLROnPlateau = st.fixed_dictionaries(
        {
            "mode": st.sampled_from(("min", "max")),
            "factor": factors,
            "patience": st.integers(0, 3),
            "cooldown": st.integers(0, 2),
            "threshold_mode": st.sampled_from(("rel", "abs")),
            "min_lr": st.sampled_from((0.0, 0.01)),
        }
    )


@cache
def leaf(kind: str) -> st.SearchStrategy[Part]:
    """A scheduler of one class."""
    return getattr(Given, kind).map(lambda given: Part(kind, tuple(given.items())))


LEAF = st.sampled_from(LEAVES).flatmap(leaf)


def composed(members: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Members at once; or one after another, where torch takes single schedulers only."""
    several = st.lists(members, min_size=1, max_size=3).map(tuple)
    leaves = st.lists(LEAF, min_size=1, max_size=4).map(tuple)
    chained = several.map(lambda parts: Part("ChainedScheduler", (), parts))
    return st.one_of(chained, leaves.flatmap(_in_turn), leaves.flatmap(_in_turn))


def _in_turn(parts: tuple[Part, ...]) -> st.SearchStrategy[Part]:
    return _milestones(len(parts) - 1).map(
        lambda m: Part("SequentialLR", (("milestones", tuple(sorted(m))),), parts)
    )


@cache
def _milestones(count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, 15), min_size=count, max_size=count, unique=True)


LEVEL_2 = composed(LEAF)
LEVEL_3 = composed(LEAF | LEVEL_2)
NESTED = st.lists(LEAF | LEVEL_2, min_size=1, max_size=3).map(tuple).flatmap(_in_turn)
WITH_PLATEAU = (
    st.tuples(LEAF, leaf("ReduceLROnPlateau"))
    .map(lambda pair: Part("ChainedScheduler", (), pair))
    .filter(lambda part: part.members[0].kind not in CYCLES)
)
PARTS = st.integers(0, 99).flatmap(
    lambda n: (
        NESTED
        if n == 37
        else WITH_PLATEAU
        if n == 61
        else leaf("ReduceLROnPlateau")
        if 70 < n < 78
        else (LEAF, LEVEL_2, LEVEL_3)[n % 3]
    )
)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(1, 8)),
        st.tuples(st.just("step"), st.integers(1, 8)),
        st.tuples(st.just("metric"), st.sampled_from((0.1, 0.5, 1.0, 2.0))),
        st.tuples(st.just("jump"), st.integers(0, 30)),
        st.tuples(st.just("edit"), st.integers(0, 2), st.sampled_from((0.003, 0.05, 0.7))),
        st.tuples(st.just("resume")),
        st.tuples(st.just("copy"), st.booleans()),
        st.tuples(st.just("load"), st.sampled_from(("o", "s", "os", "so"))),
        st.tuples(st.just("move"), st.integers(0, 5)),
        st.tuples(st.just("drop"), st.integers(0, 2)),
        st.tuples(st.just("set"), st.integers(0, 5), st.integers(0, 5), st.integers(0, 11)),
        st.tuples(st.just("set"), st.integers(0, 5), st.integers(0, 5), st.integers(0, 11)),
    ),
    min_size=1,
    max_size=8,
)
RATE = st.sampled_from((0.1, 0.05, 1.0))
RATES, MORE_RATES = (st.lists(RATE, min_size=n, max_size=n + 2) for n in (1, 2))
SELDOM = st.integers(0, 5)


@cache
def _one_or_two(part: st.SearchStrategy[Part]) -> st.SearchStrategy[list[Part]]:
    return st.lists(part, min_size=1, max_size=2)


@st.composite
def plans(draw: Any, part: st.SearchStrategy[Part] = PARTS) -> Plan:
    """A whole plan."""
    parts = tuple(draw(_one_or_two(part)))
    return Plan(
        adam=draw(st.booleans()),
        rates=tuple(draw(RATES)),
        tensors=draw(SELDOM) == 0,
        parts=parts,
        events=tuple(draw(EVENTS)),
    )


RULES = st.sampled_from(("LambdaLR", *PLAIN, *SWINGS)).flatmap(leaf)
GROWING = st.one_of(  # a cycle in a sequence takes the base of all groups that are there by then
    RULES,
    st.sampled_from(CYCLES).flatmap(leaf),
    st.lists(RULES, min_size=1, max_size=3).map(tuple).flatmap(_in_turn),
    st.lists(st.sampled_from(PLAIN).flatmap(leaf), min_size=1, max_size=3).map(
        lambda parts: Part("ChainedScheduler", (), tuple(parts))
    ),
)


GROWTH = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(1, 8)),
        st.tuples(st.just("jump"), st.integers(0, 30)),
        st.tuples(st.just("resume")),
        st.tuples(st.just("copy"), st.booleans()),
        st.tuples(st.just("load"), st.sampled_from(("o", "s", "os", "so"))),
        st.tuples(st.just("move"), st.integers(0, 5)),
        st.tuples(st.just("drop"), st.integers(0, 2)),
        st.tuples(st.just("add")),
        st.tuples(st.just("add")),
    ),
    min_size=1,
    max_size=10,
)


@st.composite
def growing(draw: Any) -> Plan:
    """A plan in which groups come, go and change places, and nothing else is done to them."""
    rates = draw(MORE_RATES)
    return Plan(
        adam=draw(st.booleans()),
        rates=tuple(rates),
        tensors=draw(SELDOM) == 0,
        parts=(draw(GROWING),),
        events=tuple(draw(GROWTH)),
        late=draw(st.integers(1, len(rates) - 1)),
    )
