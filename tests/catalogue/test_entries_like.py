"""Each entry beside one library that has it, as `like` writes it and tests/peers holds it."""

from __future__ import annotations

import pytest

from passo import (
    Constant,
    Cosine,
    Function,
    Linear,
    Run,
    Table,
    base,
    catalogue,
    like,
    percent,
    steps,
)
from passo.catalogue.elementary import EXAMPLE
from passo.catalogue.like.registry import LIBRARIES
from tests.catalogue.test_formulas import BASE

CLOSE = 1e-9  # a share as 0.05 of a library is no exact twentieth
LOW, TOP = 0.1 * BASE, BASE
WARM = {"num_warmup_steps": 50, "num_training_steps": 1000}
WSD = {"num_warmup_steps": 50, "num_decay_steps": 200, "num_training_steps": 1000}
TIMM = {"t_in_epochs": False}
TIMM_WSD = {"t_initial": 950, "warmup_t": 50, "decay_t": 200, **TIMM}
ONCE = {"cycle_momentum": False}
BY_STEP = {"by_epoch": False}
CYCLE = {"base_lr": LOW, "max_lr": TOP, "step_size_up": 100, **ONCE}
ONE_CYCLE = {"max_lr": TOP, "total_steps": 1001, "final_div_factor": 1e4, **ONCE}
FIRST = {"pct_start": 301 / 1001}  # torch's first phase ends at pct_start * total_steps - 1
# What there is in the entry's own words, and in a library's: the same values, update by update.
ROWS = {
    "constant": ({}, like.transformers("constant")),
    "constant factor": ({}, like.torch("ConstantLR", factor=0.5, total_iters=50)),
    "linear": ({}, like.torch("LinearLR", start_factor=0.2, total_iters=200)),
    "linear decay": ({}, like.transformers("linear", **WARM)),
    "step decay": ({}, like.torch("StepLR", step_size=300)),
    "multi-step decay": ({}, like.torch("MultiStepLR", milestones=[300, 600, 900])),
    "piecewise constant": (
        {},
        like.keras(
            "PiecewiseConstantDecay", boundaries=[299, 599], values=[TOP, 0.4 * TOP, 0.7 * TOP]
        ),
    ),
    "exponential decay": ({"every": steps(1)}, like.torch("ExponentialLR", gamma=0.95)),
    "exponential decay with an end": (
        {},
        like.optax(
            "exponential_decay",
            init_value=TOP,
            transition_steps=100,
            decay_rate=0.5,
            end_value=0.01 * TOP,
        ),
    ),
    "geometric ramp": (
        {"start": 1e-7, "end": base},
        like.olmo("ExponentialScheduler", lr_min=1e-7, t_max=1000),
    ),
    "polynomial decay": (
        {},
        like.transformers("polynomial", power=2.0, lr_end=0.0, **WARM, past="hold"),
    ),
    "polynomial with cycles": (
        {},
        like.timm("PolyLRScheduler", t_initial=200, power=2.0, cycle_limit=10, **TIMM),
    ),
    "inverse time decay": (
        {},
        like.keras("InverseTimeDecay", initial_learning_rate=TOP, decay_steps=100, decay_rate=1.0),
    ),
    "product of factors so far": (
        {"factors": (0.9,) * 6, "every": steps(150)},
        like.torch("MultiplicativeLR", lr_lambda=Constant(0.9)).stretch(150).staircase(steps(150)),
    ),
    "piecewise linear": (
        {},
        like.ignite(
            "PiecewiseLinear",
            param_name="lr",
            milestones_values=[(0, 0.0), (200, 1.0), (1000, 0.1)],
        ),
    ),
    "piecewise cosine": (
        {"points": ((percent(0), 1.0), (percent(20), 0.5), (percent(100), 0.1))},
        like.optax(
            "piecewise_interpolate_schedule",
            interpolate_type="cosine",
            init_value=1.0,
            boundaries_and_scales={200: 0.5, 1000: 0.2},
        ),
    ),
    "cosine": ({}, like.transformers("cosine", **WARM, past="hold")),
    "cosine waves": ({}, like.transformers("cosine", num_cycles=1.5, **WARM)),
    "cosine with hard restarts": (
        {},
        like.transformers("cosine_with_restarts", num_cycles=3, **WARM),
    ),
    "warm restarts": ({}, like.torch("CosineAnnealingWarmRestarts", T_0=100, T_mult=2)),
    "warm restarts with falling peaks": (
        {},
        like.timm(
            "CosineLRScheduler",
            t_initial=200,
            cycle_decay=0.5,
            cycle_limit=9,
            lr_min=0.01 * TOP,
            **TIMM,
        ),
    ),
    "warm restarts with a warm-up in each cycle": (
        {},
        like.optax(
            "sgdr_schedule",
            cosine_kwargs=[
                {
                    "init_value": 0.0,
                    "peak_value": TOP * 0.8**k,
                    "warmup_steps": 50,
                    "decay_steps": 250,
                }
                for k in range(4)
            ],
        ),
    ),
    "restarts of their own length and height": (
        {},
        like.mmengine(
            [
                {
                    "type": "CosineRestartLR",
                    "periods": [400, 600],
                    "restart_weights": [1, 0.5],
                    "eta_min": 0.0,
                    **BY_STEP,
                }
            ]
        ),
    ),
    "cosine to a power": (
        {},
        like.optax("cosine_decay_schedule", init_value=TOP, decay_steps=1000, exponent=2.0),
    ),
    "k-decay cosine": ({}, like.timm("CosineLRScheduler", t_initial=1000, k_decay=2.0, **TIMM)),
    "k-decay polynomial": (
        {},
        like.timm("PolyLRScheduler", t_initial=1000, power=1.0, k_decay=2.0, **TIMM),
    ),
    "second half of a cosine": ({}, like.olmo("HalfCosWithWarmup", warmup=50, t_max=1000)),
    "cosine cut short, then linear": (
        {},
        like.olmo("CosWithWarmupAndLinearDecay", warmup=50, decay=200, t_max=1000),
    ),
    "triangular": ({}, like.torch("CyclicLR", **CYCLE)),
    "triangular2": ({}, like.torch("CyclicLR", mode="triangular2", **CYCLE)),
    "exp_range": ({}, like.torch("CyclicLR", mode="exp_range", gamma=0.999, **CYCLE)),
    "sawtooth": (
        {},
        like.ignite(
            "LinearCyclicalScheduler",
            param_name="lr",
            start_value=LOW,
            end_value=TOP,
            cycle_size=100,
            monotonic=True,
        ),
    ),
    "one cycle": ({}, like.torch("OneCycleLR", **ONE_CYCLE, **FIRST)),
    "one cycle in three phases": (
        {},
        like.torch("OneCycleLR", three_phase=True, anneal_strategy="linear", **ONE_CYCLE, **FIRST),
    ),
    "one cycle, then inverse time": (
        {},
        like.deepspeed(
            {
                "type": "OneCycle",
                "params": {
                    "cycle_min_lr": LOW,
                    "cycle_max_lr": TOP,
                    "cycle_first_step_size": 200,
                    "decay_lr_rate": 1.0,
                    "decay_step_size": 100,
                    **ONCE,
                },
            }
        ),
    ),
    "inverse square root": (
        {},
        like.fairseq("inverse_sqrt", warmup_updates=50, warmup_init_lr=0.0, lr=[TOP]),
    ),
    "inverse square root with a time scale": (
        {"scale": steps(50)},
        like.transformers("inverse_sqrt", num_warmup_steps=50, timescale=50),
    ),
    "power law": (
        {"scale": percent(5)},
        like.olmo("PowerLR", b=-0.7, warmup=50, t_max=10_000, decay=1),
    ),
    "WSD with a linear cooldown": (
        {},
        like.transformers("warmup_stable_decay", decay_type="linear", **WSD),
    ),
    "WSD with a cosine cooldown": (
        {},
        like.transformers("warmup_stable_decay", decay_type="cosine", **WSD),
    ),
    "WSD with a 1-sqrt cooldown": (
        {},
        like.transformers("warmup_stable_decay", decay_type="1-sqrt", **WSD),
    ),
    "WSD with a power cooldown": (
        {},
        like.timm("WSDLRScheduler", decay_fn="power", decay_power=2.0, **TIMM_WSD),
    ),
    "WSD with an exponential cooldown": (
        {},
        like.megatron(
            lr=TOP,
            lr_decay_style="WSD",
            lr_wsd_decay_style="exponential",
            lr_wsd_decay_iters=200,
            lr_warmup_iters=50,
            train_iters=1000,
        ),
    ),
    "WSD-S": (
        {"floor": 0.0, "warmup": steps(50), "holds": (steps(300), steps(450))},
        like.olmo("WSDS", period_lengths=[450, 550], warmup=50, decay=100, t_max=1000),
    ),
    "late cooldown": (
        {"over": steps(200), "at": steps(500), "end": 0.01 * base},
        like.olmo(
            "ComposableScheduler",
            stages=[
                {"duration": 50, "start_lr": 0.0, "end_lr_fraction": 1.0},
                {"duration": 950, "shape": "cosine", "end_lr": 0.0},
            ],
            override_decay={"start": 500, "duration": 200, "end_lr_fraction": 0.01},
            t_max=1000,
        ),
    ),
    "tri-stage": (
        {},
        like.fairseq(
            "tri_stage",
            warmup_steps=100,
            hold_steps=400,
            decay_steps=500,
            final_lr_scale=0.05,
            lr=[TOP],
        ),
    ),
    "linear warm-up": ({}, like.transformers("constant_with_warmup", num_warmup_steps=50)),
    "constant warm-up": ({}, like.torch("ConstantLR", factor=0.1, total_iters=50)),
    "exponential warm-up": (
        {},
        like.pytorch_warmup("ExponentialWarmup", warmup_period=100),
    ),
    "cosine warm-up": (
        {"warmup": steps(50)},
        like.transformers("warmup_stable_decay", warmup_type="cosine", **WSD),
    ),
    "1-sqrt warm-up": (
        {},
        like.transformers("warmup_stable_decay", warmup_type="1-sqrt", **WSD),
    ),
    "logarithmic warm-up": (
        {"warmup": steps(100)},
        like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}}).skip(steps(1)),
    ),
    "untuned linear warm-up": (
        {"beta2": 0.75},
        like.pytorch_warmup("UntunedLinearWarmup", beta2=0.75),
    ),
    "untuned exponential warm-up": (
        {"beta2": 0.75},
        like.pytorch_warmup("UntunedExponentialWarmup", beta2=0.75),
    ),
    "RAdam's rectification": ({}, like.pytorch_warmup("RAdamWarmup", beta2=0.99)),
    "hyperbolic tangent decay": (
        {},
        like.timm("TanhLRScheduler", t_initial=1000, lb=-6.0, ub=3.0, **TIMM),
    ),
    "one after another": (
        {},
        like.optax(
            "join_schedules",
            schedules=[
                Linear(0.0, TOP, steps(50)),
                Constant(0.5 * TOP),
                Cosine(TOP, 0.0, steps(500)),
            ],
            boundaries=[50, 500],
        ),
    ),
    "weight-decay ramp": (
        {},
        like.mmengine(
            [
                {
                    "type": "CosineAnnealingParamScheduler",
                    "param_name": "weight_decay",
                    "eta_min": 0.4,
                    "T_max": 1000,
                    **BY_STEP,
                }
            ]
        ),
    ),
}
ROWS |= {
    "any function of time": (
        {},
        like.torch("LambdaLR", lr_lambda=Function(EXAMPLE, steps(1000))),
    ),
    "Noam": ({"scale": BASE}, like.nemo("NoamAnnealing", d_model=512, warmup_steps=400)),
    "inverse square root with a cooldown": (
        {},
        like.timm(
            "WSDLRScheduler",
            stable_fn="rsqrt",
            stable_timescale=50,
            decay_fn="linear",
            **TIMM_WSD,
        ),
    ),
    "power scheduler": ({}, like.olmo("PowerLR", b=-0.51, warmup=100, t_max=9000, decay=1)),
    "triangles with an amplitude of their own": (
        {},
        like.torch(
            "CyclicLR",
            scale_fn=Table([(steps(k), 1 / max(k, 1)) for k in range(8)], kind="step"),
            **{**CYCLE, "step_size_up": 50, "step_size_down": 150},
        ),
    ),
    "momentum against the rate": (
        {},
        like.torch("OneCycleLR", max_lr=TOP, total_steps=1001, **FIRST)["momentum"],
    ),
}
# The updates at which theirs is its own: what the remarks of `like` tell, or another warm-up.
APART = {
    "cosine warm-up": range(800, 1001),  # there a cooldown follows
    "1-sqrt warm-up": range(800, 1001),
    "WSD-S": (450,),  # the end of a period belongs to it there
    "hyperbolic tangent decay": (0,),  # update 0 has the rate of the group there
    "inverse square root with a cooldown": range(801, 1000),  # what cools down goes on there
    "Noam": (0,),  # and here that of update 1
    "power scheduler": range(100),  # theirs warms up
}
LATER = {"RAdam's rectification": 4}  # theirs begins where the variance is finite
UNTIED = {
    "WSD with a cooldown of your own": "timm takes a function there, like its name",
    "anneal to an averaging rate": "SWALR begins at the rate that is there",
    "product of factors": "ChainedScheduler has no schedule of its own",
    "reduce on plateau": "it hears: held to each library in tests/peers",
    "GreedyLR": "it hears: held to transformers in tests/peers",
}


