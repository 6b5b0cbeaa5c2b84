"""Values: against the real-number formulas, and as tables of points that a person can check."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import (
    Constant,
    Cosine,
    CosinePower,
    ExpHyperbolic,
    Exponential,
    Geometric,
    Hyperbolic,
    InversePower,
    KDecay,
    KDecayCosine,
    Linear,
    Logarithmic,
    Polynomial,
    Power,
    Rex,
    Run,
    Table,
    Tanh,
    percent,
    rest,
    steps,
)
from tests.schedules.hunt import NAMES, bound, case_of, distance
from tests.schedules.leaves import RAMPS, WAVE, lengths, ramps

POINTS = 250


@pytest.mark.parametrize("name", NAMES)
def test_a_leaf_is_within_eight_ulp_of_its_real_number_formula(name):
    rng = Random()
    for _ in range(POINTS):
        case = case_of(name, rng)
        off = distance(case)
        assert off <= bound(case), f"{case.leaf!r}({case.t!r}) is {off:.2f} ulp off"


@pytest.mark.parametrize("name", NAMES)
def test_beyond_that_the_error_grows_as_the_design_allows(name):
    rng = Random()
    for _ in range(POINTS // 2):
        case = case_of(name, rng, ratio=1e14, most=12.0)
        off = distance(case)
        assert off <= bound(case), f"{case.leaf!r}({case.t!r}) is {off:.2f} ulp off"


@given(st.sampled_from(sorted(RAMPS)).flatmap(ramps), st.floats(0, 400))
def test_a_ramp_never_leaves_the_range_of_its_values(leaf, t):
    spec = leaf.to_spec()
    ends = [v for _, v in spec["points"]] if "points" in spec else [leaf(0), leaf(1e9)]
    slack = 8 * math.ulp(max(map(abs, ends)))
    assert min(ends) - slack <= leaf(t) <= max(ends) + slack


ZERO_TO_FOUR = [0, 1, 2, 3, 4, 5]
N = steps(4)


@pytest.mark.parametrize(
    ("schedule", "times", "values"),
    [
        (Constant(0.1), [0, 5, 10**9], [0.1, 0.1, 0.1]),
        (Constant(0.1, steps(3)), [0, 3, 4], [0.1, 0.1, 0.1]),
        (Linear(0, 1, N), ZERO_TO_FOUR, [0, 0.25, 0.5, 0.75, 1, 1]),
        (Linear(1, -1, N), ZERO_TO_FOUR, [1, 0.5, 0, -0.5, -1, -1]),
        (Linear(3, 7, steps(0)), [0, 1], [7, 7]),
        (Cosine(1, 0, N), ZERO_TO_FOUR, [1, 0.8535533905932737, 0.5, 0.1464466094067262, 0, 0]),
        (Cosine(0, 2, N), ZERO_TO_FOUR, [0, 0.2928932188134525, 1, 1.7071067811865475, 2, 2]),
        (Polynomial(1, 0, N), ZERO_TO_FOUR, [1, 0.75, 0.5, 0.25, 0, 0]),
        (Polynomial(1, 0, N, power=2), ZERO_TO_FOUR, [1, 0.5625, 0.25, 0.0625, 0, 0]),
        (Polynomial(2, 1, N, power=0.5), [0, 3, 4], [2, 1.5, 1]),
        (Power(1, 0, N, power=0.5), ZERO_TO_FOUR, [1, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0, 0]),
        (Power(0, 1, N, power=2), ZERO_TO_FOUR, [0, 0.0625, 0.25, 0.5625, 1, 1]),
        (Geometric(1, 1e-4, N), ZERO_TO_FOUR, [1, 0.1, 0.01, 0.001, 0.0001, 0.0001]),
        (Geometric(-1, -16, N), ZERO_TO_FOUR, [-1, -2, -4, -8, -16, -16]),
        (Exponential(1, 0.5), [0, 1, 3, 10], [1, 0.5, 0.125, 2**-10]),
        (Exponential(8, 0.5, steps(10)), [0, 10, 30], [8, 4, 1]),
        (Exponential(1, 4, steps(2)), [0, 1, 2], [1, 2, 4]),
        (InversePower(1, steps(100)), [0, 300, 9900], [1, 0.5, 0.1]),
        (InversePower(6, steps(2), power=1), [0, 2, 4, 10], [6, 3, 2, 1]),
        (CosinePower(1, 0, N, power=2), ZERO_TO_FOUR,
         [1, 0.7285533905932737, 0.25, 0.0214466094067262, 0, 0]),
        (KDecay(1, 0, N, k=2), ZERO_TO_FOUR, [1, 0.9375, 0.75, 0.4375, 0, 0]),
        (KDecay(1, 0, N, k=2, power=2), ZERO_TO_FOUR, [1, 0.87890625, 0.5625, 0.19140625, 0, 0]),
        (KDecayCosine(1, 0, N, k=2), [0, 2, 4], [1, 0.8535533905932737, 0]),
        (Tanh(1, 0, N, low=-3, high=3), [0, 2, 4, 5], [1, 0.5, 0, 0]),
        (Rex(1, 0, N), ZERO_TO_FOUR, [1, 0.75 / 0.875, 0.5 / 0.75, 0.25 / 0.625, 0, 0]),
        (Hyperbolic(1, 0, N), ZERO_TO_FOUR, [1, 0.75, 0.5, 0.25, 0, 0]),
        (Hyperbolic(1, 0, N, upper=2), [0, 2, 4], [1, math.sqrt(0.5 * 2.5 / 3), 0]),
        (ExpHyperbolic(1, 1e-4, N), ZERO_TO_FOUR, [1, 0.1, 0.01, 0.001, 0.0001, 0.0001]),
        (Logarithmic(0, 1, steps(3)), [0, 1, 3, 9], [0, 0.5, 1, 1]),
        (Table([(steps(0), 1), (steps(10), 0.5), (steps(20), 0)]), [0, 5, 10, 15, 20, 30],
         [1, 0.75, 0.5, 0.25, 0, 0]),
        (Table([(steps(2), 1), (steps(4), 3)]), [0, 2, 3, 4, 9], [1, 1, 2, 3, 3]),
        (Table([(steps(2), 1), (steps(4), 3)], "step"), [0, 2, 3, 4, 9], [1, 1, 1, 3, 3]),
        (Table([(steps(0), 0), (N, 1)], "cosine"), ZERO_TO_FOUR,
         [0, 0.1464466094067262, 0.5, 0.8535533905932737, 1, 1]),
        (Table([(steps(5), 2)]), [0, 5, 9], [2, 2, 2]),
        (WAVE, [0, 1, 3], [1, 0.5, 0.25]),
    ],
)  # fmt: skip
def test_a_leaf_has_these_values(schedule, times, values):
    assert [schedule(t) for t in times] == pytest.approx(values, rel=1e-14, abs=1e-16)


TEN = Run(steps(10))
TO_13 = list(range(13))


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        # optax, keras, fastai, Megatron and others agree
        (passo.warmup_cosine(peak=1, warmup=steps(4)),
         [0, 0.25, 0.5, 0.75, 1, 0.9330127, 0.75, 0.5, 0.25, 0.0669873, 0, 0, 0]),
        (Linear(0, 1, steps(4)).then(Cosine(1, 0, steps(6))).skip(steps(1)),
         [0.25, 0.5, 0.75, 1, 0.9330127, 0.75, 0.5, 0.25, 0.0669873, 0, 0, 0, 0]),
        # transformers and timm
        (passo.wsd(peak=1, warmup=steps(2), cooldown=steps(4), shape="1-sqrt"),
         [0, 0.5, 1, 1, 1, 1, 1, 0.5, 0.2928932, 0.1339746, 0, 0, 0]),
        (passo.wsd(peak=1, warmup=percent(20), cooldown=percent(40)),
         [0, 0.5, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0]),
        (passo.wsd(peak=1, warmup=steps(2), cooldown=steps(4),
                   shape="cosine", floor=0.2, start=0.5),
         [0.5, 0.75, 1, 1, 1, 1, 1, 0.8828427, 0.6, 0.3171573, 0.2, 0.2, 0.2]),
        (passo.warmup_linear(peak=1, warmup=steps(5)),
         [0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0]),
        (passo.warmup_constant(peak=2, warmup=steps(4), start=1), [1, 1.25, 1.5, 1.75, *[2] * 9]),
        (passo.warmup_cosine(peak=1, warmup=steps(0)),
         [passo.Cosine(1, 0, steps(10))(t) for t in range(13)]),
        (passo.step_decay(steps(3), gamma=0.1, peak=1.0),
         [1] * 3 + [0.1] * 3 + [0.01] * 3 + [0.001] * 3 + [1e-4]),
        (passo.multistep_decay([steps(3), steps(8)], gamma=0.1, peak=1.0),
         [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, *[0.01] * 5]),
        (passo.exponential_decay(0.5, peak=4096), [2 ** (12 - t) for t in range(13)]),
        (passo.cosine_decay(peak=1, over=steps(2), floor=0.5), [1, 0.75, *[0.5] * 11]),
        (passo.polynomial_decay(peak=16, over=rest, power=2),
         [16 * (1 - t / 10) ** 2 for t in range(11)] + [0, 0]),
        (passo.inverse_sqrt(peak=2, warmup=steps(4)),
         [0, 0.5, 1, 1.5, *[4 / t**0.5 for t in range(4, 13)]]),
        (passo.noam(64, warmup=steps(4)), [0, *[min(t**-0.5, t / 8) / 8 for t in range(1, 13)]]),
        (passo.one_cycle(peak=1, rise=steps(4), initial=0.2, final=0, shape="linear"),
         [0.2, 0.4, 0.6, 0.8, 1, 5 / 6, 4 / 6, 0.5, 2 / 6, 1 / 6, 0, 0, 0]),
        (passo.one_cycle(peak=1, rise=steps(4), initial=0.2, final=0, shape="linear", phases=3),
         [0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2, 0.1, 0, 0, 0]),
        (passo.one_cycle_momentum(low=0.8, high=0.9, rise=steps(2), shape="linear"),
         [0.9, 0.85, *[0.8 + 0.1 * t / 8 for t in range(9)], 0.9, 0.9]),
        (passo.one_cycle_momentum(low=0.8, high=0.9, rise=steps(2), shape="linear", phases=3),
         [0.9, 0.85, 0.8, 0.85, *[0.9] * 9]),
        (passo.cyclic(0, peak=1, rise=steps(2)),
         [0, 0.5, 1, 0.5, 0, 0.5, 1, 0.5, 0, 0.5, 1, 0.5, 0]),
        (passo.cyclic(0, peak=1, rise=steps(1), fall=steps(2)), [0, 1, 0.5] * 4 + [0]),
        (passo.cyclic(1, peak=2, rise=steps(2), mode="triangular2"),
         [1, 1.5, 2, 1.5, 1, 1.25, 1.5, 1.25, 1, 1.125, 1.25, 1.125, 1]),
        (passo.cyclic(1, peak=2, rise=steps(1), mode="exp_range", gamma=0.5),
         [1, 1.5, 1, 1.125, 1, 1 + 2**-5, 1, 1 + 2**-7, 1, 1 + 2**-9, 1, 1 + 2**-11, 1]),
        (passo.cyclic_momentum(low=0.8, high=0.9, rise=steps(2)),
         [0.9, 0.85, 0.8, 0.85] * 3 + [0.9]),
        (passo.warm_restarts(first=steps(2), peak=1.0), [1, 0.5] * 6 + [1]),
        (passo.warm_restarts(first=steps(2), grow=2, shrink=0.5, peak=1.0),
         [1, 0.5, 0.5, 0.4267767, 0.25, 0.0732233, 0.25, 0.2404849, 0.2133884, 0.1728354, 0.125,
          0.0771646, 0.0366117]),
        (passo.warm_restarts(first=steps(2), grow=1, shrink=0.5, peak=1.0, floor=0.1),
         [1, 0.55, 0.5, 0.3, 0.25, 0.175, 0.125, 0.1125, 0.0625, 0.08125, 0.03125,
          0.065625, 0.015625]),
    ],
)  # fmt: skip
def test_a_recipe_has_these_values(schedule, values):
    placed = schedule.on(TEN)
    assert [placed(t) for t in TO_13] == pytest.approx(values, rel=1e-5, abs=1e-12)


@given(st.sampled_from(["Linear", "Cosine", "Polynomial", "Rex"]), lengths)
def test_equal_ends_stay_where_they_are(name, length):
    leaf = getattr(passo, name)(0.1, 0.1, steps(length))
    assert all(abs(leaf(k / 7) - 0.1) <= 2 * math.ulp(0.1) for k in range(20))
