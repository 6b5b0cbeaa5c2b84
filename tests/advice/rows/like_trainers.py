"""What `like` advises of optax, keras, composer, Megatron, DeepSpeed, mmengine, titan and OLMo."""

from __future__ import annotations

from passo import Constant, Linear, Run, Schedule, like, steps
from tests.advice.table import Table, Told

RUN = Run.of(10, epochs=100)
LOADER = [0] * 10
tried = Table(loader=LOADER, LINE=Linear(0, 1, steps(4)))


def value(schedule: Schedule, t: float) -> float:
    """What it is at a time of the run, of a base of 1."""
    return schedule.with_base(1.0).on(RUN)(t)


# -- one right call of each


@tried('like.optax("cosine_decay_schedule", init_value=0.1, decay_steps=1000)')
def optax_is_called_by_name(told: Told) -> None:
    assert told("like.optax()").put("@(500)") == [0.05]


@tried('like.keras("CosineDecay", initial_learning_rate=0.1, decay_steps=1000)')
def keras_is_called_by_name(told: Told) -> None:
    assert told("like.keras()").put("@(500)") == [0.05]


@tried('like.composer("CosineAnnealingScheduler", t_max="1dur")')
def composer_is_called_by_name(told: Told) -> None:
    assert [value(each, 500) for each in told("like.composer()").put("@")] == [0.5]


@tried('like.megatron(lr=3e-4, lr_decay_style="cosine", train_iters=1000)')
def megatron_takes_its_own_arguments(told: Told) -> None:
    assert told('like.megatron("cosine")').put("@(500)") == [1.5e-4]


@tried('like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}})')
def deepspeed_takes_a_configuration(told: Told) -> None:
    text = told("like.deepspeed()")
    assert [value(each, 100) for each in text.put("@")] == [1.0]


@tried(
    "like.deepspeed takes the scheduler of a configuration, got {}; write "
    'like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}})'
)
def deepspeed_takes_no_name(told: Told) -> None:
    text = told('like.deepspeed("WarmupLR")')
    assert [value(each, 100) for each in text.put("@")] == [1.0]


@tried('like.mmengine([{"type": "LinearLR", "end": 5}], steps_per_epoch=391)')
def mmengine_takes_a_list(told: Told) -> None:
    text = told("like.mmengine()")
    assert [value(each, 4 * 391) for each in text.put("@")] == [1.0]


@tried('mmengine needs at least one scheduler; write [{"type": "LinearLR", "end": 5}]')
def mmengine_takes_a_list_with_something_in_it(told: Told) -> None:
    (made,) = told("like.mmengine([])").put("like.mmengine(@)")
    assert value(made, 40) == 1.0


@tried("like.torchtitan(training_steps=1000, warmup_steps=100)")
def torchtitan_takes_the_fields_of_its_configuration(told: Told) -> None:
    assert [value(each, 99) for each in told("like.torchtitan(1, 2)").put("@")] == [1.0]


@tried(
    'like.torchtune("get_cosine_schedule_with_warmup", num_warmup_steps=100, '
    "num_training_steps=1000)"
)
def torchtune_is_called_by_name(told: Told) -> None:
    assert [value(each, 100) for each in told("like.torchtune()").put("@")] == [1.0]


@tried('like.litgpt("get_lr_scheduler", warmup_steps=100, max_steps=1000)')
def litgpt_is_called_by_name(told: Told) -> None:
    assert [value(each, 100) for each in told("like.litgpt()").put("@")] == [1.0]


@tried('like.olmo("CosWithWarmup", warmup=100, t_max=1000)')
def olmo_is_called_by_name(told: Told) -> None:
    assert [value(each, 100) for each in told("like.olmo()").put("@")] == [1.0]


# -- optax, keras


@tried("boundaries_and_scales must be a dict such as {300: 0.1}, got {}")
def boundaries_have_scales(told: Told) -> None:
    call = 'like.optax("piecewise_constant_schedule", init_value=1.0, boundaries_and_scales='
    scales = told(call + "[3])").quoted(r"such as (\{.*?\})")
    assert (
        like.optax(
            "piecewise_constant_schedule", init_value=1.0, boundaries_and_scales=eval(scales)
        )(300)
        == 0.1
    )


@tried("a plateau here has one threshold, got rtol={} and atol={}; write rtol=0 or atol=0")
def a_plateau_has_one_threshold(told: Told) -> None:
    text = told('like.optax("reduce_on_plateau", rtol=0.1, atol=0.2)')
    for code in text.code():
        given = {"rtol": 0.1, "atol": 0.2, **eval(f"dict({code})")}
        assert like.optax("reduce_on_plateau", **given)(0) == 1.0


