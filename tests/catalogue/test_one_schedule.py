"""One schedule as the libraries have it: a warm-up of 4, a cosine to 0 at 10, peak 1.

The rows are what each library's own code gave, run update by update; tests/peers/ runs it again.
"""

from __future__ import annotations

import numpy as np
import pytest

from passo import Constant, Linear, Plateau, Run, catalogue, like, percent, steps

WARM = {"warmup_num_steps": 4, "total_num_steps": 10, "cos_min_ratio": 0.0}
AGREED = "0 .25 .5 .75 1 .933 .75 .5 .25 .067 0 0 0"
CLIMBS = "0 .25 .5 .75 1 .933 .75 .5 .25 .067 0 .067 .25"
ROWS = {
    "optax": (
        like.optax(
            "warmup_cosine_decay_schedule",
            init_value=0.0,
            peak_value=1.0,
            warmup_steps=4,
            decay_steps=10,
        ),
        AGREED,
    ),
    "keras": (
        like.keras(
            "CosineDecay",
            initial_learning_rate=0.0,
            decay_steps=6,
            warmup_target=1.0,
            warmup_steps=4,
        ),
        AGREED,
    ),
    "composer": (
        like.composer("CosineAnnealingWithWarmupScheduler", t_warmup="4ba", t_max="10ba"),
        AGREED,
    ),
    "megatron": (
        like.megatron(lr=1.0, lr_decay_style="cosine", lr_warmup_iters=4, train_iters=10),
        AGREED,
    ),
    "olmo": (like.olmo("CosWithWarmup", warmup=4, t_max=10, alpha_f=0.0), AGREED),
    "litgpt": (
        like.litgpt("get_lr", learning_rate=1.0, warmup_iters=4, max_iters=10, min_lr=0.0),
        AGREED,
    ),
    "litgpt, fine-tuning": (
        like.litgpt("get_lr_scheduler", warmup_steps=4, max_steps=10),
        CLIMBS,
    ),
    "torchtune": (
        like.torchtune(
            "get_cosine_schedule_with_warmup", num_warmup_steps=4, num_training_steps=10
        ),
        CLIMBS,
    ),
    "torchtitan": (
        like.torchtitan(training_steps=10, warmup_steps=4, decay_type="cosine"),
        ".25 .5 .75 1 1 .933 .75 .5 .25 .067 0 .067 .25",
    ),
    "mmengine: the end is exclusive": (
        like.mmengine(
            [
                {"type": "LinearLR", "start_factor": 1e-12, "end": 4, "by_epoch": False},
                {"type": "CosineAnnealingLR", "begin": 4, "end": 10, "by_epoch": False},
            ]
        ),
        "0 .333 .667 1 1 .933 .75 .5 .25 .067 .067 .067 .067",
    ),
    "DeepSpeed, linear: the peak is never used": (
        like.deepspeed({"type": "WarmupCosineLR", "params": {**WARM, "warmup_type": "linear"}}),
        "0 0 .25 .5 .75 .933 .75 .5 .25 .067 0 0 0",
    ),
    "DeepSpeed, log": (
        like.deepspeed({"type": "WarmupCosineLR", "params": WARM}),
        "0 0 .5 .792 1 .933 .75 .5 .25 .067 0 0 0",
    ),
}


@pytest.mark.parametrize(("schedule", "row"), ROWS.values(), ids=ROWS)
def test_one_schedule_has_the_values_of_each_library(schedule, row):
    values = [round(schedule.with_base(1.0)(t), 3) for t in range(13)]
    assert values == [float(each) for each in row.split()]


# -- what is wrong there is right here


def test_a_one_cycle_of_optax_takes_an_array():
    schedule = like.optax("cosine_onecycle_schedule", transition_steps=10, peak_value=1.0)
    assert schedule(np.arange(12.0)).tolist() == pytest.approx([schedule(t) for t in range(12)])


def test_factors_of_composer_multiply():
    half = like.composer("ConstantScheduler", alpha=0.5, t_max="10ba")
    tenth = like.composer("ConstantScheduler", alpha=0.1, t_max="10ba").with_base(1.0)
    assert (half * tenth).with_base(1.0)(5) == 0.05


def test_a_plateau_stands_beside_a_schedule_of_keras():
    both = Plateau("loss", patience=0) * like.keras(
        "ExponentialDecay", initial_learning_rate=1.0, decay_steps=10, decay_rate=0.5
    )
    assert both.with_reports([(0, {"loss": 1.0}), (10, {"loss": 1.0})])(10) == 0.05


