"""`explain` names the change that was made, for random pairs of every kind."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import passo
from passo import (
    Constant,
    Cosine,
    Geometric,
    Linear,
    Polynomial,
    Power,
    Rex,
    Run,
    Schedule,
    analysis,
    step_decay,
    steps,
)

PAIRS = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 6


class Trunk(NamedTuple):
    """Numbers of a schedule with a warm-up, a peak and a decay to a floor."""

    start: float
    peak: float
    floor: float
    warmup: float
    over: float
    decay: str


DECAYS: dict[str, Callable[..., Schedule]] = {
    "a line": Linear,
    "half a cosine": Cosine,
    "a square root of what is gone (1-sqrt)": lambda a, b, n: Power(a, b, n, power=0.5),
    "a square of what is left": lambda a, b, n: Polynomial(a, b, n, power=2),
    "a reflected exponential (REX)": Rex,
    "equal ratios": Geometric,
}


def drawn(rng: random.Random, **fixed: Any) -> Trunk:
    made = {
        "start": rng.choice([0.0, 0.0, 0.01, 0.04]),
        "peak": rng.choice([0.3, 1.0, 0.5]),
        "floor": rng.choice([0.01, 0.05, 0.1]),
        "warmup": float(rng.randint(4, 30)),
        "over": float(rng.randint(90, 150)),
        "decay": rng.choice(sorted(DECAYS)),
    }
    return Trunk(**(made | fixed))


def planned(trunk: Trunk) -> Schedule:
    """Warm-up, then the decay to the end of the run, or of its own length."""
    rest = steps(trunk.over - trunk.warmup)
    return Linear(trunk.start, trunk.peak, steps(trunk.warmup)).then(
        DECAYS[trunk.decay](trunk.peak, trunk.floor, rest)
    )


def some(rng: random.Random, *, warm: bool = False) -> Schedule:
    """A random schedule of a published kind, on a run of 160 updates."""
    warmup = steps(rng.randint(5, 30))
    makers: list[Callable[[], Schedule]] = [
        lambda: planned(drawn(rng)),
        lambda: passo.warmup_cosine(peak=0.3, warmup=warmup, floor=0.01),
        lambda: passo.warmup_linear(peak=1, warmup=warmup, start=0.01),
        lambda: passo.wsd(peak=0.5, warmup=warmup, cooldown=passo.percent(rng.randint(15, 40))),
        lambda: passo.one_cycle(peak=1, rise=passo.percent(rng.randint(20, 45))),
        lambda: passo.inverse_sqrt(peak=0.1, warmup=warmup),
        lambda: passo.noam(512, warmup=warmup),
    ]
    cold: list[Callable[[], Schedule]] = [
        lambda: passo.step_decay(steps(rng.randint(20, 50)), gamma=0.3, peak=0.1),
        lambda: passo.polynomial_decay(peak=0.1, power=rng.choice([0.9, 2.0])),
        lambda: passo.cosine_decay(peak=0.1, floor=0.001),
        lambda: passo.exponential_decay(0.97, peak=0.1),
    ]
    return rng.choice(makers if warm else makers + cold)()


RUN = Run(steps(160), steps_per_epoch=16)


def shifted(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    one = some(rng)
    if rng.random() < 0.5:
        return one, one.on(RUN).skip(steps(1)), {"updates": 1.0}
    return one, Constant(one.on(RUN)(0), steps(1)).then(one.on(RUN)), {"updates": -1.0}


def warmed(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    old, new = rng.sample(range(4, 32), 2)
    if {old / new, new / old} & {16.0}:
        new += 1
    makers: list[Callable[[int], Schedule]] = [
        lambda n: passo.warmup_cosine(peak=0.3, warmup=steps(n), floor=0.01),
        lambda n: passo.warmup_linear(peak=1, warmup=steps(n), start=0.01),
        lambda n: passo.wsd(peak=0.5, warmup=steps(n)),
        lambda n: passo.inverse_sqrt(peak=0.1, warmup=steps(n)),
        lambda n: Linear(0, 1, steps(n)).then(Cosine(1, 0, steps(90))),
        lambda n: passo.warmup_constant(peak=1, warmup=steps(n)),
    ]
    make = rng.choice(makers)
    return make(old), make(new), {"a": float(old), "b": float(new)}


def replaced(field: str, *values: Any) -> Callable[[random.Random], Any]:
    def pair(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
        old, new = rng.sample(values, 2)
        one = drawn(rng, **{field: old})
        return planned(one), planned(one._replace(**{field: new})), {"a": old, "b": new}

    return pair


def floored(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    if rng.random() < 0.6:
        return _floor_of(rng)
    one = rng.choice(
        [
            passo.step_decay(steps(30), gamma=0.3, peak=0.1),
            passo.exponential_decay(0.95, peak=0.1),
            passo.inverse_sqrt(peak=0.1, warmup=steps(5)),
        ]
    )
    low = rng.choice([0.02, 0.035])
    return one, one.clip(low=low), {"b": low}


def _floor_of(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    linear = sorted(set(DECAYS) - {"equal ratios"})
    old, new = rng.sample([0.0, 0.01, 0.05, 0.1], 2)
    one = drawn(rng, floor=old, decay=rng.choice(linear))
    return planned(one), planned(one._replace(floor=new)), {"a": old, "b": new}


def peaked(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    old, new = rng.sample([0.2, 0.3, 0.5, 1.0], 2)
    linear = sorted(set(DECAYS) - {"equal ratios"})
    one = drawn(rng, peak=old, decay=rng.choice(linear))
    makers: list[Callable[[float], Schedule]] = [
        lambda peak: planned(one._replace(peak=peak)),
        lambda peak: passo.one_cycle(peak=peak),
        lambda peak: passo.step_decay(steps(30), peak=peak),
        lambda peak: passo.wsd(peak=peak, start=0.01, floor=0.001),
        lambda peak: passo.inverse_sqrt(peak=peak),
        lambda peak: passo.exponential_decay(0.97, peak=peak),
    ]
    make = rng.choice(makers)
    return make(old), make(new), {"a": old, "b": new}


def risen(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    one = drawn(rng)
    left = one.over - one.warmup
    again = {
        0: Cosine(one.floor, one.peak, steps(left)),
        1: Linear(one.floor, 2 * one.peak, steps(90)),
        2: Power(one.floor, one.peak, steps(80), power=2),
    }[rng.randrange(3)]
    return planned(one), planned(one).then(again), {"from": one.over}


def stepped(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    one = rng.choice(
        [
            planned(drawn(rng)),
            passo.cosine_decay(peak=0.1),
            passo.warmup_linear(peak=1, warmup=steps(20)),
            passo.exponential_decay(0.98, peak=0.1),
        ]
    )
    wide = rng.choice([16, 16, 10, 8, 4])
    return one, one.staircase(steps(wide)), {"width": float(wide)}


def shaped(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    old, new = rng.sample(sorted(DECAYS), 2)
    one = drawn(rng, decay=old)
    return planned(one), planned(one._replace(decay=new)), {"from": one.warmup, "to": one.over}


def in_units(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    amount = rng.randint(2, 4)
    makers: list[Callable[[Any], Schedule]] = [
        lambda unit: passo.warmup_cosine(peak=1, warmup=unit(amount)),
        lambda unit: passo.wsd(peak=1, warmup=unit(amount)),
        lambda unit: passo.step_decay(unit(amount), gamma=0.5, peak=0.1),
        lambda unit: passo.exponential_decay(0.7, every=unit(1), peak=0.1),
        lambda unit: passo.inverse_sqrt(peak=0.1, warmup=unit(amount)),
    ]
    if rng.random() < 0.3:
        share = rng.choice([20, 30, 40])
        return (
            passo.one_cycle(peak=1, rise=passo.percent(share)),
            passo.one_cycle(peak=1, rise=passo.percent(share / 100)),
            {},
        )
    make = rng.choice(makers)
    units = [passo.steps, passo.epochs]
    rng.shuffle(units)
    return make(units[0]), make(units[1]), {}


def unused(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    warmup, over, peak = rng.randint(5, 30), rng.randint(90, 150), rng.choice([0.3, 1.0])
    leaf = rng.choice([Linear, Cosine, DECAYS["a square of what is left"]])
    head = Linear(0, peak, steps(warmup))
    one = head.then(leaf(peak, 0, steps(over - warmup)))
    decay = leaf(peak, 0, steps(over))
    if rng.random() < 0.5:
        return one, head.then(decay.skip(steps(warmup))), {"peak": peak}
    factor = Linear(0, 1, steps(warmup)).then(Constant(1))
    return one, factor * decay, {"peak": peak}


def longer(rng: random.Random) -> tuple[Schedule, Schedule, Any]:
    old, new = rng.sample(range(90, 150), 2)
    one = drawn(rng, over=float(old))
    return planned(one), planned(one._replace(over=float(new))), {"a": old, "b": new}


KINDS: dict[str, Callable[[random.Random], Any]] = {
    "shift": shifted,
    "warm-up length": warmed,
    "warm-up start": replaced("start", 0.0, 0.01, 0.02, 0.04),
    "peak": peaked,
    "floor": floored,
    "past the end": risen,
    "steps": stepped,
    "shape": shaped,
    "unit": in_units,
    "peak never used": unused,
    "length": longer,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_one_change_of_a_random_pair_is_named(kind):
    for seed in range(PAIRS):
        a, b, numbers = KINDS[kind](random.Random(f"{kind}{seed}"))
        found = analysis.explain(a, b, RUN)
        assert [change.kind for change in found.changes] == [kind], (seed, a, b, str(found))
        assert found.verdict == "explained"
        assert found.changes[0].explained == found.explained == 1.0
        known = dict(found.changes[0].numbers)
        assert {name: known[name] for name in numbers} == pytest.approx(numbers, rel=1e-6)


def test_a_shift_and_a_floor_together_are_both_named():
    for seed in range((PAIRS + 1) // 2):
        rng = random.Random(f"both{seed}")
        a, b, numbers = _floor_of(rng)
        by = rng.choice([1.0, -1.0])
        moved = b.skip(steps(1)) if by > 0 else Constant(b(0), steps(1)).then(b)
        found = analysis.explain(a, moved, RUN)
        assert {each.kind for each in found.changes} == {"shift", "floor"}, (seed, a, b, str(found))
        assert found.verdict == "explained"
        known = {each.kind: dict(each.numbers) for each in found.changes}
        assert known["shift"]["updates"] == by
        assert known["floor"] == pytest.approx(numbers)


# -- one schedule, 21 libraries: warm-up 4, cosine to 0, 10 updates in all

OURS = Linear(0, 1, steps(4)).then(Cosine(1, 0, steps(6)))
WAVES = Cosine(1, 0, steps(6)).then(Cosine(0, 1, steps(6))).repeat()
AGAIN = "From update {} on a holds 0 and b climbs again, to {} at update 12."
CONVENTIONS: dict[str, tuple[Schedule, list[str], list[str]]] = {
    "optax, keras, fastai, fvcore, Megatron": (
        Linear(0, 1, steps(4)).then(Cosine(1, 0, steps(6)), Constant(0)),
        [],
        ["a and b are equal: each of the 13 updates uses the same value."],
    ),
    "torch's SequentialLR, transformers, torchtune": (
        Linear(0, 1, steps(4)).then(WAVES),
        ["past the end"],
        [AGAIN.format(10, 0.25)],
    ),
    "transformers' cosine_warmup_with_min_lr": (
        Linear(0, 1, steps(4)).skip(steps(1)).then(WAVES),
        ["shift", "past the end"],
        [
            "b is a, 1 update early: at update t it uses what a uses at t + 1.",
            AGAIN.format(9, 0.5),
        ],
    ),
    "torchtitan": (
        Linear(0, 1, steps(4)).skip(steps(1)).then(Constant(1, steps(1)), WAVES),
        ["shift", "past the end"],
        ["The warm-up of b is 1 update early, the rest is on time.", AGAIN.format(10, 0.25)],
    ),
    "timm without warmup_prefix": (
        Linear(0, 1, steps(4)).then(Cosine(1, 0, steps(10)).skip(steps(4))),
        ["peak never used"],
        [
            (
                "b never uses the peak 1, at most 0.75: its decay begins at update 0, under its "
                "warm-up (over the whole length)."
            )
        ],
    ),
    "pytorch-warmup": (
        Cosine(1, 0, steps(10)).then(Cosine(0, 1, steps(10))).repeat()
        * Linear(0, 1, steps(4)).then(Constant(1)).skip(steps(1)),
        ["peak never used", "past the end"],
        [
            (
                "b never uses the peak 1, at most 0.793893: its decay is multiplied by its warm-up "
                "(over the whole length), its warm-up 1 update early."
            ),
            AGAIN.format(10, 0.095492),
        ],
    ),
    "ignite": (
        Linear(0, 1, steps(3)).then(WAVES),
        ["warm-up length", "past the end"],
        ["b warms up over 3 updates, a over 4.", AGAIN.format(9, 0.5)],
    ),
    "mmengine": (
        Linear(0, 1, steps(3)).then(Constant(1, steps(1)), Cosine(1, 0, steps(6)).until(steps(5))),
        ["warm-up length", "early end"],
        [
            "b warms up over 3 updates, a over 4; what follows is where it was.",
            "b stops at update 9 and stays at 0.066987, where a goes on to 0.",
        ],
    ),
    "DeepSpeed, linear": (
        Constant(0, steps(1)).then(Linear(0, 1, steps(4)), Cosine(1, 0, steps(6)).skip(steps(1))),
        ["shift"],
        [
            "The warm-up of b is 1 update late, the rest is on time.",
            "So b never uses the peak 1, at most 0.933013.",
        ],
    ),
    "DeepSpeed, log": (
        Constant(0, steps(1)).then(passo.Logarithmic(0, 1, steps(3)), Cosine(1, 0, steps(6))),
        ["warm-up length", "shape"],
        [
            "The warm-up of b begins at update 1 and is over at 4, that of a at 4.",
            "The warm-up of b is a logarithm, that of a a line.",
        ],
    ),
    "pytorch-optimizer": (
        Constant(0, steps(1)).then(Linear(0, 1, steps(4)), WAVES),
        ["shift", "past the end"],
        [
            "b is a, 1 update late: at update t it uses what a uses at t - 1.",
            AGAIN.format(11, 0.066987),
        ],
    ),
    "torch-schedule-anything": (
        Linear(0, 1, steps(4)).then(Cosine(1, -1, steps(12)).then(Cosine(-1, 1, steps(12)))),
        ["shape", "past the end"],
        [
            "The decay of b is a quarter of a cosine, that of a half a cosine.",
            "From update 10 on a holds 0 and b goes on below it, to -0.5 at update 12.",
        ],
    ),
}


@pytest.mark.parametrize("library", CONVENTIONS)
def test_each_convention_is_told_from_ours(library):
    theirs, kinds, words = CONVENTIONS[library]
    found = analysis.explain(OURS, theirs, Run(steps(13)))
    assert [change.kind for change in found.changes] == kinds
    last = ["Together that explains all of it."] if len(kinds) > 1 else []
    last = ["That explains all of it."] if len(kinds) == 1 else last
    assert list(found.sentences[1 if kinds else 0 :]) == words + last
    assert found.explained == 1.0


# -- equal, and not explained


@pytest.mark.parametrize("seed", range(PAIRS))
def test_equal_schedules_written_differently_are_equal(seed):
    rng = random.Random(f"equal{seed}")
    one = some(rng)
    others = [
        one * 1.0,
        one.on(RUN).until(steps(40)).then(one.on(RUN).skip(steps(40))),
        one.on(RUN).stretch(2).stretch(0.5),
        passo.parse(repr(one)),
    ]
    for other in others:
        found = analysis.explain(one, other, RUN)
        assert (found.verdict, found.changes, found.first) == ("equal", (), None), other
        assert found.sentences[0] == (
            "a and b are equal: each of the 160 updates uses the same value."
        )
        assert repr(found) == "<Explanation: equal>"


def test_what_floats_round_is_no_difference():
    one = Linear(0, 0.1, steps(90)).then(Constant(0.3))
    found = analysis.explain(one, one.power(3).power(1 / 3), RUN)
    assert found.verdict == "equal up to rounding"
    assert str(found) == "a and b are equal up to rounding: at most 1.39e-17 apart, at update 57."
    assert (found.changes, found.first, found.where) == ((), None, 57)
    assert 0 < found.greatest < 1e-16


def test_what_differs_past_the_run_alone_is_said():
    found = analysis.explain(OURS, CONVENTIONS["ignite"][0].stretch(1), Run(steps(1)))
    assert found.verdict == "equal"
    found = analysis.explain(OURS, Linear(0, 1, steps(4)).then(WAVES), Run(steps(10)))
    assert str(found) == (
        "a and b are equal: each of the 10 updates uses the same value.\n"
        "Past the end of the run they part: at update 11 a would be 0 and b 0.066987."
    )


def test_what_nothing_explains_is_said():
    wild = passo.cyclic(0.05, peak=0.2, rise=steps(7))
    found = analysis.explain(passo.step_decay(steps(33), peak=1.0), wild, RUN)
    assert (found.verdict, found.changes, found.explained) == ("unexplained", (), 0.0)
    assert found.sentences[-1] == "No change that is looked for explains it."
    assert found.greatest == pytest.approx(found.left)


def test_what_is_left_is_said():
    one = passo.warmup_cosine(peak=1, warmup=steps(10), floor=0.1)
    other = passo.warmup_cosine(peak=2, warmup=steps(10), floor=0.2)
    bump = Constant(0, steps(100)).then(Constant(0.01, steps(3)), Constant(0))
    found = analysis.explain(one, other.on(RUN) + bump, RUN)
    assert found.verdict == "partly"
    assert [change.kind for change in found.changes] == ["peak"]
    assert found.sentences[-1] == (
        "That explains 99.9 % of the difference; what is left is at most 0.01, at update 100."
    )
    assert found.left == pytest.approx(0.01)
    assert 0.99 < found.explained < 1.0


# -- a long run, other axes, base


def test_a_long_run_is_explained_from_its_corners():
    run = Run.of(391, epochs=90)
    ours = passo.warmup_cosine(peak=0.1, warmup=passo.epochs(5))
    moved = ours.on(run).skip(steps(1))
    assert [each.kind for each in analysis.explain(ours, moved, run).changes] == ["shift"]
    stairs = ours.staircase(passo.epochs(1))
    found = analysis.explain(ours, stairs, run)
    assert [each.kind for each in found.changes] == ["steps"]
    assert found.sentences[1] == "b goes in steps, each an epoch long, where a has a slope."
    assert found.first == 1
    late = passo.warmup_cosine(peak=0.1, warmup=passo.epochs(5)).on(run).until(steps(35000))
    assert analysis.explain(ours, late, run).first == 35001


def test_values_on_the_axis_of_tokens_are_told_in_updates():
    run = Run(passo.tokens(16000), tokens_per_step=100, axis="token")
    ours = Linear(0, 1, passo.tokens(1000)).then(Cosine(1, 0))
    theirs = Linear(0, 1, passo.tokens(2000)).then(Cosine(1, 0))
    (change,) = analysis.explain(ours, theirs, run).changes
    assert change.words == "b warms up over 20 updates, a over 10; both end together"


def test_two_that_are_relative_are_told_in_multiples_of_the_base():
    ours, theirs = passo.cosine_decay(), passo.cosine_decay(peak=2 * passo.base)
    (change,) = analysis.explain(ours, theirs, RUN).changes
    assert change.words == "b peaks at 2, a at 1: every value is 2 times that of a"


def test_what_the_first_has_and_the_second_lacks_is_named_too():
    ours = passo.cosine_decay(peak=1)
    (change,) = analysis.explain(ours.staircase(steps(16)), ours, RUN).changes
    assert change.words == "a goes in steps, each an epoch long, where b has a slope"
    (change,) = analysis.explain(ours.clip(low=0.2), ours, RUN).changes
    assert change.kind == "floor"
    assert change.words == "a never falls below 0.2, b falls to 0"


# -- refusals


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: analysis.explain(passo.base, Constant(1), RUN),
            (
                "one schedule is relative to base and the other is not; "
                "write .with_base(0.1) to compare them"
            ),
        ),
        (
            lambda: analysis.explain(Constant(1), "Constant(1)", RUN),
            (
                "b must be a schedule, got 'Constant(1)'; write parse(...) for one in text, "
                "lift(...) for a scheduler"
            ),
        ),
        (
            lambda: analysis.explain(Constant(1), Constant(2), 100),
            "explain needs a Run, got 100; write Run(steps(1000))",
        ),
        (
            lambda: analysis.explain(0.1 * passo.Plateau("loss"), Constant(1), RUN),
            (
                'Plateau("loss") falls on reports, and a has none; '
                'write .with_reports([(100, {"loss": 0.5})]) first'
            ),
        ),
        (
            lambda: analysis.explain(
                Linear(0, 1), Linear(0, 1), Run(passo.tokens(9), axis="token")
            ),
            "tokens(9) needs the run's tokens_per_step; write Run(..., tokens_per_step=...)",
        ),
        (
            lambda: analysis.explain(Linear(0, 1, passo.samples(9)), Constant(1), RUN),
            "samples(9) needs the run's samples_per_step; write Run(..., samples_per_step=...)",
        ),
        (
            lambda: analysis.explain(Linear(0, 1, steps(900)).then(Linear(1, 0)), Constant(1), RUN),
            (
                "'rest' would be -740 steps on Run(steps(160), steps_per_epoch=16): the other "
                "parts are longer than the run; shorten them or write a longer run"
            ),
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(call, text):
    with pytest.raises(passo.PassoError) as caught:
        call()
    assert str(caught.value) == text


def test_an_explanation_is_plain_data():
    found = analysis.explain(passo.cosine_decay(peak=1), passo.cosine_decay(peak=2), RUN)
    spec = found.to_spec()
    assert spec["changes"] == [
        {
            "kind": "peak",
            "words": "b peaks at 2, a at 1: every value is 2 times that of a",
            "numbers": {"a": 1.0, "b": 2.0},
            "at": 0.0,
            "explained": 1.0,
        }
    ]
    assert (spec["verdict"], spec["first"], spec["where"]) == ("explained", 0, 0)
    assert spec["a"] == "Cosine(1, 0)"


def test_another_gamma_is_another_rate():
    ours = passo.step_decay(steps(50), gamma=0.1, peak=1.0)
    theirs = passo.step_decay(steps(50), gamma=0.5, peak=1.0)
    (change,) = analysis.explain(ours, theirs, RUN).changes
    assert change.kind == "rate"
    assert change.words == (
        "b falls to 0.125 of its peak, a to 0.001: each ratio is raised to the power 0.30103"
    )


def test_what_is_left_of_a_huge_difference_is_not_called_nothing():
    run = Run(steps(1000), steps_per_epoch=391)
    found = analysis.explain(passo.Exponential(0.1, 1.5), passo.cosine_decay(peak=1), run)
    assert found.verdict != "explained"


def test_a_polynomial_of_a_long_run_is_named_by_its_power():
    one, other = (passo.polynomial_decay(peak=1, power=power) for power in (2, 3))
    (change,) = analysis.explain(one, other, Run.of(391, epochs=90)).changes
    assert change.words == (
        "the decay of b is power 3 of what is left, that of a a square of what is left"
    )


@pytest.mark.parametrize("turned", [False, True])
def test_other_ratios_are_named_once_also_beside_another_length(turned):
    one = step_decay(steps(30), gamma=0.1, peak=1.0)
    other = step_decay(steps(20), gamma=0.5, peak=1.0)
    pair = (other, one) if turned else (one, other)
    found = analysis.explain(*pair, Run(steps(100)))
    assert [change.kind for change in found.changes] == ["length", "rate"]
    assert dict(found.changes[1].numbers)["power"] == pytest.approx(math.log(0.1) / math.log(0.5))
    assert str(found).endswith("Together that explains all of it.")
