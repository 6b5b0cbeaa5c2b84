"""What `attach` and the Scheduler advise; checkpoints are in `checkpoints`."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any

import pytest
import torch

import passo
from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    by_group,
    epochs,
    steps,
)
from tests.advice.table import Table, Told
from tests.optim.tools import rates, sgd, update, weight

RUN = Run(steps(100))
LINE = Linear(1.0, 0.0, steps(10))
FALLING = base * LINE
tried = Table(loader=range(10), run=RUN, LINE=LINE, plan=LINE, torch=torch)


def attached(text: Any, case: str, fill: Any = (), **names: Any) -> Any:
    """The one Scheduler that the text's code makes of the case."""
    (scheduler,) = text.put(case, fill=fill, **names)
    return scheduler


# -- what is attached


@tried("attach(optimizer, warmup_cosine(), Run.of(len(loader), epochs=90))")
def a_plan_is_attached(told: Told) -> None:
    text = told("attach(optimizer, LINE, epochs=9)", optimizer=(optimizer := sgd()))
    attached(text, "@", optimizer=optimizer)
    assert rates(optimizer, 46)[-1] == 1.0


class Uncounted:
    """Groups and a step, and no hook."""

    def __init__(self) -> None:
        self.param_groups = [{"params": [weight()], "lr": 1.0}]

    def step(self) -> None:
        """An update."""


@tried(
    "{} has no step hook, so its updates cannot be counted; write attach(..., "
    'clock="calls"){} and call scheduler.step() after each update',
)
def what_has_no_hook_is_counted_by_calls(told: Told) -> None:
    optimizer = Uncounted()
    text = told("attach(optimizer, LINE)", optimizer=optimizer)
    scheduler = attached(text, "@", "optimizer, LINE", optimizer=optimizer)
    optimizer.step()
    text.put("@", verb="call", scheduler=scheduler)
    assert optimizer.param_groups[0]["lr"] == 0.9


@tried(
    "no param group of {} holds a parameter: ZeRO-3 of DeepSpeed hands them over piece by piece, "
    "and steps for each, so that updates cannot be counted; write attach(..., "
    'clock="calls"){}, where scheduler.step() is called after each update'
)
def what_is_handed_over_in_pieces_is_counted_by_calls(told: Told) -> None:
    optimizer, piece = sgd(), weight()
    optimizer.param_groups[0]["params"] = []
    text = told("attach(optimizer, LINE)", optimizer=optimizer)
    scheduler = attached(text, "@", "optimizer, LINE", optimizer=optimizer)
    for _ in range(2):  # the pieces of one update
        optimizer.param_groups[0]["params"] = [piece]
        piece.grad = torch.ones_like(piece)
        optimizer.step()
        optimizer.param_groups[0]["params"] = []
    text.words("scheduler.step() is called after each update")
    scheduler.step()
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (1, 0.9)


@tried(
    "{} of param group {} is driven by another Scheduler already; call its detach() first, or give "
    "both schedules in one plan"
)
def a_field_has_one_scheduler(told: Told) -> None:
    optimizer = sgd(momentum=0.9)
    first = attach(optimizer, LINE)
    text = told("attach(optimizer, {'lr': 0.5, 'momentum': 0.8})", optimizer=optimizer)
    text.put("@", verb="its", detach=first.detach)
    attach(optimizer, 0.5)
    assert rates(optimizer, 2) == [0.5, 0.5]
    text.words("give both schedules in one plan")
    attach(other := sgd(momentum=0.9), {"lr": LINE, "momentum": 0.8})
    assert (rates(other, 2), other.param_groups[0]["momentum"]) == ([1.0, 0.9], 0.8)