@tried("accumulation_size={} takes the mean of so many values; leave it at 1, and report that mean")
def a_plateau_hears_a_mean(told: Told) -> None:
    told('like.optax("reduce_on_plateau", accumulation_size=2)').words("leave it at 1")
    plateau = like.optax("reduce_on_plateau", accumulation_size=1, patience=1, factor=0.5)
    means = [(t, {"value": sum(pair) / 2}) for t, pair in enumerate([(1, 3), (2, 2)])]
    assert plateau.with_reports(means)(1) == 0.5


@tried(
    "It is a factor beside the schedule: write like.optax(...) * like.optax("
    '"reduce_on_plateau"), and report the value as scheduler.report(value=...).'
)
def a_plateau_of_optax_is_a_factor(told: Told) -> None:
    text = told.of(like.remarks("optax.reduce_on_plateau")[0])
    code = text.quoted(r"write (.*?\)), and")
    both = eval(code.replace("...", '"constant_schedule", value=0.1'), {"like": like})
    worse = [(t, {"value": 1.0}) for t in range(12)]
    assert both.with_reports(worse)(11) == 0.1 * 0.1


@tried('mode="auto" asks the model which way {} goes; write mode="min" or mode="max"')
def a_plateau_of_keras_has_a_way(told: Told) -> None:
    text = told('like.keras("ReduceLROnPlateau", monitor="accuracy")')
    call = 'like.keras("ReduceLROnPlateau", monitor="accuracy", @)'
    assert [value(each, 0) for each in text.put(call)] == [1.0, 1.0]


# -- composer

COSINE = 'like.composer("CosineAnnealingScheduler"'
WARM = 'like.composer("CosineAnnealingWithWarmupScheduler"'


@tried('max_duration must be a time such as "10ep", got {}')
def a_duration_is_a_time(told: Told) -> None:
    time = told(f'{COSINE}, max_duration="1dur")').quoted('such as (".*?")')
    assert value(eval(f"{COSINE}, max_duration={time}, dataloader_len=10)"), 50) == 0.5


@tried('{} must be a time such as "10ep", "500ba" or "0.1dur", got {}')
def a_length_is_a_time(told: Told) -> None:
    listed = told(f"{COSINE}, t_max=10)").quoted("such as (.*?), got")
    times = listed.replace(" or", ",").split(", ")
    made = [eval(f"{COSINE}, t_max={time})") for time in times]
    assert [value(each, 50) for each in made] == [0.5, value(made[1], 50), 0.5]
    assert value(made[1], 250) == 0.5


@tried("{}={} has no place in a run; write it in ep, ba, sp, tok or dur")
def a_time_is_counted_in_a_run(told: Told) -> None:
    text = told(f'{COSINE}, t_max="10sec")')
    units = text.quoted("write it in (.*)$").replace(" or", ",").split(", ")
    made = [eval(f'{COSINE}, t_max="1{unit}")') for unit in units]
    assert [each.units for each in made] == [
        {"epochs"},
        {"steps"},
        {"samples"},
        {"tokens"},
        {"percent"},
    ]


@tried("{} comes to nothing here; make it longer")
def a_length_is_not_nothing(told: Told) -> None:
    told(f'{COSINE}, t_max="0ba")').words("make it longer")
    assert value(eval(f'{COSINE}, t_max="2ba")'), 1) == 0.5


@tried("ssr cuts {}={} to whole batches; give dataloader_len=...")
def a_scaled_epoch_is_counted_in_batches(told: Told) -> None:
    told(f'{COSINE}, t_max="10ep", ssr=0.5)').words("give dataloader_len=...")
    assert value(eval(f'{COSINE}, t_max="10ep", ssr=0.5, dataloader_len=10)'), 25) == 0.5


@tried("{} is cut to whole batches of max_duration; give dataloader_len=...")
def a_share_is_counted_in_batches(told: Told) -> None:
    told(f'{COSINE}, max_duration="10ep")').words("give dataloader_len=...")
    assert value(eval(f'{COSINE}, max_duration="10ep", dataloader_len=10)'), 50) == 0.5


@tried(
    "t_warmup and t_max must be in one unit, got {} and {}; give dataloader_len=... and "
    "max_duration=..."
)
def a_warm_up_is_counted_as_the_fall(told: Told) -> None:
    text = told(f'{WARM}, t_warmup="10ba", t_max="10ep")')
    text.words("give dataloader_len=... and max_duration=...")
    given = 't_warmup="10ba", t_max="10ep", dataloader_len=10, max_duration="10ep"'
    assert value(eval(f"{WARM}, {given})"), 10) == 1.0


