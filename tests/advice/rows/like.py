"""What a wrong call of another library's schedule advises."""

from __future__ import annotations

import pytest
import torch

from passo import Constant, Schedule, attach, base, by_group, like, register
from passo.catalogue.like.registry import LIBRARIES
from tests.advice.table import Table, Told
from tests.optim.tools import sgd

tried = Table(f=lambda t: 0.5**t)

CALLS = {
    'like.fairseq("inverse_sqrt", warmup_updates=4000)': "like.fairseq()",
    'like.ignite("PiecewiseLinear", param_name="lr", milestones_values=[(0, 0.1)])': (
        "like.ignite(1, 2)"
    ),
    'like.lr_finder("ExponentialLR", end_lr=10, num_iter=100)': "like.lr_finder()",
    'like.nemo("CosineAnnealing", warmup_steps=100, max_steps=1000)': "like.nemo('a', 100)",
    'like.pytorch_warmup("LinearWarmup", warmup_period=2000)': "like.pytorch_warmup()",
    'like.timm("CosineLRScheduler", t_initial=300, warmup_t=5)': "like.timm()",
    'like.torch("CosineAnnealingLR", T_max=100)': "like.torch('CosineAnnealingLR', 100)",
    'like.transformers("cosine", num_warmup_steps=100, num_training_steps=1000)': (
        "like.transformers('cosine', 100, 1000)"
    ),
    'like.names("transformers")': "like.names()",
    'like.remarks("transformers.cosine")': "like.remarks()",
}


@tried(*CALLS)
def a_wrong_call_is_answered_with_a_right_one(told: Told) -> None:
    (made,) = told(CALLS[told.template]).put("@")
    assert isinstance(made, (Schedule, tuple))


@tried("{}: {} takes ({}), write {}")
def arguments_of_a_schedule_are_told_with_a_right_call(told: Told) -> None:
    for library in LIBRARIES.values():
        for method in library.methods:
            name, wrong = method.names[0], {"banana": 3}
            text = told(
                "library.answer(name, wrong, 'theirs')", library=library, name=name, wrong=wrong
            )
            (made,) = text.put("@")
            assert made == eval(method.call(), dict(tried.world))
    assert told("like.transformers('cosine', T_max=3)").put("@")


@tried("like.{} has no schedule {}, {} has; write {}")
def a_name_of_another_library_is_written_with_that_one(told: Told) -> None:
    told("like.transformers('StepLR')").words("torch has")
    for case in ("like.nemo('StepLR')", "like.torch('warmup_stable_decay')", "like.torch('tanh')"):
        assert all(isinstance(each, Schedule) for each in told(case).put("@"))


@tried(
    "{}: {}={} begins inside the schedule; leave it out, and write .skip(steps({})) behind the call"
)
def a_last_epoch_is_skipped_steps(told: Told) -> None:
    text = told("like.torch('StepLR', step_size=30, last_epoch=29)")
    text.words("leave it out")
    behind = text.quoted(r"write (\.skip\(steps\(\d+\)\))")
    late = eval(f"like.torch('StepLR', step_size=30){behind}", dict(tried.world))
    assert late.with_base(1.0)(0) == like.torch("StepLR", step_size=30).with_base(1.0)(30)


@tried(
    "{}: {}={} has a value for each param group, and an expression is that of one; write {}={} for "
    "the first, a call for each, and passo.by_group to hand them out"
)
def a_value_for_each_group_is_a_call_for_each(told: Told) -> None:
    text = told("like.torch('CyclicLR', base_lr=[0.1, 0.2], max_lr=1, cycle_momentum=False)")
    first = text.quoted(r"write (base_lr=\S+) for")
    text.words("a call for each")
    calls = [
        f"like.torch('CyclicLR', {each}, max_lr=1, cycle_momentum=False)"
        for each in (first, first.replace("0.1", "0.2"))
    ]
    assert text.quoted(r"and passo\.(\w+) to hand") == by_group.__name__
    plan = by_group(
        {name: eval(call, dict(tried.world)) for name, call in zip("ab", calls, strict=True)}
    )
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "name": name} for name in "ab"]
    optimizer = torch.optim.SGD(groups)
    assert attach(optimizer, plan).get_last_lr() == [0.1, 0.2]


@tried('remarks are of a library\'s schedule, got {}; write like.remarks("{}")')
def remarks_are_asked_for_by_library_and_name(told: Told) -> None:
    for case in ("like.remarks('cosine')", "like.remarks('OneCycleLR')", "like.remarks(3)"):
        (found,) = told(case).put("@")
        assert isinstance(found, tuple)


# -- values


