"""What is advised about live schedulers: lift, translate, the drop-in's plans."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as torchs

from passo import Constant, Schedule, attach, base, range_test
from passo.optim import Translation, lift, translate
from passo.optim import lr_scheduler as ours
from tests.advice.table import Table, Told
from tests.optim.tools import sgd, weight

tried = Table(lift=lift, translate=translate, ours=ours, torchs=torchs, sgd=sgd, steps=12)


class Plain:
    """A scheduler of nobody's library, whose step is what a row gives it."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.rate = 1.0

    def step(self) -> None:
        self.rate *= 0.5
        self.optimizer.param_groups[0]["lr"] = self.rate


class Late(Plain):
    """It writes from its tenth step on."""

    made = 0

    def step(self) -> None:
        self.made += 1
        if self.made > 9:
            super().step()


class Strange(Plain):
    def step(self, gradients: Any) -> None:  # type: ignore[override]
        raise AssertionError(gradients)


class Hearing(Plain):
    def step(self, metric: float | None = None) -> None:  # type: ignore[override]
        self.rate = 0.5 if metric > 1 else 1.0  # type: ignore[operator]
        self.optimizer.param_groups[0]["lr"] = self.rate


def given(text: Any) -> None:
    """The advice with a function in the place of its dots, done."""
    text.words("lift(lambda t: ..., steps)")
    assert lift(lambda t: 0.5**t, 12)[0](2) == 0.25


@tried(
    "{} needs a torch optimizer, got {}, which is a scheduler; write {}(optimizer, ...), and "
    "translate(scheduler).plan for what it would do, from passo.optim import translate"
)
def a_scheduler_is_no_optimizer(told: Told) -> None:
    live = torchs.StepLR(sgd(), 3)
    text = told(lambda: attach(live, Constant(0.1)))
    text.words("attach(optimizer, ...)", "translate(scheduler).plan")
    plan = translate(live).plan
    assert attach(sgd(), plan)["lr"] == 1.0
    text = told(lambda: range_test(lambda: 1.0, live, restore=[]))
    text.words("range_test(optimizer, ...)", "translate(scheduler).plan")


@tried("lift(scheduler, 1000)")
def lift_has_two_arguments(told: Told) -> None:
    scheduler = torchs.StepLR(sgd(), 3)
    (found,) = told("lift(scheduler)", scheduler=scheduler).put("@")
    assert found[0](3) == pytest.approx(0.1)


@tried(
    "lift needs a scheduler with an optimizer and a step, or a function of the step, got {}; write "
    "lift(scheduler, 1000), or lift(lambda t: 0.1 * 0.9**t, 1000)"
)
def what_is_lifted_is_a_scheduler_or_a_function(told: Told) -> None:
    found = told("lift(3, 5)", scheduler=torchs.StepLR(sgd(), 3)).put("@")
    assert [each[0](1) for each in found] == [1.0, pytest.approx(0.09)]


@tried(
    "the step of {} needs {}, and lift knows times and metrics; write lift(lambda t: ..., steps) "
    "with the rate that it has at t",
    "{} cannot be copied ({}), and lift steps a copy; write lift(lambda t: ..., steps) with the "
    "rate that it has at t",
    "lift calls a function with the step alone, and {} does not take that ({}); write "
    "lift(lambda t: ..., steps)",
    "the function gave {} at step {}, and lift needs a finite number; write "
    "lift(lambda t: ..., steps) with a function that gives one",
)
def what_cannot_be_stepped_is_a_function_of_the_step(told: Told) -> None:
    held = Plain(sgd())
    held.lock = threading.Lock()  # type: ignore[attr-defined]
    cases = {
        "the step of": Strange(sgd()),
        "cannot be copied": held,
        "with the step alone": lambda t, total: 1.0,
        "finite number": lambda t: None,
    }
    for words, live in cases.items():
        if words in told.template:
            given(told(lambda live=live: lift(live, 3)))


@tried("a function of the step reads no metric, got {}; leave metrics= out")
def a_function_hears_no_metric(told: Told) -> None:
    told("lift(lambda t: 1.0, 3, metrics=[1.0])").words("leave metrics= out")
    assert lift(lambda t: 1.0, 3) == [Constant(1.0)]


@tried("{} cannot be moved to step {} ({}); write {}")
def what_ends_is_lifted_to_its_end(told: Told) -> None:
    def cycle() -> Any:
        return torchs.OneCycleLR(sgd(), 1.0, total_steps=4, cycle_momentum=False)

    (found,) = told(lambda: lift(cycle(), 9), scheduler=cycle()).put("@")
    assert found[0](2) < 1.0
    text = told(lambda: lift(Hearing(sgd()), 12), scheduler=Hearing(sgd()))
    (found,) = text.put("@", fill="*[2.0] * 11")
    assert found[0](3) == 0.5


@tried(
    "lift needs a metric for each of {} steps, got {}; write lift(scheduler, {}, metrics=metrics)"
)
def each_step_has_its_metric(told: Told) -> None:
    case = "lift(scheduler, 9, metrics=metrics)"
    (found,) = told(case, scheduler=Hearing(sgd()), metrics=[2.0] * 3).put("@")
    assert found[0](3) == 0.5


@tried("{} reads no metric (its step {}{}), and metrics were given; write lift(scheduler, steps)")
def what_hears_nothing_is_told_nothing(told: Told) -> None:
    scheduler = torchs.StepLR(sgd(), 3)
    (found,) = told("lift(scheduler, 9, metrics=[1.0] * 8)", scheduler=scheduler).put("@")
    assert found[0](3) == pytest.approx(0.1)


