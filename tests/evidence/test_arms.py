"""What is compared takes its settings from where it says; figures here are made up, not trained."""

from __future__ import annotations

from math import log2, log10

import pytest
from evidence.frame.arms import Size, arm
from evidence.frame.claims import Claim, Sweep, Versus
from evidence.frame.sides import Found, Ladder, Scaled
from evidence.frame.sweeping import swept

SMALL = Size(seeds=3, choosing=2)
RATES = (0.01, 0.02, 0.04, 0.08)


def valley(cell) -> dict[str, float]:
    """Error is least at 0.04, and falls with the updates; a range test suggests 0.03 or nothing."""
    if cell.plan == "range_test":
        return {"rate": 0.03 if cell.seed else 0.0}
    away = abs(log10(cell.setting("rate") / 0.04))
    return {"error": 10 * away + 1000 / cell.setting("updates") + 0.1 * cell.seed}


def held_for(side, figures=valley) -> dict:
    held: dict = {}
    while lacking := [cell for cell in side.cells(held, SMALL) if cell not in held]:
        held |= {cell: figures(cell) for cell in lacking}
    return held


def test_an_arm_is_reported_at_its_best_rate_and_the_rate_is_chosen_first():
    side = arm("a", "digits", "Constant(base)", RATES)
    first = list(side.cells({}, SMALL))
    assert {cell.seed for cell in first} == {100, 101}
    assert len(first) == len(RATES) * 2
    held = held_for(side)
    assert side.chosen(held, SMALL).x == 0.04
    assert side.values(held, SMALL) == [2.0, 2.1, 2.2]
    assert {c.setting("rate") for c in held if c.seed < 100} == {0.04}
    assert side.values({c: f for c, f in held.items() if c.seed != 2}, SMALL) is None
    assert side.chosen({c: f for c, f in held.items() if c.seed != 101}, SMALL) is None


@pytest.mark.parametrize(("rates", "edge"), [(RATES, False), (RATES[:3], True), ((0.04,), False)])
def test_a_best_rate_at_the_edge_is_known(rates, edge):
    side = arm("a", "digits", "Constant(base)", rates)
    held = held_for(side)
    assert side.at_the_edge(held, SMALL) is edge
    beyond = ", the edge of what was tried" if edge else ""
    told = [f"digits, a: 0.04 was best by seeds 100 to 101{beyond}."]
    assert list(side.notes(held, SMALL)) == told * (len(rates) > 1)
    assert list(side.notes({}, SMALL)) == []


def test_an_arm_at_one_option_needs_no_choice():
    side = arm("a", "digits", "Constant(base)", RATES).at(0.02)
    assert [cell.setting("rate") for cell in side.cells({}, SMALL)] == [0.02] * 3
    assert side.name == "a 0.02"


def test_ten_times_is_ten_times_what_the_other_was_best_at():
    side = Scaled("10", arm("a", "digits", "Constant(base)", RATES), "one_cycle()", 10)
    held = held_for(side)
    cycles = [cell for cell in held if cell.plan == "one_cycle()"]
    assert {cell.setting("rate") for cell in cycles} == {0.4}
    assert len(cycles) == 3
    assert side.values(held, SMALL) == [held[cell]["error"] for cell in cycles]
    assert side.values({}, SMALL) is None
    assert list(side.notes(held, SMALL)) == ["digits, a: 0.04 was best by seeds 100 to 101."]


def test_each_seed_is_trained_at_its_own_suggestion_and_without_one_at_the_usual_guess():
    side = Found("found", "digits", "Constant(base)", otherwise=0.01)
    assert all(cell.plan == "range_test" for cell in side.cells({}, SMALL))
    held = held_for(side)
    rates = {c.seed: c.setting("rate") for c in held if c.plan == "Constant(base)"}
    assert rates == {0: 0.01, 1: 0.03, 2: 0.03}
    assert side.rates(held, SMALL) == [0.0, 0.03, 0.03]
    values = side.values(held, SMALL)
    assert values[0] > values[1]
    told = "digits, found: 0.03 to 0.03; 1 of 3 seeds got none, and 0.01."
    assert list(side.notes(held, SMALL)) == [told]
    lost = {c: {"rate": 0.0} if c.plan == "range_test" else f for c, f in held.items()}
    told = "digits, found: nothing; 3 of 3 seeds got none, and 0.01."
    assert list(side.notes(lost, SMALL)) == [told]
    assert side.values({}, SMALL) is None


def test_a_ladder_counts_the_updates_to_the_target():
    arms = tuple(
        (length, arm(str(length), "digits", "Constant(base)", RATES, updates=length))
        for length in (100, 200, 400)
    )
    side = Ladder("to 6 %", arms, 6.0)
    held = held_for(side)
    assert side.values(held, SMALL)[0] == pytest.approx(log2(200) - 1 / 5)  # 10, then 5
    assert len(held) == 3 * (4 * 2 + 3)
    assert list(side.notes(held, SMALL)) == []
    tilted = {c: {"error": -c.setting("rate")} for c in held}
    told = "to 6 %: for 100, 200, 400 updates the best rate was at the edge of what was tried."
    assert list(side.notes(tilted, SMALL)) == [told]
    lost = next(cell for cell in held if cell.seed == 2)
    assert side.values({c: f for c, f in held.items() if c != lost}, SMALL) is None


def test_a_claim_compares_seed_by_seed():
    better = arm("better", "digits", "Constant(base)", 0.04)
    worse = arm("worse", "digits", "Constant(base)", 0.4)
    claim = Claim("c", "C.", "1.1", (Versus("x", better, worse, margin=1.0),))
    held = held_for(claim)
    (case,) = claim.cases(held, SMALL)
    assert (case.name, case.margin) == ("x", 1.0)
    assert case.effect.mean == pytest.approx(10)
    assert claim.cases({}, SMALL) is None
    (turned,) = Claim("c", "C.", "1.1", (Versus("x", worse, better),)).cases(held, SMALL)
    assert turned.effect.mean == pytest.approx(-10)


def test_a_sweep_tells_how_much_worse_each_value_is_than_the_best():
    side = arm("a", "digits", "Constant(base)", RATES)
    claim = Claim("c", "C.", "1.1", (), sweeps=(Sweep("rate", side),))

    def noisy(cell):
        far = cell.setting("rate") == 0.01
        return {"error": 5.0 * far + 0.1 * ((cell.seed * round(100 * cell.setting("rate"))) % 3)}

    found = swept(claim.sweeps[0], held_for(claim, noisy), SMALL)
    assert found.values == RATES
    assert found.sentence == "rate: best at 0.02; flat from 0.02 to 0.08"
    assert swept(claim.sweeps[0], {}, SMALL) is None
