"""One schedule as the libraries have it: a warm-up of 4, a cosine to 0 at 10, peak 1.

The rows are what each library's own code gave, run update by update; tests/peers/ runs it again.
"""

from __future__ import annotations

import numpy as np
import pytest

from passo import Plateau, like

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