def test_a_weight_decay_of_megatron_ends_with_the_training_and_the_rate_with_its_decay():
    plan = like.megatron(
        lr=1.0,
        lr_decay_style="linear",
        lr_decay_iters=10,
        train_iters=20,
        start_weight_decay=0.0,
        end_weight_decay=0.2,
        weight_decay_incr_style="linear",
    )
    assert (plan["lr"](10), plan["weight_decay"](10), plan["weight_decay"](20)) == (0, 0.1, 0.2)


def test_a_cycle_of_deepspeed_moves_the_momentum_and_tells_of_the_second_beta():
    params = {"cycle_min_lr": 0.1, "cycle_max_lr": 1.0, "cycle_first_step_size": 4}
    plan = like.deepspeed({"type": "OneCycle", "params": params})
    assert list(plan) == ["lr", "momentum"]
    assert [round(plan["momentum"](t), 3) for t in (0, 1, 4, 8)] == [0.8, 0.875, 0.8, 0.9]
    told = [each for each in like.remarks("deepspeed.OneCycle") if "betas[1]" in each]
    assert told == ["It also sets betas[1] to 0.99, once: add Constant(0.99) for that."]


def test_fields_of_mmengine_are_a_mapping():
    plan = like.mmengine(
        [
            {"type": "StepLR", "step_size": 2},
            {"type": "LinearMomentum", "start_factor": 0.5, "end": 3},
            {"type": "ConstantParamScheduler", "param_name": "weight_decay", "end": 3},
        ],
        steps_per_epoch=10,
    )
    assert list(plan) == ["lr", "momentum", "weight_decay"]
    assert plan["momentum"].with_base(0.9)(25) == 0.9


@pytest.mark.parametrize("past", ["theirs", "hold"])
def test_past_its_end_torchtitan_goes_below_its_floor_and_is_held_where_that_is_asked(past):
    schedule = like.torchtitan(training_steps=10, warmup_steps=0, past=past).with_base(1.0)
    assert (schedule(10), schedule(15)) == (0, pytest.approx(-0.5) if past == "theirs" else 0)


def test_a_polynomial_decay_never_passes_its_peak():
    """pytorch-optimizer's PolyScheduler grows with the time since its warm-up, past max_lr."""
    decay = catalogue.named("polynomial decay").expression(power=0.5).on(Run(steps(20)))
    values = [decay.with_base(1.0)(t) for t in range(21)]
    assert max(values) == 1.0
    assert values[1:] == sorted(values[1:], reverse=True)


@pytest.mark.parametrize("shape", ["1-sqrt", "linear", "cosine"])
def test_a_floor_is_where_a_cooldown_of_any_shape_ends_and_none_jumps_up_to_it(shape):
    """pytorch-optimizer's get_wsd_schedule cools to 0 and jumps to min_lr_ratio."""
    entry = catalogue.named(f"WSD with a {shape} cooldown").expression(floor=0.3)
    values = [entry.on(Run(steps(100))).with_base(1.0)(t) for t in range(80, 110)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0.3


def test_rex_uses_its_peak_first():
    """pytorch-optimizer's REXScheduler begins at min_lr and never has max_lr."""
    rex = catalogue.named("REX").expression(floor=0.01).on(Run(steps(10))).with_base(1.0)
    assert (rex(0), max(map(rex, range(11))), rex(10)) == (1.0, 1.0, 0.01)


def test_what_is_composed_is_composed_again():
    """ignite wraps no composite, and fastai's combine_scheds wants shares of exactly 1."""
    waves = {"param_name": "lr", "start_value": 1.0, "end_value": 0.0, "cycle_size": 10}
    wave = like.ignite("CosineAnnealingScheduler", **waves)
    joined = like.ignite("ConcatScheduler", schedulers=[wave, wave], durations=[10])
    warm = {"warmup_start_value": 0.0, "warmup_duration": 5}
    assert like.ignite("create_lr_scheduler_with_warmup", lr_scheduler=joined, **warm)(4) == 1.0
    tenths = Linear(0, 1, percent("0.1")).repeat(10).then(Constant(0.5))
    assert tenths.on(Run(steps(1000)))(10) == 0.5


def test_a_constant_is_one_at_the_end_of_its_run_too():
    """fvcore's ConstantParamScheduler raises there."""
    assert Constant(0.1, percent(100)).on(Run(steps(10)))(10) == 0.1
