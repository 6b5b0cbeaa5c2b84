"""The recipes `wave`, `htd`, `chebyshev`, and the cooldowns of `wsd`, against their formulas."""

from __future__ import annotations

import math

import mpmath
import pytest
from mpmath import mpf

from passo import (
    Run,
    base,
    chebyshev,
    htd,
    one_cycle,
    one_cycle_momentum,
    percent,
    steps,
    wave,
    wsd,
)

RUN = Run(steps(1000))
TIMES = [0, 1, 37, 333, 499, 500, 501, 799, 800, 801, 900, 999, 1000, 1500]
SHAPES = {
    "linear": lambda q: 1 - q,
    "cosine": lambda q: (1 + mpmath.cos(mpmath.pi * q)) / 2,
    "1-sqrt": lambda q: 1 - mpmath.sqrt(q),
    2: lambda q: 1 - q**2,
    0.7: lambda q: 1 - q ** mpf(0.7),
    "mirror": lambda q: 2 * (1 - q) - (1 + mpmath.cos(mpmath.pi * q)) / 2,
    "exponential": lambda q: 2 * mpf("0.5") ** q - 1,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("floor", [0.0, 0.02])
def test_each_cooldown_of_wsd_is_its_formula(shape, floor):
    s = wsd(peak=0.3, warmup=steps(0), shape=shape, floor=floor).on(RUN)
    for t in TIMES:
        q = min(max(mpf(t - 800) / 200, mpf(0)), mpf(1))
        real = floor + (mpf(0.3) - floor) * SHAPES[shape](q)
        assert s(t) == pytest.approx(float(real), rel=1e-12, abs=1e-16)


def test_the_geometric_cooldown_halves_in_equal_times():
    s = wsd(warmup=steps(0), shape="geometric", floor=base / 16).on(RUN).with_base(1.0)
    assert [s(800 + 50 * k) for k in range(5)] == pytest.approx([2.0**-k for k in range(5)])


@pytest.mark.parametrize("cycles", [0.5, 1, 1.5, 2.25, 3])
def test_a_wave_is_a_cosine_of_all_times(cycles):
    s = wave(cycles=cycles, over=steps(90), peak=0.3, floor=0.03)
    for t in range(400):
        real = mpf(0.03) + (mpf(0.3) - 0.03) * (1 + mpmath.cos(2 * mpmath.pi * cycles * t / 90)) / 2
        assert s(t) == pytest.approx(float(real), rel=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-6, 3), (-3, 3), (-7, 3), (-200, 200), (1, 5)])
def test_htd_is_the_published_curve_with_its_short_ends(low, high):
    s = htd(peak=0.3, floor=0.003, over=steps(100), low=low, high=high)
    with mpmath.workdps(200):
        for t in range(101):
            share = (1 - mpmath.tanh(low + mpf(high - low) * t / 100)) / 2
            assert s(t) == pytest.approx(float(mpf(0.003) + (mpf(0.3) - 0.003) * share), rel=1e-12)


def published_order(count):
    """The fractal permutation as the paper has it: each with its mirror image, from 1."""
    if count == 1:
        return [1]
    half = published_order(count // 2)
    return [each for k in half for each in (k, count + 1 - k)]


@pytest.mark.parametrize("count", [1, 2, 8, 64, 1024])
@pytest.mark.parametrize("ratio", [0.05, 1e-6, 1.0])
def test_chebyshev_is_the_inverse_of_the_nodes_in_fractal_order(count, ratio):
    s = chebyshev(count=count, every=steps(3), ratio=ratio, peak=0.3)
    assert s.length().amount == 3 * count
    for t, place in enumerate(published_order(count)):
        with mpmath.workdps(40):
            turn = mpmath.cos(mpmath.pi * (place - mpf("0.5")) / count)
            node = (1 + mpf(ratio)) / 2 - (1 - mpf(ratio)) / 2 * turn
            real = float(mpf(0.3) * mpf(ratio) / node)
        assert s(3 * t) == s(3 * t + 2) == pytest.approx(real, rel=1e-12)


def test_the_fall_of_one_cycle_has_a_length_of_its_own():
    s = one_cycle(peak=1.0, fall=percent(50), final=0.01).on(RUN)
    assert [s(300), s(800), s(1000)] == pytest.approx([1.0, 0.01, 0.01])
    s = one_cycle(peak=1.0, fall=percent(40), final=0.01, phases=3, shape="linear").on(RUN)
    assert [s(300), s(500), s(700), s(1000)] == pytest.approx([1.0, 0.52, 0.04, 0.01])
    s = one_cycle_momentum(fall=percent(50)).on(RUN)
    assert [s(300), s(800), s(1000)] == pytest.approx([0.85, 0.95, 0.95])
    s = one_cycle_momentum(fall=percent(40), phases=3).on(RUN)
    assert [s(300), s(700), s(1000)] == pytest.approx([0.85, 0.95, 0.95])
    assert math.isclose(one_cycle_momentum().on(RUN)(1000), 0.95)
