"""A live scheduler as an expression: by its parameters where they agree with what it does."""

from __future__ import annotations

import copy
import re

import pytest
import torch
from torch.optim import lr_scheduler as torchs
from torch.optim.swa_utils import SWALR

from passo import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    PassoError,
    Plateau,
    Table,
    attach,
    base,
    steps,
)
from passo.optim import Translation, lift, lr_scheduler, range_test, translate
from tests.optim.tools import sgd, update, weight

BUILDS = {
    "StepLR": lambda library, o: library.StepLR(o, 7),
    "MultiStepLR": lambda library, o: library.MultiStepLR(o, [3, 7, 7]),
    "ConstantLR": lambda library, o: library.ConstantLR(o, 0.5, 4),
    "LinearLR": lambda library, o: library.LinearLR(o, 0.1, 1.0, 9),
    "ExponentialLR": lambda library, o: library.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda library, o: library.PolynomialLR(o, 9, 2.0),
    "CosineAnnealingLR": lambda library, o: library.CosineAnnealingLR(o, 9, 0.01),
    "CosineAnnealingWarmRestarts": lambda library, o: library.CosineAnnealingWarmRestarts(o, 5, 2),
    "CyclicLR": lambda library, o: library.CyclicLR(o, 0.1, 1.0, 5, mode="triangular2"),
    "OneCycleLR": lambda library, o: library.OneCycleLR(o, 1.0, total_steps=40, three_phase=True),
    "LambdaLR": lambda library, o: library.LambdaLR(o, Cosine(1, 0, steps(9))),
    "SequentialLR": lambda library, o: library.SequentialLR(
        o, [library.LinearLR(o, 0.1, 1.0, 5), library.CosineAnnealingLR(o, 10)], [5]
    ),
    "ChainedScheduler": lambda library, o: library.ChainedScheduler(
        [library.LinearLR(o, 0.1, 1.0, 5), library.ExponentialLR(o, 0.9)]
    ),
}


def stepped(optimizer, scheduler, count):
    for _ in range(count):
        optimizer.step()
        scheduler.step()
    return scheduler


def refused(*given, **named):
    with pytest.raises(PassoError) as caught:
        translate(*given, **named)
    return str(caught.value)


@pytest.mark.filterwarnings("ignore:Detected call:UserWarning")
@pytest.mark.parametrize("made", [0, 3])
@pytest.mark.parametrize("library", [torchs, lr_scheduler], ids=["torch", "ours"])
@pytest.mark.parametrize("name", BUILDS)
def test_a_class_of_torch_is_read_by_its_parameters(name, library, made):
    optimizer = sgd(0.1, momentum=0.9)
    scheduler = stepped(optimizer, BUILDS[name](library, optimizer), made)
    before = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    keys = set(vars(optimizer))
    found = translate(scheduler)
    assert (optimizer.state_dict(), set(vars(optimizer))) == (before[0], keys)
    assert repr(scheduler.state_dict()) == repr(before[1])
    owner = "torch" if library is torchs else "passo"
    assert (found.by, found.at, found.source) == ("parameters", made, f"{owner}.{name}")
    assert found.checked > 5
    for t in range(20):
        group = optimizer.param_groups[0]
        assert group["lr"] == pytest.approx(found.schedule(made + t), abs=1e-12)
        assert group["lr"] == pytest.approx(found.left["lr"](t), abs=1e-12)
        if "momentum" in found.plan:
            assert group["momentum"] == pytest.approx(found.plan["momentum"](made + t))
        stepped(optimizer, scheduler, 1)


def test_the_expression_is_the_one_that_people_write():
    found = translate(torchs.CosineAnnealingWarmRestarts(sgd(0.1), 5, 2))
    assert found.schedule == Cosine(0.1, 0, steps(5)).repeat(grow=2)
    swing = Cosine(0.1, 0.05, steps(10))
    assert translate(SWALR(sgd(0.1), 0.05)).plan == {"lr": swing}
    line = SWALR(sgd(0.1), 0.05, anneal_epochs=4, anneal_strategy="linear")
    assert translate(line).schedule == Linear(0.1, 0.05, steps(4))