@tried(
    '{} is your own function: give it a name by @passo.register("name"), and write '
    '{}=Function("name"), or an expression such as {}=Exponential(1, 0.95)'
)
def a_function_of_ones_own_gets_a_name(told: Told) -> None:
    text = told("like.torch('LambdaLR', lr_lambda=f)")
    text.words('@passo.register("name")', "lr_lambda=Exponential(1, 0.95)")
    register("name")(tried.world["f"])
    assert text.quoted(r'write (lr_lambda=Function\("name"\))')
    made = eval("like.torch('LambdaLR', lr_lambda=Function('name'))", dict(tried.world))
    assert made.with_base(1.0)(3) == 0.125
    assert eval("like.torch('LambdaLR', lr_lambda=Exponential(1, 0.95))", dict(tried.world))


@tried("{} must be an expression, got {}; write {}=Exponential(1, 0.95)")
def what_is_no_function_is_an_expression(told: Told) -> None:
    for case in ("like.torch('LambdaLR', lr_lambda=3)", "like.torch('LambdaLR', lr_lambda='a')"):
        (made,) = told(case).put("like.torch('LambdaLR', @)")
        assert isinstance(made, Schedule)


@tried(
    "the product of what a function gives has no closed form: lr_lambda must be a constant such as "
    "Constant(0.95), got {}; passo.optim.lift reads the scheduler itself"
)
def a_product_has_a_constant_factor_or_is_lifted(told: Told) -> None:
    import torch

    from passo.optim import lift

    text = told("like.torch('MultiplicativeLR', lr_lambda=Exponential(1, 0.9))")
    text.words("Constant(0.95)", "passo.optim.lift")
    made = like.torch("MultiplicativeLR", lr_lambda=Constant(0.95))
    theirs = torch.optim.lr_scheduler.MultiplicativeLR(sgd(lr=1.0), lambda _: 0.95)
    (lifted,) = lift(theirs, 9)
    assert made.with_base(1.0)(8) == pytest.approx(lifted(8), rel=1e-14)


@tried(
    'schedulers must be schedules that like gave, got {}; write like.torch("LinearLR", '
    "total_iters=5)"
)
def members_are_schedules_that_like_gave(told: Told) -> None:
    case = "like.torch('SequentialLR', schedulers=[@, base], milestones=[5])"
    (made,) = told(case.replace("@", "3")).put(case)
    assert made == like.torch("LinearLR", total_iters=5).then(base)


@tried(
    "a ChainedScheduler has no momentum of its own; write cycle_momentum=False in the member that "
    "moves it"
)
def a_chain_moves_the_rate_alone(told: Told) -> None:
    member = "like.torch('OneCycleLR', max_lr=1.0, total_steps=9{})"
    case = f"like.torch('ChainedScheduler', schedulers=[{member}])"
    text = told(case.format(""))
    given = text.quoted(r"write (cycle_momentum=False)")
    assert isinstance(eval(case.format(f", {given}"), dict(tried.world)), Schedule)


@tried('{} must be a mapping such as {"1-3": 0.1}, got {}')
def a_manual_schedule_is_a_mapping(told: Told) -> None:
    text = told("like.fairseq('manual', epoch2lr='nothing')")
    given = text.quoted(r'such as (\{"1-3": 0.1\})')
    made = eval(f"like.fairseq('manual', epoch2lr={given})", dict(tried.world))
    assert made == Constant(0.1)
    for wrong in ("3", "{'a': 0.1}", "'{1'"):
        told(f"like.fairseq('manual', update2lr={wrong})").words('{"1-3": 0.1}')


@tried('param_name must be the name of a field such as "lr", got {}')
def a_field_has_a_name(told: Told) -> None:
    case = "like.ignite('ExpStateScheduler', param_name={}, initial_value=1.0, gamma=0.5)"
    name = told(case.format(3)).quoted('such as ("lr")')
    assert eval(case.format(name), dict(tried.world))["lr"](1) == 0.5


@tried("warmup_duration needs monotonic=True")
def a_warmup_before_each_cycle_needs_a_sawtooth(told: Told) -> None:
    case = (
        "like.ignite('LinearCyclicalScheduler', param_name='lr', start_value=0.1, end_value=0, "
        "cycle_size=9, warmup_duration=3{})"
    )
    given = told(case.format("")).quoted("(monotonic=True)")
    assert isinstance(eval(case.format(f", {given}"), dict(tried.world)), Schedule)


@tried(
    'a scheduler must be a schedule that like gave, got {}; write like.torch("ExponentialLR", '
    "gamma=0.95)"
)
def a_wrapped_scheduler_is_one_that_like_gave(told: Told) -> None:
    (made,) = told("like.ignite('LRScheduler', lr_scheduler=3)").put(
        "like.ignite('LRScheduler', lr_scheduler=@)"
    )
    assert made.with_base(1.0)(0) == 0.95


@tried("smooth=True is a running mean of the metric: report the mean")
def a_running_mean_is_reported(told: Told) -> None:
    told("like.transformers('greedy', lr=0.1, smooth=True)").words("report the mean")
    plan = like.transformers("greedy", lr=0.1, patience=0, factor=0.5)
    means = [(1, 4.0), (2, 3.0), (3, 3.0)]
    assert plan.with_reports([(t, {"val_loss": mean}) for t, mean in means])(3) == 0.2