@pytest.mark.parametrize("name", ROWS)
def test_an_entry_has_the_values_of_a_library_that_has_it(name):
    own, theirs = ROWS[name]
    mine = catalogue.named(name).expression(**own)
    theirs = next(iter(theirs.values())) if isinstance(theirs, dict) else theirs
    rate = 0.04 if name == "weight-decay ramp" else BASE
    run = Run(steps(1000), steps_per_epoch=1)
    left, right = (
        (each.with_base(rate) if each.relative else each).on(run) for each in (mine, theirs)
    )
    times = [t for t in range(1000) if t not in APART.get(name, ())]
    later, scale = LATER.get(name, 0), max(abs(right(t)) for t in times)
    far = [
        (t, left(t + later), right(t))
        for t in times
        if not abs(left(t + later) - right(t)) <= CLOSE * scale
    ]
    assert not far, f"{mine!r} and {theirs!r}: {len(far)} differ, {far[:4]}"


def with_peers():
    return [
        each.name
        for each in catalogue.ENTRIES
        if each.expression is not None
        and any(
            name in like.names(library)
            for library in {*each.peers} & {*LIBRARIES}
            for name in each.peers[library]
        )
    ]


def test_each_entry_that_a_library_of_like_has_is_compared():
    assert [name for name in with_peers() if name not in {*ROWS, *UNTIED}] == []
    assert set(ROWS) & set(UNTIED) == set()
