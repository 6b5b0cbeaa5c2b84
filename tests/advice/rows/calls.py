"""What a wrong call, a wrong name and a wrong argument advise."""

from __future__ import annotations

import re

import pytest
import torch

import passo
from passo import (
    Curve,
    RangeTest,
    Run,
    Schedule,
    Trace,
    attach,
    base,
    cosine_decay,
    doctor,
    loader_step,
    range_test,
    register,
    steps,
)
from passo.optim import lr_scheduler, translate
from passo.optim.scheduler.scheduler import Scheduler
from passo.trace import Column
from tests.advice.table import Table, Told
from tests.optim.tools import sgd, update

RUN = Run(steps(100))
CURVE = cosine_decay(peak=1).curve(RUN)
MODEL = torch.nn.Linear(1, 1)
tried = Table(
    torch=torch,
    run=RUN,
    RUN=RUN,
    model=MODEL,
    plan=cosine_decay(),
    optimizer=sgd(),
    parameters=list(MODEL.parameters()),
    schedule=cosine_decay(peak=1),
    path="run.jsonl",
    loss_fn=torch.nn.MSELoss(),
    loader=[torch.ones(2, 1)] * 4,
    SGD=torch.optim.SGD,
)


# -- recipes and shapes


@tried("{} takes {} by name, got {}; write {}")
def arguments_of_a_recipe_have_names(told: Told) -> None:
    for case in ("cosine_decay(100)", "wsd(0.1, steps(5))", "noam(512, 400)", "wsd('x')"):
        assert all(isinstance(each, Schedule) for each in told(case).put("@"))


@tried("{}: {}; write {}{}")
def words_of_other_libraries_are_ours(told: Told) -> None:
    for case in ("cosine_decay(T_max=100)", "warmup_cosine(num_warmup_steps=9, lr=0.1)"):
        assert all(isinstance(each, Schedule) for each in told(case).put("@"))


SHAPES = {
    'Bounce("weight_norm")': "Bounce(factor=0.5)",
    "Constant(0.1)": "Constant()",
    "Cosine(0.1, 0.001)": "Cosine(0.1)",
    "CosinePower(0.1, 0.001, power=2)": "CosinePower(0.1)",
    "ExpHyperbolic(0.1, 0.001)": "ExpHyperbolic(0.1)",
    "Exponential(0.1, 0.99)": "Exponential(0.1)",
    'Function("mine")': "Function()",
    "Geometric(0.1, 0.001)": "Geometric(0.1)",
    'Greedy("val_loss", patience=5)': "Greedy(patience=5)",
    "Hyperbolic(0.1, 0.001)": "Hyperbolic(0.1)",
    "InversePower(0.1, steps(100))": "InversePower(0.1)",
    "KDecay(0.1, 0.001, k=2)": "KDecay(0.1)",
    "KDecayCosine(0.1, 0.001, k=2)": "KDecayCosine(0.1)",
    "Linear(0.1, 0)": "Linear(0.1)",
    "Logarithmic(0.001, 0.1)": "Logarithmic(0.1)",
    'Plateau("val_loss", patience=5)': "Plateau(patience=5)",
    "Rectified()": "Rectified(banana=1)",
    "Polynomial(0.1, 0.001, power=2)": "Polynomial(0.1)",
    "Power(0.1, 0, power=0.5)": "Power(0.1)",
    "Rex(0.1, 0.001)": "Rex(0.1)",
    "Table([(steps(0), 0.1), (steps(100), 0.01)])": "Table()",
    "Tanh(0.1, 0.001)": "Tanh(0.1)",
}


@tried(*SHAPES)
def a_shape_that_is_called_wrongly(told: Told) -> None:
    register("mine")(_mine)
    (made,) = told(SHAPES[told.template]).put("@")
    assert isinstance(made, Schedule)


def _mine(t: float) -> float:
    return t


@tried("a curve is of a schedule, got {}; write Curve.of(schedule, run)")
def a_curve_is_of_a_schedule(told: Told) -> None:
    (made,) = told("Curve.of(3, RUN)").put("@")
    assert isinstance(made, Curve)


