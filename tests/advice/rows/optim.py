"""What `lift`, the drop-in, the recorder and the ground that all of them stand on advise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import passo
import passo.optim
from passo import Linear, attach, base, steps
from passo.optim import Recorder, lift
from passo.optim import lr_scheduler as ours
from passo.optim.ground.ranks import reduced
from passo.trace import Trace
from tests.advice.table import Table, Told
from tests.optim.tools import on_ranks, rates, sgd, update
from tests.optim.wrapped import Proper

LINE = Linear(1.0, 0.0, steps(10))
tried = Table(ours=ours, torch=torch, lift=lift, reduced=reduced, LINE=LINE, val_loss=0.5)


# -- the ground


@tried(
    "{} of {} must stay {}, and its schedule goes from {} to {}; write .clip(...), or "
    "another schedule",
)
def a_field_stays_in_its_bounds(told: Told) -> None:
    plan = Linear(0.5, -0.5, steps(10))
    text = told("attach(optimizer, plan)", optimizer=(optimizer := sgd()), plan=plan)
    text.words(".clip(...)", "another schedule")
    least = float(text.quoted(r"must stay at least (\d+)"))
    attach(optimizer, plan.clip(low=least))
    assert rates(optimizer, 7)[-2:] == [0.0, 0.0]
    attach(other := sgd(), Linear(0.5, 0.0, steps(10)))
    assert rates(other, 6)[-1] == 0.25


@tried("report needs at least one metric; write report(val_loss=0.3)")
def a_report_has_a_metric(told: Told) -> None:
    optimizer = sgd()
    scheduler = attach(optimizer, base * passo.Plateau("val_loss", patience=0))
    text = told(scheduler.report)
    for _ in range(2):
        text.put("@", report=scheduler.report)
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


RANKS = """
from passo import PassoError
from passo.optim.ground.ranks import reduced
try:
    reduced({"loss": 1.0} if rank else {"los": 1.0}, "mean")
except PassoError as error:
    print(error)
