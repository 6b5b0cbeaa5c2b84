"""Each entry against its closed form, at 200 points and at its edges."""

from __future__ import annotations

import math
from random import Random

import mpmath
import pytest

from passo import Run, catalogue, steps
from tests.catalogue.formulas import FORMULAS

RUN, BASE, POINTS, CLOSE = Run(steps(1000)), 0.3, 200, 1e-12
PASTS = {
    "reduce on plateau": {"patience": 0, "past": [(200, 1.0), (300, 1.0), (400, 1.0)]},
    "GreedyLR": {
        "factor": 0.5,
        "patience": 0,
        "past": [(200, 3.0), (500, 2.0), (600, 2.0)],
    },
    "ABEL": {
        "past": [(100, 5.0), (200, 4.0), (300, 4.5), (400, 4.2), (500, 4.4), (600, 4.1)],
    },
}
DRAWN = {each.name: each for each in catalogue.ENTRIES if each.expression is not None}


def made(entry):
    """An entry's schedule with its defaults, on the run."""
    s = entry.expression(**PASTS.get(entry.name, {}))
    return (s.with_base(BASE) if s.relative else s).on(RUN)


@pytest.mark.parametrize("name", DRAWN)
def test_an_entry_has_the_values_of_its_closed_form(name):
    schedule, rng = made(DRAWN[name]), Random(name)
    edges = [t for t in schedule.corners(0.0, 1200.0) if t == round(t)][:80]
    times = [0.0, 1.0, 999.0, 1000.0, 1200.0, *edges, *(t + 1.0 for t in edges)]
    times += [rng.uniform(0, 1200) for _ in range(POINTS // 2)]
    times += [float(rng.randrange(1200)) for _ in range(POINTS // 2)]
    with mpmath.workdps(40):
        for t in times:
            real = float(FORMULAS[name](mpmath.mpf(t)))
            assert math.isclose(schedule(t), real, rel_tol=CLOSE, abs_tol=1e-15), t


def test_every_entry_has_its_closed_form_here():
    lacks = "tests/catalogue/formulas.py lacks the closed form of these"
    assert not set(DRAWN) - set(FORMULAS), lacks
    assert not set(FORMULAS) - set(DRAWN), "these are gone, and have a closed form still"