def test_the_plan_of_a_one_cycle_goes_to_attach():
    live = torchs.OneCycleLR(sgd(momentum=0.9), 1.0, total_steps=10)
    attach(other := sgd(momentum=0.9), translate(live).plan)
    assert (other.param_groups[0]["lr"], other.param_groups[0]["momentum"]) == (0.04, 0.95)


def test_groups_that_differ_in_their_bases_have_one_expression():
    groups = [{"params": [weight()], "lr": lr} for lr in (1.0, 0.1)]
    found = translate(torchs.ExponentialLR(torch.optim.SGD(groups), 0.5))
    assert found.groups["lr"] == (Exponential(1, 0.5), Exponential(0.1, 0.5))
    assert found.schedule == Exponential(base, 0.5)
    apart = [{"params": [weight()], "lr": lr} for lr in (1.0, 0.1)]
    low = [lambda t: 0.5**t, lambda t: 0.9**t]
    other = translate(torchs.LambdaLR(torch.optim.SGD(apart), low))
    assert [each(2) for each in other.groups["lr"]] == pytest.approx([0.25, 0.081])
    with pytest.raises(PassoError) as caught:
        _ = other.schedule
    assert str(caught.value) == (
        "the 2 param groups follow different schedules of 'lr'; write translation.groups['lr']"
    )


def test_a_plateau_hears_the_metric_that_is_named():
    live = torchs.ReduceLROnPlateau(sgd(), patience=2, factor=0.5, min_lr=0.01)
    found = translate(live, metric="loss")
    assert found.schedule == (1.0 * Plateau("loss", factor=0.5, patience=2)).clip(low=0.01)
    assert found.checked == 200
    assert found.remarks == ("A fall of no more than eps=1e-08 is left out there, and made here.",)
    live.step(0.5)
    live.step(0.6)
    [remark] = translate(live).remarks
    assert remark == (
        "It has heard 2 metrics (best 0.5, 1 bad ones since): the expression begins anew, from "
        "the rate that is there."
    )


def test_a_function_is_known_in_this_process_alone_and_that_is_said():
    found = translate(torchs.LambdaLR(sgd(), lambda t: 0.9**t))
    assert found.schedule(3) == pytest.approx(0.9**3)
    assert found.remarks == (
        "Its function is registered in this process alone; lift(scheduler, 1000) has numbers.",
    )


def test_what_the_parameters_do_not_say_is_simulated_and_that_is_said():
    live = torchs.MultiplicativeLR(sgd(), lambda t: 0.5)
    assert refused(live) == (
        "torch.MultiplicativeLR cannot be read by its parameters (MultiplicativeLR has no closed "
        "form); write translate(scheduler, 1000) to have so many steps simulated"
    )
    found = translate(live, 3)
    assert found.schedule == Table([(steps(0), 1), (steps(1), 0.5), (steps(2), 0.25)], "step")
    assert (found.by, found.checked) == ("lift", 3)
    assert found.remarks == ("MultiplicativeLR has no closed form",)


def test_parameters_that_do_not_say_what_it_does_are_not_taken():
    optimizer = sgd()
    live = torchs.ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = 5.0
    why = (
        "torch.ExponentialLR by its parameters would use 1 for 'lr' of param group 0 at step 0, "
        "and it uses 5"
    )
    assert refused(live) == (
        f"torch.ExponentialLR cannot be read by its parameters ({why}); write "
        "translate(scheduler, 1000) to have so many steps simulated"
    )
    found = translate(live, 3)
    assert (found.by, found.remarks) == ("lift", (why,))
    assert found.schedule(2) == 1.25

    class Own(torchs.StepLR):
        def get_lr(self):
            return [0.3 / (1 + self.last_epoch) for _ in self.base_lrs]

    own = translate(Own(sgd(), 3), 4)
    assert (own.by, own.schedule(2)) == ("lift", 0.3 / 3)