print(reduced({"loss": 1.0 + rank}, "mean"))
"""


@tried("the ranks reported different metrics: {}; report the same names on each")
def ranks_report_the_same_names(told: Told) -> None:
    for said, done in on_ranks({"names": RANKS}, 2)["names"]:
        told.of(said).words("report the same names on each")
        assert done == "{'loss': 1.5}"


class Both:
    """Two optimizers behind one step."""

    def __init__(self) -> None:
        self.generator, self.critic = sgd(), sgd()


@tried("{} holds {} optimizers, {}; write {}")
def a_wrapper_of_two_is_attached_twice(told: Told) -> None:
    wrapper = Both()
    calls = told("attach(wrapper, LINE)", wrapper=wrapper).quoted(r"; write (.*)$")
    for call in calls.split(" and "):
        eval(call.replace("...", "LINE"), {**tried.world, "wrapper": wrapper})
    assert [rates(each, 3)[-1] for each in (wrapper.generator, wrapper.critic)] == [0.8, 0.8]


@tried(
    "the param groups of {} are no longer those of the {} that it holds as {}, so that no update "
    "would use what is written there; save scheduler.state_dict(), call scheduler.detach(), and "
    "load it into attach(wrapper{}, ...)"
)
def groups_that_no_update_uses_are_left(told: Told) -> None:
    wrapper = Proper(inner := sgd(momentum=0.9))
    scheduler = attach(wrapper, LINE * base)
    for _ in range(3):
        wrapper_step(wrapper, inner)
    inner.load_state_dict(inner.state_dict())
    text = told(lambda: wrapper_step(wrapper, inner))
    saved = scheduler.state_dict()
    scheduler.detach()
    code = text.quoted(r"load it into (attach\(.*\))$").replace("...", "LINE * base")
    eval(code, {**tried.world, "wrapper": wrapper}).load_state_dict(saved)
    used = []
    for _ in range(3):
        used.append(inner.param_groups[0]["lr"])
        wrapper_step(wrapper, inner)
    assert used == [pytest.approx(each) for each in (0.7, 0.6, 0.5)]


def wrapper_step(wrapper: object, inner: torch.optim.Optimizer) -> None:
    """An update through the wrapper."""
    for group in inner.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    wrapper.step()


# -- lift


@tried(
    "a plateau follows its metric: lift needs {} metrics, got {}; write lift(scheduler, steps, "
    "metrics=[...])"
)
def a_plateau_is_lifted_with_its_metrics(told: Told) -> None:
    for kind in (ours.ReduceLROnPlateau, torch.optim.lr_scheduler.ReduceLROnPlateau):
        scheduler = kind(sgd(), patience=0)
        names = {"scheduler": scheduler, "steps": 3}
        ((schedule,),) = told("lift(scheduler, steps)", **names).put("@", fill="1.0, 2.0", **names)
        assert [schedule(t) for t in range(3)] == [1.0, 1.0, pytest.approx(0.1)]


# -- the drop-in


@tried("the param groups follow different schedules; read scheduler.schedules")
def groups_have_schedules_of_their_own(told: Told) -> None:
    optimizer = torch.optim.SGD(
        [{"params": each.param_groups[0]["params"]} for each in (sgd(), sgd())], lr=1.0
    )
    scheduler = ours.CyclicLR(optimizer, [0.1, 0.2], [1.0, 3.0], cycle_momentum=False)
    (found,) = told("scheduler.schedule", scheduler=scheduler).put(
        "@", verb="read", scheduler=scheduler
    )
    assert [each(3) for each in found] != [found[0](3)] * 2
    assert [each(0) for each in found] == scheduler.get_last_lr()


@tried("{} has no closed form; write passo.optim.lift(scheduler, steps) to have it simulated")
def what_has_no_closed_form_is_simulated(told: Told) -> None:
    scheduler = ours.MultiplicativeLR(sgd(), lambda t: 0.5)
    names = {"scheduler": scheduler, "steps": 4}
    ((schedule,),) = told("scheduler.schedule", **names).put("@", **names)
    assert [schedule(t) for t in range(4)] == [1.0, 0.5, 0.25, 0.125]


@tried("{} has no schedule of its own; write passo.optim.lift(scheduler, steps)")
def a_member_of_torch_is_simulated(told: Told) -> None:
    optimizer = sgd()
    theirs = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    scheduler = ours.SequentialLR(optimizer, [theirs, ours.ConstantLR(optimizer, 0.5)], [2])
    names = {"scheduler": scheduler, "steps": 4}
    ((schedule,),) = told("scheduler.schedule", **names).put("@", **names)
    assert [schedule(t) for t in range(4)] == [1.0, 0.5, 0.5, 0.5]


@tried("the state has {} schedulers and this {} {}; build it as it was when it was saved")
def members_are_those_that_were_saved(told: Told) -> None:
    def chained(*factors: float) -> ours.ChainedScheduler:
        optimizer = sgd()
        parts = [ours.ConstantLR(optimizer, each, 2) for each in factors]
        return ours.ChainedScheduler(parts, optimizer)

    state = chained(0.5, 0.25).state_dict()
    told(lambda: chained(0.5).load_state_dict(state)).words("build it as it was")
    again = chained(0.5, 0.25)
    again.load_state_dict(state)
    assert again.get_last_lr() == [0.125]


def sequence(milestones: list[float]) -> ours.SequentialLR:
    """Three rates, one after another."""
    optimizer = sgd()
    parts = [ours.ConstantLR(optimizer, each, 9) for each in (0.5, 0.25, 0.125)]
    return ours.SequentialLR(optimizer, parts, milestones)


@tried("milestones must grow, got {}; write {}", "milestones must be whole steps, got {}; write {}")
def milestones_are_steps_that_grow(told: Told) -> None:
    given = "[4, 2]" if "grow" in told.template else "[1.5, 4]"
    (scheduler,) = told(f"sequence({given})", sequence=sequence).put(
        "sequence(@)", sequence=sequence
    )
    assert scheduler.schedule(3) == 0.25


@tried("ReduceLROnPlateau is active and step() got no metric; write scheduler.step(val_loss)")
def an_active_plateau_gets_its_metric(told: Told) -> None:
    optimizer = sgd()
    parts = [ours.ConstantLR(optimizer, 1.0), ours.ReduceLROnPlateau(optimizer, patience=0)]
    scheduler = ours.SequentialLR(optimizer, parts, [1])
    optimizer.step()
    scheduler.step()
    text = told(scheduler.step)
    for _ in range(2):
        text.put("@", scheduler=scheduler)
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


# -- the recorder


def trained(folder: Path) -> None:
    """A training that is recorded in a folder."""
    with Recorder(folder=folder):
        update(sgd(), 3)


@tried("cannot make the folder {} for traces: {}; write another")
def a_folder_of_traces_can_be_made(told: Told) -> None:
    Path("file").write_text("")
    told(lambda: trained(Path("file"))).words("write another")
    trained(Path("another"))
    assert [Trace.load(each).updates for each in Path("another").glob("*.jsonl")] == [3]


@tried("the folder {} holds traces of an earlier run ({}); write another folder, or move them away")
def traces_of_an_earlier_run_are_kept(told: Told) -> None:
    trained(Path("runs"))
    text = told(lambda: trained(Path("runs")))
    text.words("write another folder", "move them away")
    trained(Path("another"))
    first = Path("runs") / text.quoted(r"earlier run \(([^,)]+)")
    first.rename("away.jsonl")
    trained(Path("runs"))
    assert Trace.load(first).updates == Trace.load("away.jsonl").updates == 3