@tried('t_max must be at least max_duration, got {} and {}; write t_max="1dur"')
def a_fall_is_as_long_as_the_training(told: Told) -> None:
    given = 't_warmup="10ba", max_duration="10ep", dataloader_len=10'
    (made,) = told(f'{WARM}, t_max="5ep", {given})').put(f"{WARM}, @, {given})")
    assert value(made, 100) == 0.0


@tried("t_mult={} cuts each cycle to whole batches; give dataloader_len=..., or a whole t_mult")
def cycles_are_whole_batches(told: Told) -> None:
    call = 'like.composer("CosineAnnealingWarmRestartsScheduler", t_0="1ep"'
    told(f"{call}, t_mult=1.5)").words("give dataloader_len=...", "or a whole t_mult")
    assert value(eval(f"{call}, t_mult=1.5, dataloader_len=10)"), 10) == 1.0
    assert value(eval(f"{call}, t_mult=2)"), 10) == 1.0


# -- Megatron

FALL = 'like.megatron(lr_decay_style="cosine", lr=1.0'


@tried("{} and {} are the same; give one of them")
def a_rate_is_given_once(told: Told) -> None:
    told(f"{FALL}, max_lr=1.0, train_iters=10)").words("give one of them")
    assert eval(f"{FALL}, train_iters=10)")(5) == 0.5


@tried("{} is missing; give {}=...")
def a_rate_is_needed(told: Told) -> None:
    (call,) = ['like.megatron(lr_decay_style="cosine", train_iters=10']
    name = told(f"{call})").quoted("give (.*?)=")
    assert eval(f"{call}, {name}=1.0)")(5) == 0.5


@tried("lr_decay_iters is missing; give lr_decay_iters=... or train_iters=...")
def a_length_is_needed(told: Told) -> None:
    text = told(f"{FALL})")
    for name in text.quoted("give (.*)$").replace("=...", "").split(" or "):
        assert eval(f"{FALL}, {name}=10)")(5) == 0.5


@tried("lr_warmup_fraction and {} are the same; give one of them")
def a_warm_up_is_given_once(told: Told) -> None:
    given = ("lr_warmup_iters=5", "lr_warmup_fraction=0.5")
    told(f"{FALL}, train_iters=10, {', '.join(given)})").words("give one of them")
    assert [eval(f"{FALL}, train_iters=10, {each})")(5) for each in given] == [1.0, 1.0]


@tried("without a warm-up inverse-square-root counts samples; give lr_decay_samples=...")
def a_root_of_samples_counts_samples(told: Told) -> None:
    call = 'like.megatron(lr_decay_style="inverse-square-root", lr=1.0'
    told(f"{call}, lr_decay_iters=10)").words("give lr_decay_samples=...")
    run = Run.of(10, epochs=2)
    assert eval(f"{call}, lr_decay_samples=10)").units == {"samples"}
    assert eval(f"{call}, lr_decay_iters=10, lr_warmup_iters=2)").on(run)(8) == 0.5


@tried(
    'a constant weight decay is one number, got {} and {}; write weight_decay_incr_style="linear"'
)
def a_weight_decay_that_moves_has_a_style(told: Told) -> None:
    given = "train_iters=10, start_weight_decay=0.0, end_weight_decay=0.2"
    (plan,) = told(f"{FALL}, {given})").put(f"{FALL}, {given}, @)")
    assert plan["weight_decay"](5) == 0.1


# -- DeepSpeed, litgpt


@tried("It also sets betas[1] to 0.99, once: add Constant(0.99) for that.")
def a_cycle_of_deepspeed_sets_the_second_beta(told: Told) -> None:
    text = told.of(like.remarks("deepspeed.OneCycle")[2])
    params = {"cycle_min_lr": 0.01, "cycle_max_lr": 0.1}
    plan = like.deepspeed({"type": "OneCycle", "params": params})
    beta = eval(text.quoted("add (.*?) for"), {"Constant": Constant})
    assert {**plan, "betas[1]": beta}["betas[1]"](7) == 0.99


