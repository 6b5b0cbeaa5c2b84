"""What like says of calls that mean nothing: whole texts, one paragraph for each call."""

from __future__ import annotations

import pytest

import passo
from passo import PassoError
from passo.ground.calls import WrongCall
from tests.advice.table import vars_of

REFUSED = """
like.optax("cosine_decay_schedule", init_value=0.1, decay_steps=0)
    like.optax("cosine_decay_schedule"): decay_steps must be a number above 0, got 0

like.optax("cosine_decay_schedule", init_value=0.1, T_max=10)
    like.optax("cosine_decay_schedule"): T_max is torch's; here it is decay_steps, it takes
    (init_value, decay_steps, alpha, exponent), write like.optax("cosine_decay_schedule",
    init_value=0.1, decay_steps=1000)

like.optax("cosine_decay")
    like.optax has no schedule 'cosine_decay'. It has constant_schedule, polynomial_schedule,
    linear_schedule, piecewise_constant_schedule, piecewise_interpolate_schedule,
    exponential_decay, cosine_decay_schedule, linear_onecycle_schedule, cosine_onecycle_schedule,
    warmup_constant_schedule, warmup_cosine_decay_schedule, warmup_exponential_decay_schedule,
    sgdr_schedule, join_schedules, reduce_on_plateau

like.optax("CosineDecay")
    like.optax has no schedule 'CosineDecay', keras has; write like.keras("CosineDecay",
    initial_learning_rate=0.1, decay_steps=1000, alpha=0.1)

like.optax("warmup_cosine_decay_schedule", init_value=0.0, peak_value=0.1, warmup_steps=100,
decay_steps=50)
    like.optax("warmup_cosine_decay_schedule"): decay_steps must be at least warmup_steps, got 50
    and 100

like.optax("warmup_cosine_decay_schedule", init_value=0.0, peak_value=0.1, warmup_steps=50,
decay_steps=50)
    like.optax("warmup_cosine_decay_schedule"): decay_steps must be more than warmup_steps, got 50
    for both

like.optax("join_schedules", schedules=[like.optax("constant_schedule", value=1), 0.1],
boundaries=[10])
    like.optax("join_schedules"): schedules must be what like.optax gave, got 0.1

like.optax("join_schedules", schedules=[like.optax("constant_schedule", value=1)],
boundaries=[10])
    like.optax("join_schedules"): boundaries must be one less than schedules, got 1 for 1
    schedules

like.optax("join_schedules", schedules=[like.optax("constant_schedule", value=1)] * 3,
boundaries=[10, 5])
    like.optax("join_schedules"): boundaries must grow, got [10, 5]

like.optax("piecewise_constant_schedule", init_value=0.1, boundaries_and_scales=[3])
    like.optax("piecewise_constant_schedule"): boundaries_and_scales must be a dict such as {300:
    0.1}, got [3]

like.optax("piecewise_constant_schedule", init_value=0.1, boundaries_and_scales={3: -1})
    like.optax("piecewise_constant_schedule"): a scale must be at least 0, got -1

like.optax("linear_onecycle_schedule", transition_steps=0, peak_value=0.1)
    like.optax("linear_onecycle_schedule"): transition_steps must be a whole number of at least 1,
    got 0

like.optax("linear_onecycle_schedule", transition_steps=10, peak_value=0.1, pct_start=30)
    like.optax("linear_onecycle_schedule"): pct_start must be from 0 to 1, got 30

like.optax("cosine_onecycle_schedule", transition_steps=10, peak_value=0.1, div_factor=0)
    like.optax("cosine_onecycle_schedule"): div_factor must not be 0

like.optax("sgdr_schedule", cosine_kwargs=[3])
    like.optax("sgdr_schedule"): a cycle of cosine_kwargs must be a dict, got 3

like.optax("sgdr_schedule", cosine_kwargs=[])
    like.optax("sgdr_schedule"): cosine_kwargs must be a list with something in it, got []

like.optax("reduce_on_plateau", rtol=0.1, atol=0.1)
    like.optax("reduce_on_plateau"): a plateau here has one threshold, got rtol=0.1 and atol=0.1;
    write rtol=0 or atol=0

like.optax("reduce_on_plateau", accumulation_size=4)
    like.optax("reduce_on_plateau"): accumulation_size=4 takes the mean of so many values; leave
    it at 1, and report that mean

like.optax("reduce_on_plateau", patience=0)
    like.optax("reduce_on_plateau"): patience must be a whole number of at least 1, got 0

like.optax("exponential_decay", init_value=0.1, transition_steps=10, decay_rate=-0.5)
    like.optax("exponential_decay"): decay_rate must be at least 0, got -0.5

like.optax("constant_schedule", value="0.1")
    like.optax("constant_schedule"): value must be a number, got '0.1'

like.keras("CosineDecay", initial_learning_rate=0.1)
    like.keras("CosineDecay"): decay_steps is missing; it takes (initial_learning_rate,
    decay_steps, alpha, warmup_target, warmup_steps), write like.keras("CosineDecay",
    initial_learning_rate=0.1, decay_steps=1000, alpha=0.1)

like.keras("CosineDecay", initial_learning_rate=0.1, decay_steps=0)
    like.keras("CosineDecay"): decay_steps must be a number above 0, got 0

like.keras("CosineDecay", initial_learning_rate=0.1, T_max=10)
    like.keras("CosineDecay"): T_max is torch's; here it is decay_steps, it takes
    (initial_learning_rate, decay_steps, alpha, warmup_target, warmup_steps), write
    like.keras("CosineDecay", initial_learning_rate=0.1, decay_steps=1000, alpha=0.1)

like.keras("PiecewiseConstantDecay", boundaries=[1, 2], values=[1, 2])
    like.keras("PiecewiseConstantDecay"): values must be one more than boundaries, got 2 for 2
    boundaries

like.keras("PiecewiseConstantDecay", boundaries=[2, 1], values=[1, 2, 3])
    like.keras("PiecewiseConstantDecay"): boundaries must grow, got [2, 1]

like.keras("PiecewiseConstantDecay", boundaries=3, values=[1, 2, 3])
    like.keras("PiecewiseConstantDecay"): boundaries must be a list, got 3

like.keras("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10, t_mul=0.5)
    like.keras("CosineDecayRestarts"): t_mul must be a number of at least 1, got 0.5

like.keras("ReduceLROnPlateau", monitor="accuracy")
    like.keras("ReduceLROnPlateau"): mode="auto" asks the model which way 'accuracy' goes; write
    mode="min" or mode="max"

like.keras("ReduceLROnPlateau", factor=1.5)
    like.keras("ReduceLROnPlateau"): factor must be at least 0 and below 1, got 1.5

like.keras("PolynomialDecay", initial_learning_rate=0.1, decay_steps=2.5, cycle=True)
    like.keras("PolynomialDecay"): decay_steps must be a whole number of at least 1, got 2.5

like.composer("CosineAnnealingScheduler", t_max=10)
    like.composer("CosineAnnealingScheduler"): t_max must be a time such as "10ep", "500ba" or
    "0.1dur", got 10

like.composer("CosineAnnealingScheduler", t_max="10sec")
    like.composer("CosineAnnealingScheduler"): t_max='10sec' has no place in a run; write it in
    ep, ba, sp, tok or dur

like.composer("CosineAnnealingScheduler", t_max="1.5ep")
    like.composer("CosineAnnealingScheduler"): t_max must be a whole number of ep, got '1.5ep'

like.composer("CosineAnnealingScheduler", t_max="0ba")
    like.composer("CosineAnnealingScheduler"): t_max comes to nothing here; make it longer

like.composer("CosineAnnealingScheduler", t_max="10ep", ssr=0.5)
    like.composer("CosineAnnealingScheduler"): ssr cuts t_max='10ep' to whole batches; give
    dataloader_len=...

like.composer("CosineAnnealingScheduler", max_duration="10ep")
    like.composer("CosineAnnealingScheduler"): t_max is cut to whole batches of max_duration; give
    dataloader_len=...

like.composer("CosineAnnealingScheduler", max_duration="1dur")
    like.composer("CosineAnnealingScheduler"): max_duration must be a time such as "10ep", got
    '1dur'

like.composer("CosineAnnealingWithWarmupScheduler", t_warmup="10ba", t_max="10ep")
    like.composer("CosineAnnealingWithWarmupScheduler"): t_warmup and t_max must be in one unit,
    got steps(10) and epochs(10); give dataloader_len=... and max_duration=...

like.composer("CosineAnnealingWithWarmupScheduler", t_warmup="10ba", t_max="5ep",
max_duration="10ep", dataloader_len=3)
    like.composer("CosineAnnealingWithWarmupScheduler"): t_max must be at least max_duration, got
    '5ep' and '10ep'; write t_max="1dur"

like.composer("CosineAnnealingWarmRestartsScheduler", t_0="1ep", t_mult=1.5)
    like.composer("CosineAnnealingWarmRestartsScheduler"): t_mult=1.5 cuts each cycle to whole
    batches; give dataloader_len=..., or a whole t_mult

like.composer("StepScheduler")
    like.composer("StepScheduler"): step_size is missing; it takes (step_size, gamma,
    max_duration, dataloader_len, ssr), write like.composer("StepScheduler", step_size="300ba")

like.megatron(lr_decay_style="cosin", lr=0.1)
    like.megatron has no schedule 'cosin'; did you mean 'cosine'? It has constant, linear, cosine,
    inverse-square-root, WSD

like.megatron(lr_decay_style="cosine", train_iters=10)
    like.megatron("cosine"): lr is missing; give lr=...

like.megatron(lr_decay_style="cosine", lr=0.1)
    like.megatron("cosine"): lr_decay_iters is missing; give lr_decay_iters=... or train_iters=...

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, lr_warmup_iters=10)
    like.megatron("cosine"): lr_warmup_iters must be less than lr_decay_iters, got 10

like.megatron(lr_decay_style="cosine", lr=0.1, max_lr=0.1, train_iters=10)
    like.megatron("cosine"): lr and max_lr are the same; give one of them

like.megatron(lr_decay_style="cosine", lr=0.1, min_lr=0.2, train_iters=10)
    like.megatron("cosine"): min_lr must be at most lr, got 0.2 and 0.1

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, lr_warmup_samples=3)
    like.megatron("cosine"): lengths are in iterations or in samples, got train_iters and
    lr_warmup_samples

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, lr_warmup_iters=3,
lr_warmup_fraction=0.1)
    like.megatron("cosine"): lr_warmup_fraction and lr_warmup_iters are the same; give one of them

like.megatron(lr_decay_style="inverse-square-root", lr=0.1, train_iters=10)
    like.megatron("inverse-square-root"): without a warm-up inverse-square-root counts samples;
    give lr_decay_samples=...

like.megatron(lr_decay_style="WSD", lr=0.1, train_iters=10)
    like.megatron("WSD"): lr_wsd_decay_iters is missing; give lr_wsd_decay_iters=...

like.megatron(lr_decay_style="WSD", lr=0.1, train_iters=10, lr_wsd_decay_iters=3,
lr_wsd_decay_style="sqrt")
    like.megatron("WSD"): lr_wsd_decay_style must be one of 'linear', 'cosine', 'exponential',
    'minus_sqrt', got 'sqrt'

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, start_weight_decay=0.2,
end_weight_decay=0.1, weight_decay_incr_style="linear")
    like.megatron("cosine"): end_weight_decay must be at least start_weight_decay, got 0.1 and 0.2

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, start_weight_decay=0.1,
end_weight_decay=0.2)
    like.megatron("cosine"): a constant weight decay is one number, got 0.1 and 0.2; write
    weight_decay_incr_style="linear"

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, start_weight_decay=0.1)
    like.megatron("cosine"): end_weight_decay is missing; give end_weight_decay=...

like.megatron("cosine", lr=0.1)
    megatron: it has no argument 'lr'; it takes (*, lr_decay_style, past, **arguments), write
    like.megatron(lr=3e-4, lr_decay_style="cosine", train_iters=1000)

like.deepspeed("WarmupLR")
    like.deepspeed takes the scheduler of a configuration, got 'WarmupLR'; write
    like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}})

like.deepspeed({"type": "WarmupLr"})
    like.deepspeed has no schedule 'WarmupLr'; did you mean 'WarmupLR'? It has WarmupLR,
    WarmupDecayLR, WarmupCosineLR, LRRangeTest, OneCycle

like.deepspeed({"type": "WarmupLR", "params": 3})
    "params" of a scheduler must be a mapping from strings, got 3

like.deepspeed({"type": "WarmupLR", "params": {"warmup_steps": 3}})
    like.deepspeed("WarmupLR"): it has no argument 'warmup_steps'; did you mean
    'warmup_num_steps'? It takes (warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type),
    write like.deepspeed({"type": "WarmupLR", "params": {"warmup_max_lr": 0.1, "warmup_num_steps":
    100}})

like.deepspeed({"type": "WarmupDecayLR"})
    like.deepspeed("WarmupDecayLR"): total_num_steps is missing; it takes (total_num_steps,
    warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type), write like.deepspeed({"type":
    "WarmupDecayLR", "params": {"total_num_steps": 1000, "warmup_max_lr": 0.1, "warmup_num_steps":
    100}})

like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": "auto"}})
    like.deepspeed("WarmupLR"): warmup_num_steps must be a whole number of at least 1, got 'auto'

like.deepspeed({"type": "WarmupLR", "params": {"warmup_type": "cos"}})
    like.deepspeed("WarmupLR"): warmup_type must be one of 'log', 'linear', got 'cos'

like.mmengine([])
    mmengine needs at least one scheduler; write [{"type": "LinearLR", "end": 5}]

like.mmengine(3)
    schedulers must be a list, got 3

like.mmengine([3])
    a scheduler is a dict with a "type", got 3

like.mmengine([{"type": "LinearLr"}])
    like.mmengine has no schedule 'LinearLr'; did you mean 'LinearLR'? It has StepLR, MultiStepLR,
    ConstantLR, ExponentialLR, LinearLR, CosineAnnealingLR, PolyLR, OneCycleLR, CosineRestartLR,
    ReduceOnPlateauLR

like.mmengine([{"type": "LinearLR", "end": 5}, {"type": "StepLR", "step_size": 3, "by_epoch":
False}])
    StepLR counts updates and others count epochs; give steps_per_epoch=len(loader)

like.mmengine([{"type": "LinearLR", "begin": 5, "end": 5}])
    like.mmengine("LinearLR"): end must be above begin, got 5 and 5

like.mmengine([{"type": "LinearLR", "start_factor": 0}])
    like.mmengine("LinearLR"): start_factor must be above 0 and at most 1, got 0

like.mmengine([{"type": "LinearLR", "by_epoch": 1}])
    like.mmengine("LinearLR"): by_epoch must be True or False, got 1

like.mmengine([{"type": "LinearParamScheduler"}])
    like.mmengine("LinearParamScheduler"): param_name must be a string such as "lr", got None

like.mmengine([{"type": "OneCycleParamScheduler", "param_name": "momentum", "eta_max": 0.1}])
    like.mmengine("OneCycleParamScheduler"): OneCycle moves the lr alone, got
    param_name='momentum'

like.mmengine([{"type": "LinearLR", "convert_to_iter_based": True}])
    like.mmengine("LinearLR"): convert_to_iter_based turns epochs into updates; give
    steps_per_epoch=len(loader), and no by_epoch=False

like.mmengine([{"type": "CosineRestartLR", "periods": [3]}])
    like.mmengine("CosineRestartLR"): give one of eta_min and eta_min_ratio, got None and None

like.mmengine([{"type": "CosineRestartLR", "periods": [3, 4], "eta_min": 0}])
    like.mmengine("CosineRestartLR"): periods and restart_weights must be equally long, and not
    empty, got 2 and 1

like.mmengine([{"type": "CosineAnnealingLR", "eta_min": 0.1}, {"type": "StepLR", "step_size": 3}])
    CosineAnnealingLR and StepLR act at once, and what they do does not multiply; let one begin
    where the other ends

like.mmengine([{"type": "ReduceOnPlateauLR", "by_epoch": False}])
    like.mmengine("ReduceOnPlateauLR"): ReduceOnPlateau counts epochs; leave out by_epoch=False

like.mmengine([{"type": "ReduceOnPlateauLR"}, {"type": "CosineAnnealingLR", "T_max": 9, "eta_min":
0.1}])
    ReduceOnPlateau and CosineAnnealingLR act at once, and what they do does not multiply; leave
    out eta_min and min_value

like.mmengine([{"type": "OneCycleLR", "eta_max": 0.1, "total_steps": 3}])
    like.mmengine("OneCycleLR"): the phases of one cycle must each last; write a longer
    total_steps or pct_start

like.torchtitan()
    like.torchtitan("LRSchedulersContainer"): training_steps is missing; give training_steps=...
    or total_steps=...

like.torchtitan("cosine")
    like.torchtitan has no schedule 'cosine', transformers has; write like.transformers("cosine",
    num_warmup_steps=100, num_training_steps=1000)

like.torchtitan(training_steps=10, decay_ratio=1.5)
    like.torchtitan("LRSchedulersContainer"): decay_ratio must be from 0 to 1, got 1.5

like.torchtitan(training_steps=10, decay_type="cos")
    like.torchtitan("LRSchedulersContainer"): decay_type must be one of 'linear', 'cosine',
    'sqrt', got 'cos'

like.torchtitan(training_steps=10, min_lr=0.5)
    like.torchtitan("LRSchedulersContainer"): min_lr is torch's; here it is min_lr_factor, it
    takes (training_steps, warmup_steps, total_steps, decay_ratio, decay_type, min_lr_factor),
    write like.torchtitan(training_steps=1000, warmup_steps=100, decay_type="cosine")

like.olmo("CosWithWarmup")
    like.olmo("CosWithWarmup"): give one of warmup and warmup_fraction, got None and None

like.olmo("CosWithWarmup", warmup=3, warmup_fraction=0.1)
    like.olmo("CosWithWarmup"): give one of warmup and warmup_fraction, got 3 and 0.1

like.olmo("CosWithWarmup", warmup=3, warmup_steps=3)
    like.olmo("CosWithWarmup"): warmup_steps is the old name of warmup; give warmup alone

like.olmo("CosWithWarmup", warmup=30, t_max=20)
    like.olmo("CosWithWarmup"): t_max must be at least warmup, got 20 and steps(30)

like.olmo("CosWithWarmup", warmup_fraction=3)
    like.olmo("CosWithWarmup"): warmup_fraction must be from 0 to 1, got 3

like.olmo("CosWithWarmup", warmup=3, units="epochs")
    like.olmo("CosWithWarmup"): units must be one of 'steps', 'tokens', got 'epochs'

like.olmo("PowerLR", warmup=3, b=0.5)
    like.olmo("PowerLR"): b must be below 0, got 0.5

like.olmo("PowerLR", warmup_fraction=0.1)
    like.olmo("PowerLR"): warmup must be known here; give t_max=...

like.olmo("PowerLR", warmup=0, t_max=10)
    like.olmo("PowerLR"): warmup must be at least 1 here, got 0

like.olmo("PowerLR", warmup=8, t_max=10, decay=3, decay_fraction=None)
    like.olmo("PowerLR"): t_max must be at least warmup and decay, got 10 and steps(11)

like.olmo("HalfCosWithWarmup", warmup=3)
    like.olmo("HalfCosWithWarmup"): t_max must be known here; give t_max=...

like.olmo("WSD", warmup=3, decay=5, decay_fraction=0.1)
    like.olmo("WSD"): give one of decay and decay_fraction, got 5 and 0.1

like.olmo("ComposableScheduler", stages=[])
    like.olmo("ComposableScheduler"): stages must be a list with something in it, got []

like.olmo("ComposableScheduler", stages=[{"duration": 3}])
    like.olmo("ComposableScheduler"): give one of end_lr and end_lr_fraction, got {'duration': 3}

like.olmo("ComposableScheduler", stages=[{"lasts": 3}])
    like.olmo("ComposableScheduler"): a stage must be a dict with some of duration, shape,
    start_lr, start_lr_fraction, end_lr, end_lr_fraction, got {'lasts': 3}

like.olmo("ComposableScheduler", stages=[{"duration": 3, "end_lr": 0.1, "shape": "sine"}])
    like.olmo("ComposableScheduler"): shape must be one of 'linear', 'cosine', got 'sine'

like.olmo("SequentialScheduler", schedulers=[3], schedulers_max=[3])
    like.olmo("SequentialScheduler"): schedulers must be what like.olmo gave, got 3

like.olmo("SequentialScheduler", schedulers=[Constant(1)], schedulers_max=[3, 4])
    like.olmo("SequentialScheduler"): schedulers_max must be one less than schedulers, got 2 for 1

like.olmo("SequentialScheduler", schedulers=[Constant(1), Constant(1)], schedulers_max=[30],
t_max=20)
    like.olmo("SequentialScheduler"): the last of schedulers has no length; give a longer
    t_max=...

like.olmo("WSDS", period_lengths=[10, 5], warmup=1, decay=7)
    like.olmo("WSDS"): a decay must be at least 1 and fit into its period, got steps(7) in a
    period of 5

like.olmo("WSDS", period_lengths=[10, 5], period_lr_multipliers=[1], warmup=1, decay=2)
    like.olmo("WSDS"): period_lengths and period_lr_multipliers must be equally long, got 2 and 1

like.olmo("WSDS", warmup=1, decay=2)
    like.olmo("WSDS"): period_lengths must be a list with something in it, got None

like.litgpt("get_lr_scheduler", warmup_steps=0, max_steps=4)
    like.litgpt("get_lr_scheduler"): warmup_steps must be a number of at least 1, got 0

like.torchtune("get_cosine_schedule_with_warmup", num_warmup_steps=1)
    like.torchtune("get_cosine_schedule_with_warmup"): num_training_steps is missing; it takes
    (num_warmup_steps, num_training_steps, num_cycles), write
    like.torchtune("get_cosine_schedule_with_warmup", num_warmup_steps=100,
    num_training_steps=1000)

like.mmengine([{"type": "LinearLR", "end_factor": 2}])
    like.mmengine("LinearLR"): end_factor must be from 0 to 1, got 2

like.mmengine([{"type": "CosineAnnealingLR", "T_max": 2, "eta_min": 0.1}, {"type": "ConstantLR",
"begin": 7, "end": 9}])
    another scheduler begins or ends after T_max of a cosine; give the cosine an end

like.mmengine([{"type": "StepLR", "step_size": 2, "end": 3}, {"type": "CosineRestartLR",
"periods": [9], "eta_min": 0}])
    another scheduler begins or ends within CosineRestartLR; let it begin after that

like.mmengine([{"type": "LinearLR", "T_max": 2}])
    like.mmengine("LinearLR"): T_max is an argument of CosineAnnealingLR; it takes (start_factor,
    end_factor, begin, end, by_epoch), write like.mmengine([{"type": "LinearLR", "start_factor":
    0.1, "end": 5}], steps_per_epoch=391)

like.mmengine([], steps_per_epoch=0.5)
    steps_per_epoch must be a whole number of at least 1, got 0.5

like.mmengine()
    mmengine: missing a required argument: 'schedulers'; it takes (schedulers, *, steps_per_epoch,
    past), write like.mmengine([{"type": "LinearLR", "end": 5}], steps_per_epoch=391)

like.deepspeed({"type": "OneCycle", "params": {"cycle_min_lr": 0.1, "cycle_max_lr": 1,
"cycle_first_step_size": 0}})
    like.deepspeed("OneCycle"): cycle_first_step_size must be a number above 0, got 0

like.deepspeed({"type": "WarmupLR", "params": {"last_batch_iteration": 3}})
    like.deepspeed("WarmupLR"): last_batch_iteration=3 begins inside the schedule; leave it out,
    and write .skip(steps(4)) behind the call

like.deepspeed({"type": "WarmupLR", "params": {3: 3}})
    "params" of a scheduler must be a mapping from strings, got {3: 3}

like.deepspeed({"type": 3})
    the name of a schedule of deepspeed must be a string, got 3

like.megatron(lr_decay_style="cosine", lr=-0.1, train_iters=10)
    like.megatron("cosine"): lr must be at least 0, got -0.1

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=0)
    like.megatron("cosine"): train_iters must be above 0, got 0

like.megatron(lr_decay_style="cosine", lr=0.1, train_iters=10, T_max=3)
    like.megatron("cosine"): T_max is torch's; here it is lr_decay_iters or lr_decay_steps, it
    takes (lr, min_lr, lr_warmup_init, lr_warmup_iters, lr_warmup_fraction, lr_decay_iters,
    train_iters, lr_wsd_decay_iters, lr_wsd_decay_style, weight_decay, start_weight_decay,
    end_weight_decay, weight_decay_incr_style, lr_warmup_samples, lr_decay_samples, train_samples,
    lr_wsd_decay_samples, max_lr, init_lr, lr_warmup_steps, lr_decay_steps, wsd_decay_steps,
    start_wd, end_wd, wd_incr_steps, wd_incr_style), write like.megatron(lr=0.0003, min_lr=3e-05,
    train_iters=1000, lr_warmup_iters=100, lr_decay_style="cosine")

like.keras("CosineDecay", initial_learning_rate=float("nan"), decay_steps=3)
    like.keras("CosineDecay"): initial_learning_rate must be finite, got nan

like.composer("LinearScheduler", alpha_f="0")
    like.composer("LinearScheduler"): alpha_f must be a number, got '0'

like.olmo("ComposableScheduler", stages=[{"duration": 3, "end_lr": 0.1}], override_decay=3)
    like.olmo("ComposableScheduler"): override_decay must be a dict with some of start, duration,
    shape, end_lr, end_lr_fraction, got 3
"""


def _cases():
    for paragraph in REFUSED.strip().split("\n\n"):
        lines = paragraph.splitlines()
        call = " ".join(line for line in lines if not line.startswith(" "))
        yield call, " ".join(line.strip() for line in lines if line.startswith(" "))


CASES = list(_cases())


@pytest.mark.parametrize(("call", "text"), CASES, ids=[call for call, _ in CASES])
def test_a_call_without_meaning_is_told_what_is_needed(call, text):
    with pytest.raises(PassoError) as caught:
        eval(call, vars_of(passo))
    assert str(caught.value) == text
    kind = WrongCall if " takes (" in text else PassoError
    assert type(caught.value) is kind