def test_the_field_that_a_scheduler_names_is_lifted():
    class Ignites:
        param_name = "momentum"

        def __init__(self, optimizer):
            self.optimizer = optimizer

        def step(self):
            self.optimizer.param_groups[0]["momentum"] *= 0.5

    found = translate(Ignites(sgd(momentum=0.8)), 2)
    assert found.plan == {"momentum": Table([(steps(0), 0.8), (steps(1), 0.4)], "step")}


def test_a_function_of_the_step_is_translated():
    assert translate(lambda t: 0.1, 5).schedule == Constant(0.1)
    assert refused(lambda t: 0.1).endswith(
        "cannot be read by its parameters; write translate(scheduler, 1000) to have so many steps "
        "simulated"
    )


def test_what_is_an_expression_already_is_the_answer():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1, 0, steps(10)))
    update(optimizer, 4)
    found = translate(scheduler)
    assert (found.source, found.by) == ("passo.Scheduler", "parameters")
    assert found.schedule(1) == 0.5
    assert translate(Linear(1, 0, steps(10))).schedule == Linear(1, 0, steps(10))


@pytest.mark.parametrize(("thing", "shown"), [(3, "3"), (sgd(), "an object of class SGD")])
def test_what_is_no_scheduler_is_refused(thing, shown):
    assert refused(thing) == (
        f"translate needs a live scheduler, or a function of the step, got {shown}; write "
        "translate(scheduler)"
    )


def test_a_translation_is_a_value():
    one, other = (translate(torchs.StepLR(sgd(), 3)) for _ in range(2))
    assert one == other
    assert isinstance(one, Translation)
    assert re.match(r"Translation\(groups=\{'lr': \(", repr(one))


# -- a scheduler is no optimizer


class Timms:
    """As timm's schedulers are."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self, epoch, metric=None): ...

    def step_update(self, num_updates): ...


SCHEDULERS = {
    "StepLR": lambda o: torchs.StepLR(o, 3),
    "ReduceLROnPlateau": torchs.ReduceLROnPlateau,
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 3)], []),
    "Scheduler": lambda o: attach(o, 0.1 * base),
    "Timms": Timms,
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_is_no_optimizer(name):
    optimizer = sgd()
    scheduler = SCHEDULERS[name](optimizer)
    rate = optimizer.param_groups[0]["lr"]
    for call, ask in (
        ("attach", lambda: attach(scheduler, Constant(0.5))),
        ("range_test", lambda: range_test(lambda: 1.0, scheduler, restore=[])),
    ):
        with pytest.raises(PassoError) as caught:
            ask()
        assert str(caught.value) == (
            f"{call} needs a torch optimizer, got an object of class {name}, which is a scheduler; "
            f"write {call}(optimizer, ...), and translate(scheduler).plan for what it would do, "
            "from passo.optim import translate"
        )
    assert optimizer.param_groups[0]["lr"] == rate


def test_a_name_that_a_closure_never_gave_a_value_holds_nothing():
    def maker(rate, bounded):
        if bounded:
            low = 0.01

        def schedule(t):
            return max(rate * 0.5**t, low) if bounded else rate * 0.5**t

        return schedule

    found = translate(maker(1.0, bounded=False), 4)
    assert (found.by, found.schedule(3)) == ("lift", 0.125)


def test_a_function_of_a_trainers_state_is_no_function_of_the_step():
    class Halved:
        def __call__(self, state, ssr=1.0):
            return 0.5 * state.t * ssr

    with pytest.raises(PassoError) as caught:
        lift(Halved(), 4)
    assert str(caught.value) == (
        "lift calls a function with the step alone, and an object of class Halved does not take "
        "that (it asks for the state of its trainer); write lift(lambda t: ..., steps)"
    )