@tried("{} needs a schedule, got {}; write {}(Constant(0.1))")
def text_is_of_a_schedule(told: Told) -> None:
    assert told("to_json(3)").put("@") == [passo.to_json(passo.Constant(0.1))]


# -- names


def _refused(line: str) -> ImportError:
    with pytest.raises(ImportError) as caught:
        exec(line)
    return caught.value


@tried("; write from {} import {}, or as a value {}")
def a_class_of_torch_is_in_the_drop_in_or_a_value(told: Told) -> None:
    text = told.of(_refused("from passo import StepLR"))
    exec(text.quoted(r"write (.*?), or"))
    assert isinstance(eval(text.quoted(r"as a value (.*)$"), dict(told.world)), Schedule)


@tried("; write from {} import {}")
def a_name_has_a_room(told: Told) -> None:
    exec(told.of(_refused("from passo import lift")).quoted(r"write (.*)$"))


@tried("; write from passo.optim.lr_scheduler import {}")
def a_class_of_torch_is_in_the_drop_in(told: Told) -> None:
    exec(told.of(_refused("from passo.optim import StepLR")).quoted(r"write (.*)$"))


# -- attach


def _first(call: str, **more: object) -> Scheduler:
    """What `attach` gives, its dots filled."""
    return eval(call.replace("...", "plan, run"), {**tried.world, "optimizer": sgd(0.1), **more})


@tried(
    "; write {}(torch.optim.AdamW(model.parameters()), ...)",
    "; write {}(torch.optim.AdamW(parameters), ...)",
    "; write {}({}(model.parameters(), lr=0.1), ...)",
    "; the optimizer comes first: write {}(optimizer, plan, run)",
)
def what_is_no_optimizer_is_made_one(told: Told) -> None:
    wrong = {
        "AdamW(model": MODEL,
        "AdamW(par": list(MODEL.parameters()),
        "}(model.parameters(), lr": torch.optim.SGD,
        "first": cosine_decay(),
    }
    given = next(each for key, each in wrong.items() if key in told.template)
    text = told(lambda: attach(given, cosine_decay(), RUN))
    (call,) = re.findall(r"write (attach\(.*\))", text)
    assert _first(text.quoted(f"({re.escape(call)})")).clock == 0


@tried(
    "; the optimizer comes first: write attach(optimizer, plan, run)",
    "; the run comes third: write attach(optimizer, plan, run)",
)
def the_arguments_of_attach_have_an_order(told: Told) -> None:
    given = RUN if "third" in told.template else sgd()
    text = told(lambda: attach(sgd(), given, RUN))
    assert _first(text.quoted(r"write (attach\(.*\))$")).clock == 0


@tried("; write scheduler.schedule, or step it as before and attach nothing")
def a_scheduler_of_the_drop_in_has_its_schedule(told: Told) -> None:
    scheduler = lr_scheduler.StepLR(held := sgd(0.1), 3)
    text = told(lambda: attach(sgd(0.1), scheduler, RUN), scheduler=scheduler)
    text.words("step it as before and attach nothing")
    plan = eval(text.quoted(r"write (.*?), or"), {"scheduler": scheduler})
    assert scheduler.optimizer is held
    attached = attach(optimizer := sgd(0.1), plan, RUN)
    assert (attached.get_last_lr(), optimizer.param_groups[0]["lr"]) == ([0.1], 0.1)


@tried("; write translate(scheduler).plan, from passo.optim import translate")
def a_scheduler_of_torch_is_translated(told: Told) -> None:
    scheduler = torch.optim.lr_scheduler.StepLR(held := sgd(0.1), 3)
    told(lambda: passo.like.torch(scheduler)).words("write translate(scheduler).plan, from")
    text = told(lambda: attach(sgd(0.1), scheduler, RUN))
    exec(text.quoted(r", (from .*)$"))
    plan = eval(text.quoted(r"write (.*?), from"), {"scheduler": scheduler, "translate": translate})
    assert scheduler.optimizer is held
    attached = attach(optimizer := sgd(0.1), plan, RUN)
    assert (attached.get_last_lr(), optimizer.param_groups[0]["lr"]) == ([0.1], 0.1)