@tried("Its it counts micro-batches: with accumulation, divide both lengths by the accumulation.")
def litgpt_counts_micro_batches(told: Told) -> None:
    told.of(like.remarks("litgpt.get_lr")[0]).words("divide both lengths by the accumulation")
    given = {"learning_rate": 1.0, "min_lr": 0.0}
    theirs = like.litgpt("get_lr", warmup_iters=40, max_iters=80, **given)
    ours = like.litgpt("get_lr", warmup_iters=40 / 4, max_iters=80 / 4, **given)
    assert [ours(t) for t in range(20)] == [theirs(4 * t) for t in range(20)]


# -- mmengine


@tried("{} counts updates and others count epochs; give steps_per_epoch=len(loader)")
def epochs_and_updates_need_the_loader(told: Told) -> None:
    call = (
        'like.mmengine([{"type": "LinearLR", "start_factor": 0.1, "end": 11, "by_epoch": False}, '
        '{"type": "StepLR", "step_size": 2}]'
    )
    (made,) = told(f"{call})").put(f"{call}, @)", verb="give")
    assert [value(made, t) for t in (10, 20)] == [1.0, 0.1]


@tried('{}: param_name must be a string such as "lr", got {}')
def a_scheduler_of_any_field_names_it(told: Told) -> None:
    call = 'like.mmengine([{"type": "StepParamScheduler", "step_size": 2'
    name = told(f"{call}}}])").quoted('such as (".*?")')
    assert value(eval(f'{call}, "param_name": {name}}}])'), 20) == 0.1


@tried(
    "{}: convert_to_iter_based turns epochs into updates; give steps_per_epoch=len(loader), and no "
    "by_epoch=False"
)
def turning_epochs_into_updates_needs_the_loader(told: Told) -> None:
    call = 'like.mmengine([{"type": "StepLR", "step_size": 2, "convert_to_iter_based": True}]'
    text = told(f"{call})")
    code = text.quoted("give (.*?), and")
    assert value(eval(f"{call}, {code})", {"like": like, "loader": LOADER}), 20) == 0.1


@tried(
    "ReduceOnPlateau and {} act at once, and what they do does not multiply; leave out eta_min and "
    "min_value"
)
def a_plateau_multiplies(told: Told) -> None:
    call = 'like.mmengine([{"type": "ReduceOnPlateauLR"}, {"type": "PolyLR", "end": 11'
    told(f'{call}, "eta_min": 0.1}}])').words("leave out eta_min")
    assert value(eval(f"{call}}}])"), 50) == 0.5


@tried("{} act at once, and what they do does not multiply; let one begin where the other ends")
def two_schedulers_act_one_after_the_other(told: Told) -> None:
    first = {"type": "CosineAnnealingLR", "T_max": 10, "eta_min": 0.5}
    second = {"type": "StepLR", "step_size": 2, "gamma": 0.5}
    text = told("like.mmengine([first, second])", first=first, second=second)
    text.words("let one begin where the other ends")
    made = like.mmengine([{**first, "end": 11}, {**second, "begin": 11}])
    assert [value(made, 10 * epoch) for epoch in (10, 12, 13)] == [0.5, 0.5, 0.25]


@tried("another scheduler begins or ends after T_max of a cosine; give the cosine an end")
def a_cosine_beside_another_has_an_end(told: Told) -> None:
    cosine = {"type": "CosineAnnealingLR", "T_max": 4, "eta_min": 0.5}
    step = {"type": "ConstantLR", "factor": 0.5, "begin": 7, "end": 9}
    text = told("like.mmengine([first, second])", first=cosine, second=step)
    text.words("give the cosine an end")
    made = like.mmengine([{**cosine, "end": 6}, step])
    assert value(made, 70) == 0.5 * value(made, 60)


@tried("the phases of one cycle must each last; write a longer total_steps or pct_start")
def the_phases_of_a_cycle_last(told: Told) -> None:
    call = 'like.mmengine([{"type": "OneCycleLR", "eta_max": 0.1, "by_epoch": False, '
    text = told(f'{call}"total_steps": 3}}])')
    text.words("write a longer total_steps or pct_start")
    assert eval(f'{call}"total_steps": 10}}])')(2) == 0.1
    assert eval(f'{call}"total_steps": 3, "pct_start": 0.5}}])')(0) == 0.1 / 25


@tried("another scheduler begins or ends within CosineRestartLR; let it begin after that")
def a_scheduler_begins_after_the_restarts(told: Told) -> None:
    cosines = {"type": "CosineRestartLR", "periods": [5], "eta_min": 0.1}
    step = {"type": "StepLR", "step_size": 2, "gamma": 0.5, "end": 3}
    text = told("like.mmengine([step, cosines])", step=step, cosines=cosines)
    text.words("let it begin after that")
    made = like.mmengine([cosines, {**step, "begin": 5, "end": 9}])
    assert value(made, 70) == 0.5 * value(made, 60)