@tried(
    "a torch scheduler was built on this optimizer: if it is stepped, both write the lr; "
    "delete it, or leave the lr out of the plan",
)
def a_rate_has_one_writer(told: Told) -> None:
    plan, optimizer = {"lr": LINE, "momentum": 0.8}, sgd(momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    text = told("attach(optimizer, plan)", optimizer=optimizer, plan=plan)
    text.words("delete it", "leave the lr out of the plan")
    for each in passo.attached(optimizer):
        each.detach(restore=True)
    attach(optimizer, {"momentum": 0.8}).detach(restore=True)
    del scheduler
    attach(optimizer, plan)


# -- the plan


@tried("the plan of {} is only a factor; write base * {}")
def a_plateau_is_a_factor(told: Told) -> None:
    for factor in (
        Plateau("loss"),
        Plateau("a metric with a name that is as long as a line is", patience=3),
    ):
        text = told("attach(optimizer, factor)", optimizer=(optimizer := sgd()), factor=factor)
        attached(text, "attach(optimizer, @)", optimizer=optimizer)
        assert rates(optimizer, 2) == [1.0, 1.0]


@tried('a plan names at least one field; write {"lr": warmup_cosine()}')
def a_plan_names_a_field(told: Told) -> None:
    text = told("attach(optimizer, {}, run)", optimizer=(optimizer := sgd()))
    attached(text, "attach(optimizer, @, run)", optimizer=optimizer)
    assert rates(optimizer, 6)[-1] == 1.0


@tried("the plan of {} must be a schedule, got None; leave the key out")
def a_field_without_a_plan_is_left_out(told: Told) -> None:
    plan = {"lr": LINE, "momentum": None}
    told("attach(optimizer, plan)", optimizer=sgd(momentum=0.9), plan=plan).words(
        "leave the key out"
    )
    attach(optimizer := sgd(momentum=0.9), {"lr": LINE})
    assert (rates(optimizer, 2), optimizer.param_groups[0]["momentum"]) == ([1.0, 0.9], 0.9)


def grouped(*names: str | None) -> torch.optim.SGD:
    """A group for each of these names."""
    groups = [{"params": [weight()], **({"name": name} if name else {})} for name in names]
    return torch.optim.SGD(groups, lr=1.0)


@tried(
    "param group {} has no schedule in by_group({{}}){}; {}, or write others=... (None leaves the "
    "others alone)"
)
def a_group_has_a_schedule(told: Told) -> None:
    for names in (("head", "neck"), ("head", None)):
        plan = {"head": LINE}
        text = told("attach(optimizer, by_group(plan))", optimizer=grouped(*names), plan=plan)
        name = text.quoted(r"or write (others)=\.\.\.")
        for others, rate in ((None, 1.0), (0.5, 0.5)):
            attach(optimizer := grouped(*names), by_group(plan, **{name: others}))
            assert [group["lr"] for group in optimizer.param_groups] == [1.0, rate]


@tried('write "name": {} in the group')
def a_group_has_a_name(told: Told) -> None:
    text = told(
        "attach(grouped(None), by_group({'head': LINE}))", grouped=grouped, by_group=by_group
    )
    name = eval(text.quoted(r'write "name": (\S+) in the group'))
    attach(optimizer := grouped(name), by_group({"head": LINE}))
    assert rates(optimizer, 2) == [1.0, 0.9]


@tried("name it there")
def a_name_is_given_a_schedule(told: Told) -> None:
    told("attach(grouped('neck'), by_group({'head': LINE}))", grouped=grouped).words(
        "name it there"
    )
    attach(optimizer := grouped("neck"), by_group({"head": 0.5, "neck": LINE}))
    assert rates(optimizer, 2) == [1.0, 0.9]


@tried(
    "no predicate in the plan of {} wants param group {}; end the list with (lambda group: True, "
    "schedule)"
)
def a_list_of_predicates_ends_with_all(told: Told) -> None:
    plan = [(lambda group: group.get("name") == "head", LINE)]
    text = told("attach(optimizer, {'lr': plan})", optimizer=grouped("head", "neck"), plan=plan)
    last = eval(text.quoted(r"end the list with (.*)$"), {"schedule": Constant(0.5)})
    attach(optimizer := grouped("head", "neck"), {"lr": [*plan, last]})
    assert [group["lr"] for group in optimizer.param_groups] == [1.0, 0.5]


@tried(
    "{} needs a run; write {}",
)
def what_only_a_run_measures_gets_one(told: Told) -> None:
    for span in ("epochs(90)", "percent(100)", "rest"):
        plan = eval(f"Linear(1.0, 0.0, {span})", dict(tried.world))
        text = told("attach(optimizer, plan)", optimizer=(optimizer := sgd()), plan=plan)
        attached(text, "@", optimizer=optimizer, plan=plan)
        assert rates(optimizer, 91)[-1] == 0.9


@tried(
    "param group {} is a new dict with new parameters, and may be param group {} or {} of before: "
    'both held the same numbers, and go on differently; give each group a "name", or replace the '
    "parameters within its own dict"
)
def a_copy_of_a_group_is_known(told: Told) -> None:
    def two(*names: str) -> torch.optim.SGD:
        groups = [{"params": [weight()], "lr": each} for each in (1.0, 0.1)]
        for group, name in zip(groups, names, strict=False):
            group["name"] = name
        optimizer = torch.optim.SGD(groups)
        attach(optimizer, base * Linear(0, 1, steps(10)))
        return optimizer

    def copied(optimizer: torch.optim.SGD) -> list[float]:
        optimizer.param_groups[:] = [pickle.loads(pickle.dumps(optimizer.param_groups[1]))]
        return rates(optimizer, 2)

    name = told(lambda: copied(two())).quoted(r'give each group a "(\w+)"')
    assert name == "name"
    assert copied(two("one", "other"))[1] == pytest.approx(0.01)
    optimizer = two()
    optimizer.param_groups[1]["params"][:] = [weight()]
    del optimizer.param_groups[0]
    assert rates(optimizer, 2)[1] == pytest.approx(0.01)


# -- the settings


@tried("run must be a Run, got {}; write Run.of(len(loader), epochs=90)")
def a_run_is_a_run(told: Told) -> None:
    for given in ("100", "steps(100)", "'90 epochs'"):
        text = told(f"attach(optimizer, LINE, {given})", optimizer=(optimizer := sgd()))
        attached(text, "attach(optimizer, LINE, @)", optimizer=optimizer)
        assert rates(optimizer, 2) == [1.0, 0.9]


@tried(
    "strict=True stops at the end of the run; write {}",
)
def a_strict_run_has_an_end(told: Told) -> None:
    text = told("attach(optimizer, LINE, strict=True)", optimizer=(optimizer := sgd()))
    attached(text, "@", "optimizer, LINE", optimizer=optimizer)
    update(optimizer, 100)
    with pytest.raises(PassoError, match="is past the end"):
        update(optimizer)


@tried('values must be a mapping such as {"batch_size": schedule}, got {}')
def values_have_names(told: Told) -> None:
    names = {"optimizer": (optimizer := sgd()), "schedule": Constant(8)}
    text = told("attach(optimizer, LINE, values=8)", **names)
    mapping = eval(text.quoted(r"such as (\{.*?\})"), names)
    assert attach(optimizer, LINE, values=mapping)["batch_size"] == 8


@tried("the value {} has no base: write numbers in {}")
def a_value_is_made_of_numbers(told: Told) -> None:
    text = told(
        "attach(optimizer, LINE, values={'size': 8 * base})", optimizer=(optimizer := sgd())
    )
    text.words("write numbers")
    assert attach(optimizer, LINE, values={"size": Constant(8)})["size"] == 8


# -- the face


@tried("the optimizer of this scheduler is gone; keep a reference to the optimizer")
def the_optimizer_is_kept(told: Told) -> None:
    scheduler = attach(sgd(), LINE)
    told(lambda: scheduler.optimizer).words("keep a reference to the optimizer")
    kept = sgd()
    assert attach(kept, LINE).optimizer is kept


def heard(optimizer: Any) -> Any:
    """A Scheduler whose plateau falls at the second report."""
    return attach(optimizer, base * Plateau("val_loss", patience=0))


@tried(
    "step takes no metric, got {}: no plateau of the plan waits for one; write scheduler.step(), "
    "or scheduler.report(val_loss=...) to have it in the trace"
)
def a_metric_without_a_plateau_is_reported(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    text = told("scheduler.step(0.5)", scheduler=scheduler)
    text.words("to have it in the trace")
    for code in (text.quoted(r"write (.*?), or"), text.quoted(r", or (.*?) to have")):
        assert eval(code.replace("...", "0.5"), {"scheduler": scheduler}) in (None, ())
    assert optimizer.param_groups[0]["lr"] == 1.0


@tried(
    "this is the state of a torch scheduler after {} of its steps, and not of a passo Scheduler; "
    "write {} with what the run began with, and then {}.seek(steps({})) if that was stepped after "
    "each update, or {}.seek(epochs({})) if once an epoch"
)
def the_state_of_a_torch_scheduler_is_gone_on_with(told: Told) -> None:
    def begun() -> Any:
        optimizer = torch.optim.AdamW([weight()], lr=0.5)
        old = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
        for _ in range(3):
            update(optimizer)
            old.step()
        today = torch.optim.AdamW([weight()], lr=0.5)
        today.load_state_dict(optimizer.state_dict())
        return today, old.state_dict()

    run, falling = Run.of(1, epochs=10), base * Linear(1, 0)
    optimizer, state = begun()
    scheduler = attach(optimizer, falling, run, base=0.5)
    text = told(lambda: scheduler.load_state_dict(state))
    scheduler.detach(because="another one is tried")
    for code in (text.quoted(r"then (.*?) if that"), text.quoted(r", or (.*?) if once")):
        optimizer, _ = begun()
        names = {"attach": partial(attach, optimizer, falling, run)}
        one = eval(text.quoted(r"write (.*?) with").replace("..., ", ""), names)
        eval(code, {"scheduler": one, "steps": steps, "epochs": epochs})
        assert (one.clock, one.get_last_lr()) == (3, [0.35])
        one.detach(because="tried")


@tried(
    "step takes a metric where the plateaus of the plan watch one, and these watch {}; write "
    "scheduler.report({{}: ...})"
)
def a_metric_of_several_is_reported_by_its_name(told: Told) -> None:
    plan = base * Plateau("loss", patience=0) * Plateau("val_loss", patience=0)
    scheduler = attach(optimizer := sgd(), plan)
    text = told("scheduler.step(0.5)", scheduler=scheduler)
    for _ in range(2):
        text.put("@", fill="0.5", scheduler=scheduler)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


@tried(
    "last_epoch was set to {} while the clock stands at {}, and changes nothing: the "
    "optimizer's updates are counted; write {}.seek({}) to go on at that update",
)
def who_goes_ahead_seeks(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    text = told(lambda: setattr(scheduler, "last_epoch", 5))
    text.put("@", scheduler=scheduler)
    assert rates(optimizer, 2) == [0.5, 0.4]


@tried(
    "attach needs a torch optimizer, got None; for numbers that no optimizer holds write "
    'attach(None, values={"ema": Linear(0.99, 0.999)}, run=run)'
)
def without_an_optimizer_there_are_values(told: Told) -> None:
    scheduler = attached(told("attach(None, LINE, run)"), "@")
    scheduler.advance(100)
    assert scheduler["ema"] == 0.999


@tried("a report has a name, got {}; write report(val_loss=...)")
def a_report_has_a_name(told: Told) -> None:
    scheduler = heard(optimizer := sgd())
    text = told("scheduler.report(0.5)", scheduler=scheduler)
    for _ in range(2):
        text.put("scheduler.@", fill="0.5", scheduler=scheduler, report=None)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


@tried("no plateau watches {}, one watches {}; report it by that name")
def a_report_has_the_name_that_is_watched(told: Told) -> None:
    scheduler = heard(optimizer := sgd())
    name = told("scheduler.report(valloss=0.5)", scheduler=scheduler).quoted(
        r"watches '(\w+)'; rep"
    )
    for _ in range(2):
        scheduler.report({name: 0.5})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


@tried(
    "a shallow copy of a Scheduler would drive the same optimizer; write "
    "copy.deepcopy((optimizer, scheduler)) for both"
)
def a_copy_has_an_optimizer_of_its_own(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    update(optimizer, 3)
    code = told(lambda: copy.copy(scheduler)).quoted(r"write (copy\.deepcopy\(.*\)) for both")
    other, twin = eval(code, {"copy": copy, "optimizer": optimizer, "scheduler": scheduler})
    assert rates(other, 2) == rates(optimizer, 2) == [0.7, pytest.approx(0.6)]
    assert (twin.clock, scheduler.clock) == (5, 5)