@tried("{} writes {} and never {}; write lift(scheduler, steps, key={})")
def a_field_that_is_written_is_lifted(told: Told) -> None:
    scheduler = torchs.StepLR(sgd(momentum=0.9), 3)
    (found,) = told("lift(scheduler, 9, key='momentum')", scheduler=scheduler).put("@")
    assert found[0](3) == pytest.approx(0.1)


@tried(
    "{} wrote nothing into the param groups of its optimizer in {} steps; write "
    "lift(scheduler, 10 * steps), or lift(lambda t: ..., steps) with its rate at t"
)
def what_writes_late_is_lifted_longer(told: Told) -> None:
    text = told("lift(scheduler, 5)", scheduler=Late(sgd()))
    text.words("lift(scheduler, 10 * steps)")
    given(text)
    assert lift(Late(sgd()), 10 * 5)[0](10) == 0.5


# -- translate


@tried("translate(scheduler)")
def translate_has_an_argument(told: Told) -> None:
    (found,) = told("translate()", scheduler=torchs.StepLR(sgd(), 3)).put("@")
    assert isinstance(found, Translation)


@tried(
    "translate needs a live scheduler, or a function of the step, got {}; write "
    "translate(scheduler)"
)
def what_is_translated_is_live(told: Told) -> None:
    (found,) = told("translate(3)", scheduler=torchs.StepLR(sgd(), 3)).put("@")
    assert found.schedule(0) == 1.0


@tried(
    "{} cannot be read by its parameters{}; write translate(scheduler, 1000) to have so many steps "
    "simulated"
)
def what_cannot_be_read_is_simulated(told: Told) -> None:
    scheduler = torchs.MultiplicativeLR(sgd(), lambda t: 0.5)
    (found,) = told("translate(scheduler)", scheduler=scheduler).put("@")
    assert found.schedule(2) == 0.25


def two_groups() -> Any:
    return torch.optim.SGD([{"params": [weight()]} for _ in range(2)], lr=0.1, momentum=0.9)


@tried("the {} param groups follow different schedules of {}; write translation.groups[{}]")
def groups_are_read_one_by_one(told: Told) -> None:
    functions = [lambda t: 0.5**t, lambda t: 0.9**t]
    translation = translate(torchs.LambdaLR(two_groups(), functions))
    (found,) = told("translation.schedule", translation=translation).put("@")
    assert found[0](1) == pytest.approx(0.05)


# -- the drop-in


@tried(
    "the momenta of the param groups follow different schedules; write "
    'lift(scheduler, 1000, key="momentum")'
)
def momenta_are_lifted_one_by_one(told: Told) -> None:
    low = [0.8, 0.7]
    scheduler = ours.CyclicLR(two_groups(), 0.1, 1.0, 5, base_momentum=low, max_momentum=0.9)  # type: ignore[arg-type]
    (found,) = told("scheduler.plan", scheduler=scheduler).put("@")
    assert [each(5) for each in found] == pytest.approx(low)


@tried(
    "milestones must be a list of steps, got {}; write milestones=[100]", "write milestones=[100]"
)
def milestones_are_steps(told: Told) -> None:
    optimizer = sgd()
    parts = [ours.StepLR(optimizer, 3), ours.StepLR(optimizer, 3)]
    case = "ours.SequentialLR(optimizer, parts, {})"
    wrong = "[float('nan')]" if told.template.startswith("write") else "100"
    text = told(case.format(wrong), optimizer=optimizer, parts=parts)
    (made,) = text.put(case.format("@"))
    assert made.schedule(99) < made.schedule(100)


@tried(
    "what a chain makes of its {} depends on each step before, and has no closed form; write "
    "passo.optim.lift(scheduler, 1000)"
)
def a_chain_without_a_closed_form_is_lifted(told: Told) -> None:
    optimizer = sgd()
    parts = [ours.LambdaLR(optimizer, lambda t: 1.0), ours.ExponentialLR(optimizer, 0.5)]
    scheduler = ours.ChainedScheduler(parts)
    (found,) = told("scheduler.schedule", scheduler=scheduler).put("@")
    assert isinstance(found[0], Schedule)


@tried(
    "its {} begins from {} and others from {} in param group {}: there is no closed form; write "
    "passo.optim.lift(scheduler, 1000)"
)
def members_with_other_bases_are_lifted(told: Told) -> None:
    optimizer = sgd()
    parts = [ours.StepLR(optimizer, 3), ours.CyclicLR(optimizer, 0.1, 1.0, cycle_momentum=False)]
    scheduler = ours.SequentialLR(optimizer, parts, [5])
    (found,) = told("scheduler.schedule", scheduler=scheduler).put("@")
    assert isinstance(found[0], Schedule)


# -- a number of a Scheduler


@tried(
    "{} names {} numbers, one of each param group; write {}",
    "no number is called {}, the plan has {}; write {}",
)
def a_number_is_called_by_its_name(told: Told) -> None:
    scheduler = attach(two_groups(), base, values={"ema": 0.5})
    case, wanted = ("lr", 0.1) if told.template.startswith("{} names") else ("emma", 0.5)
    assert told(lambda: scheduler[case], scheduler=scheduler).put("@") == [wanted]
    (used,) = (
        told(lambda: scheduler.used("emma"), scheduler=scheduler).put("@")
        if case == "emma"
        else (None,)
    )
    assert used is None
    if case == "lr":
        told(lambda: scheduler.used("lr")).words("scheduler.last_used()['lr'][0]")