@tried('; write Table([(steps(t), float(v)) for t, v in enumerate(values)], kind="step")')
def a_number_for_each_update_is_a_table(told: Told) -> None:
    values = [0.1, 0.05]
    text = told(lambda: attach(sgd(), values, RUN))
    names = {"values": values, "Table": passo.Table, "steps": passo.steps}
    plan = eval(text.quoted(r"write (Table\(.*\))$"), names)
    attached = attach(optimizer := sgd(), plan, Run(passo.steps(2)))
    update(optimizer)
    assert attached.get_last_lr() == [0.05]
    attached.detach(because="tried")


@tried(
    "; a span says how long: write cosine_decay(over={})",
    "; write {}(...), with its arguments",
    '; write cosine_decay(), or parse("cosine_decay()")',
    "; write parse({})",
)
def what_is_no_schedule_is_made_one(told: Told) -> None:
    wrong = {"span": steps(9), "arguments": passo.wsd, "or parse": "cosine", "": "wsd()"}
    given = next(each for key, each in wrong.items() if key in told.template)
    text = told(lambda: attach(sgd(0.1), given, RUN))
    for plan in text.put("@", fill="peak=0.1"):
        attach(sgd(0.1), plan, RUN).detach()


@tried('; write @register("mine") above a function of t, and base * Function("mine")')
def a_function_has_a_name(told: Told) -> None:
    text = told(lambda: attach(sgd(0.1), _mine, RUN))
    eval(text.quoted(r"write @(.*) above"), dict(told.world))(_mine)
    attach(sgd(0.1), eval(text.quoted(r"and (base .*)$"), dict(told.world)), RUN).detach()


@tried(
    "base of {} needs a number for each param group, got {} for {}; write base={{}: {}}, or "
    "base={{}: 0.1} for all of them"
)
def a_base_for_each_group(told: Told) -> None:
    text = told("attach(optimizer, base * Linear(1, 0), RUN, base=[1, 2, 3])", optimizer=sgd())
    for given in (text.quoted(r"write base=({.*?}), or"), text.quoted(r"or base=({.*?}) for")):
        assert attach(sgd(), base * cosine_decay(peak=1), RUN, base=eval(given)).clock == 0


@tried(
    "the lr of param group {} goes up to {}{}: was a length meant, over=steps({}), or a "
    "factor, base * ...? Where the rate is meant, write {}",
)
def a_rate_far_above_the_base(told: Told) -> None:
    text = told(lambda: attach(sgd(0.1), cosine_decay(peak=100), RUN))
    over = eval(text.quoted(r"over=(steps\(\d+\))"), dict(told.world))
    attach(sgd(0.1), cosine_decay(over=over), RUN).detach()
    text.words("base * ...")
    attach(sgd(0.1), base * cosine_decay(peak=1), RUN).detach()
    meant = float(text.quoted(r"base=(\d+)\)$"))
    attach(sgd(0.1), cosine_decay(peak=100), RUN, base=meant).detach()


@tried(
    "the lr is 0 throughout: the plan is relative to the base, and the base of param group {} is "
    "0, as the optimizer holds it; write {} with the rate that is meant, or make the optimizer "
    "with it, lr=0.1"
)
def no_rate_at_all(told: Told) -> None:
    text = told(lambda: attach(sgd(0.0), cosine_decay(), RUN))
    given = float(text.quoted(r"write attach\(\.\.\., base=([0-9.]+)\)"))
    made = float(text.quoted(r"lr=([0-9.]+)$"))
    for optimizer, more in ((sgd(0.0), {"base": given}), (sgd(made), {})):
        assert attach(optimizer, cosine_decay(), RUN, **more).get_last_lr() == [0.1]