@tried("ReduceOnPlateau counts epochs; leave out by_epoch=False")
def a_plateau_of_mmengine_counts_epochs(told: Told) -> None:
    call = 'like.mmengine([{"type": "ReduceOnPlateauLR"'
    told(f'{call}, "by_epoch": False}}])').words("leave out by_epoch=False")
    assert value(eval(f"{call}}}])"), 10) == 1.0


@tried("give one of eta_min and eta_min_ratio, got {}")
def restarts_have_one_floor(told: Told) -> None:
    call = 'like.mmengine([{"type": "CosineRestartLR", "periods": [3]'
    text = told(f"{call}}}])")
    for name in text.quoted("one of (.*?), got").split(" and "):
        assert value(eval(f'{call}, "{name}": 0.5}}])'), 0) == 1.0


@tried("end must be above begin, got {} and {}")
def a_window_ends_after_it_begins(told: Told) -> None:
    call = 'like.mmengine([{"type": "StepLR", "step_size": 2, "begin": 5, "end": '
    told(f"{call}5}}])").words("end must be above begin")
    assert value(eval(f"{call}6}}])"), 10) == 1.0


# -- torchtitan, OLMo-core


@tried("training_steps is missing; give training_steps=... or total_steps=...")
def torchtitan_needs_a_length(told: Told) -> None:
    text = told("like.torchtitan(warmup_steps=4)")
    for name in text.quoted("give (.*)$").replace("=...", "").split(" or "):
        assert value(eval(f"like.torchtitan(warmup_steps=4, {name}=10)"), 3) == 1.0


@tried(
    "Its trainer counts from 1, so that its first update uses the rate of 1: write "
    ".skip(steps(1)) for that."
)
def the_trainer_of_olmo_counts_from_one(told: Told) -> None:
    text = told.of(like.remarks("olmo.CosWithWarmup")[0])
    code = text.quoted(r"write (\..*?) for")
    schedule = like.olmo("CosWithWarmup", warmup=4, t_max=10)
    first = eval(f"schedule{code}", {"schedule": schedule, "steps": steps})
    assert value(first, 0) == value(schedule, 1) == 0.25


@tried("give one of {} and {}_fraction, got {} and {}")
def a_length_or_a_fraction(told: Told) -> None:
    call = 'like.olmo("CosWithWarmup", t_max=10'
    text = told(f"{call})")
    text.words("give one of warmup and warmup_fraction")
    for given in ("warmup=4", "warmup_fraction=0.4"):
        assert value(eval(f"{call}, {given})"), 4) == 1.0


@tried("give one of {} and {}_fraction, got {}")
def a_rate_or_a_fraction(told: Told) -> None:
    call = 'like.olmo("ComposableScheduler", stages=[{"duration": 3'
    told(f"{call}}}])").words("give one of end_lr and end_lr_fraction")
    for given in ('"end_lr": 0.5', '"end_lr_fraction": 0.5'):
        assert value(eval(f"{call}, {given}}}])"), 3) == 0.5


@tried("{} must be known here; give t_max=...")
def a_scale_is_known(told: Told) -> None:
    call = 'like.olmo("InvSqrtWithWarmup", warmup_fraction=0.4'
    told(f"{call})").words("give t_max=...")
    assert value(eval(f"{call}, t_max=10)"), 4) == 1.0


@tried("{}_steps is the old name of {}; give {} alone")
def a_length_is_given_by_one_name(told: Told) -> None:
    told('like.olmo("WSD", warmup=4, warmup_steps=4)').words("give warmup alone")
    assert value(like.olmo("WSD", warmup=4), 4) == 1.0


@tried("the last of schedulers has no length; give a longer t_max=...")
def the_last_of_a_sequence_has_a_length(told: Told) -> None:
    call = 'like.olmo("SequentialScheduler", schedulers=[LINE, LINE], schedulers_max=[30], t_max='
    told(f"{call}20)").words("give a longer t_max=...")
    assert eval(f"{call}40)", {"like": like, "LINE": tried.world["LINE"]})(34) == 1.0


@tried("a decay must be at least 1 and fit into its period, got {} in a period of {}")
def a_decay_fits_into_its_period(told: Told) -> None:
    call = 'like.olmo("WSDS", period_lengths=[10, 5], warmup=1, decay='
    told(f"{call}7)").words("fit into its period")
    assert value(eval(f"{call}5)"), 15) == 0.0