@tried(
    "over=steps({}) for a length, base * ... for a factor, or the rate as the optimizer's lr, "
    "where it is meant"
)
def a_rate_far_above_the_base_of_a_plan(told: Told) -> None:
    (finding,) = doctor.check(cosine_decay(peak=100), RUN, base=0.1)
    text = told.of(finding.write)
    over = eval(text.quoted(r"over=(steps\(\d+\))"), dict(told.world))
    text.words("base * ...", "the rate as the optimizer's lr")
    for plan, rate in (
        (cosine_decay(over=over), 0.1),
        (base * cosine_decay(peak=1), 0.1),
        (cosine_decay(peak=100), 100),
    ):
        assert doctor.check(plan, RUN, base=rate) == []


@tried("a scheduler is read by the name of a number such as 'lr', got {}")
def a_scheduler_is_read_by_a_name(told: Told) -> None:
    scheduler = attach(sgd(0.1), cosine_decay(), RUN)
    name = told(lambda: scheduler[0]).quoted("such as '(.*?)'")
    assert scheduler[name] == 0.1


# -- the range test, pictures, the doctor


@tried(
    "loader_step needs a torch module, got {}; write loader_step(model, optimizer, loss_fn, loader)"
)
def a_step_is_of_a_model(told: Told) -> None:
    text = told(lambda: loader_step(3, None, None, []))
    assert callable(eval(text.quoted(r"write (.*)$"), dict(told.world)))


@tried('device must be a device of torch, got {}; write device="cuda"')
def a_device_is_one_of_torchs(told: Told) -> None:
    text = told(lambda: loader_step(MODEL, None, None, [], device="gpu"))
    assert torch.device(text.quoted(r'device="(.*)"')).type == "cuda"


@tried(
    "the step ran out of batches after {} updates of {}; write loader_step(model, optimizer, "
    "loss_fn, loader), which begins its loader again, or give it more data"
)
def a_step_has_batches(told: Told) -> None:
    optimizer = torch.optim.SGD(MODEL.parameters(), lr=0.1)
    world = {**told.world, "optimizer": optimizer}

    def runs_out(many: int):
        batches, step = (
            iter(range(many)),
            eval("loader_step(model, optimizer, loss_fn, loader)", world),
        )
        return lambda: (next(batches), step())[1]

    text = told(lambda: range_test(runs_out(4), optimizer, restore=[MODEL]))
    text.words("or give it more data")
    range_test(runs_out(100), optimizer, restore=[MODEL])
    again = eval(text.quoted(r"write (loader_step\(.*?\)),"), world)
    assert len(range_test(again, optimizer, restore=[]).values) > 9


@tried(
    "a range test needs a list of values and a list of lists of losses, got {} and {}; "
    "write RangeTest(values, [losses])"
)
def a_range_test_is_lists(told: Told) -> None:
    text = told("RangeTest(1, 2)")
    given = {"RangeTest": RangeTest, "values": [0.1, 0.2], "losses": [1.0, 2.0]}
    assert eval(text.quoted(r"write (.*)$"), given).losses == (1.0, 2.0)


@tried("'ax' must be matplotlib's Axes, got {}; write ax=plt.gca()")
def a_picture_is_drawn_on_axes(told: Told) -> None:
    code = told(lambda: passo.draw(CURVE, ax=3)).quoted(r"write ax=(.*)$")
    import matplotlib.pyplot as plt

    assert passo.draw(CURVE, ax=eval(code, {"plt": plt})) is plt.gca()
    plt.close()


@tried("diagnose needs a Trace, or several, got {}; write Trace.load(path)")
def the_doctor_reads_traces(told: Told) -> None:
    Trace(3, ("a",), (Column(0, "lr", (0,), (0.1,)),)).write("run.jsonl")
    (trace,) = told(lambda: doctor.diagnose(3)).put("@")
    assert doctor.diagnose(trace) == []


@tried("key must be the name of a field such as 'lr', got {}")
def a_plan_is_for_a_field(told: Told) -> None:
    name = told(lambda: doctor.check(base, RUN, key=3)).quoted("such as '(.*?)'")
    assert doctor.check(cosine_decay(peak=0.1), RUN, key=name) == []
