"""Pains of checkpoints: the run after a restart is the run that would have happened."""

from __future__ import annotations

import copy
import json

import pytest
from torch.optim import lr_scheduler

import passo
from passo import Linear, Plateau, base, steps
from passo.optim import attach
from tests.optim.pains import both, loop, watched
from tests.optim.tools import rates, sgd, update

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")

passo.register("half at each step")(lambda t: 0.5**t)
TORCH = {
    "linear": lambda o: lr_scheduler.LinearLR(o, 0.1, 1.0, 10),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=20),
    "cyclic": lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, step_size_up=5, cycle_momentum=False),
    "warm-up, cosine": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, 1.0, 3), lr_scheduler.CosineAnnealingLR(o, 10)], [3]
    ),
}
PASSO = {
    "linear": Linear(0.1 * base, base, steps(10)),
    "one cycle": passo.one_cycle(),
    "cyclic": passo.cyclic(0.1, rise=steps(5)),
    "warm-up, cosine": Linear(0.1 * base, base, steps(3)).then(passo.Cosine(base, 0.0, steps(10))),
}


@both()
@pytest.mark.parametrize("plan", TORCH)
def test_pain_1_the_run_after_a_restart_is_the_run_that_would_have_happened(library, plan):
    """Pain 1, pytorch/pytorch#65342: load optimizer, build scheduler, load scheduler."""

    def build(optimizer):
        if library == "torch":
            return TORCH[plan](optimizer)
        return attach(optimizer, PASSO[plan], passo.Run(steps(20)))

    scheduler = build(optimizer := sgd(momentum=0.9))
    loop(optimizer, scheduler, 5)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    then = watched(optimizer)
    loop(optimizer, scheduler, 4)

    optimizer = sgd(momentum=0.9)
    optimizer.load_state_dict(saved[0])
    scheduler = build(optimizer)
    scheduler.load_state_dict(saved[1])
    again = watched(optimizer)
    loop(optimizer, scheduler, 4)
    assert again == then


@both()
def test_pain_5_a_longer_plan_at_a_restart_is_refused_and_can_be_had(library):
    """Pain 5, pytorch/pytorch#52911: the old T_max comes back, and nobody says a word."""

    def build(optimizer, length, **settings):
        if library == "torch":
            return lr_scheduler.CosineAnnealingLR(optimizer, length)
        return attach(optimizer, passo.cosine_decay(over=steps(length)), **settings)

    scheduler = build(optimizer := sgd(), 10)
    loop(optimizer, scheduler, 5)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))

    optimizer = sgd()
    scheduler = build(optimizer, 100, on_change="replace")
    optimizer.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    wanted = passo.cosine_decay(peak=1.0, over=steps(100))
    assert rates(optimizer, 1) == [pytest.approx(wanted(5))]

    scheduler = build(optimizer := sgd(), 100)
    with pytest.raises(ValueError, match="is not today's"):
        scheduler.load_state_dict(saved[1])


@both(KeyError)
def test_pain_15_a_run_begins_at_update_5_without_ritual(library):
    """Pain 15, pytorch/pytorch#160626: KeyError, 'initial_lr' is not specified."""
    optimizer = sgd()
    if library == "torch":
        scheduler = lr_scheduler.StepLR(optimizer, 3, last_epoch=5)
    else:
        scheduler = attach(optimizer, passo.step_decay(steps(3)))
        scheduler.seek(5)
    used = watched(optimizer)
    loop(optimizer, scheduler, 2)
    assert used == pytest.approx([0.1, 0.01])


class WarmAndPlateau:
    """Warm-up, then a plateau, as it is written with torch: two schedulers, both stepped."""

    def __init__(self, optimizer):
        self.parts = [
            lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 2),
            lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, factor=0.5, cooldown=1),
        ]

    def step(self):
        self.parts[0].step()

    def report(self, loss):
        self.parts[1].step(loss)

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, saved):
        for part, state in zip(self.parts, saved, strict=True):
            part.load_state_dict(state)


@both()
@pytest.mark.parametrize("killed", range(1, 12))
def test_pain_26_a_crash_in_mid_patience_goes_on_in_mid_patience(library, killed):
    """Pain 26, pytorch/pytorch#68978: beside a warm-up, a plateau's reductions do not survive."""
    rule = Plateau("loss", patience=2, factor=0.5, cooldown=1)

    def build(optimizer):
        if library == "torch":
            return WarmAndPlateau(optimizer)
        return attach(optimizer, Linear(0.1 * base, base, steps(2)).then(base) * rule)

    def play(optimizer, scheduler, updates):
        for _ in range(updates):
            loop(optimizer, scheduler, 1)
            scheduler.report(loss=1.0)

    scheduler = build(optimizer := sgd(momentum=0.9))
    play(optimizer, scheduler, killed)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    then = watched(optimizer)
    play(optimizer, scheduler, 12)
    optimizer = sgd(momentum=0.9)
    optimizer.load_state_dict(saved[0])
    scheduler = build(optimizer)
    scheduler.load_state_dict(saved[1])
    again = watched(optimizer)
    play(optimizer, scheduler, 12)
    assert again == then


@both()
def test_pain_27_the_second_phase_has_the_base_that_it_was_given(library):
    """Pain 27, pytorch/pytorch#21965: initial_lr is set once and sticks."""
    optimizer = sgd(1.0)
    if library == "torch":
        loop(optimizer, lr_scheduler.CosineAnnealingLR(optimizer, 5), 5)
    else:
        scheduler = attach(optimizer, passo.cosine_decay(over=steps(5)))
        loop(optimizer, scheduler, 5)
        scheduler.detach()
    optimizer.param_groups[0]["lr"] = 0.1
    if library == "torch":
        scheduler = lr_scheduler.LambdaLR(optimizer, lambda t: 0.5**t)
    else:
        scheduler = attach(optimizer, passo.exponential_decay(0.5))
    used = watched(optimizer)
    loop(optimizer, scheduler, 3)
    assert used == [0.1, 0.05, 0.025]


@both()
def test_pain_29_to_set_the_position_twice_is_to_set_it_once(library):
    """Pain 29, NVIDIA/Megatron-LM#1533: what was loaded is fast-forwarded again."""

    def build(optimizer):
        if library == "torch":
            return lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 20)
        return attach(optimizer, Linear(base, 0.0, steps(20)))

    def forward(scheduler, updates):
        if library == "passo":
            return scheduler.seek(updates)
        for _ in range(updates):
            scheduler.step()
        return None

    scheduler = build(optimizer := sgd())
    loop(optimizer, scheduler, 6)
    saved = scheduler.state_dict()
    scheduler = build(optimizer := sgd())
    forward(scheduler, 6)
    scheduler.load_state_dict(saved)
    forward(scheduler, 6)
    assert rates(optimizer, 1) == [pytest.approx(0.7)]


@both(KeyError, TypeError, AttributeError)
@pytest.mark.parametrize("kind", ["a function", "a cycle"])
def test_pain_36_a_state_is_plain_data_that_loads_twice_and_knows_the_plan(library, kind):
    """Pain 36, pytorch/pytorch#94450: functions vanish, and loading changes the dict."""

    def build(optimizer, function, peak):
        if library == "torch" and kind == "a function":
            return lr_scheduler.LambdaLR(optimizer, function)
        if library == "torch":
            return lr_scheduler.CyclicLR(optimizer, 0.1, peak, cycle_momentum=False)
        if kind == "a function":
            return attach(optimizer, base * passo.Function("half at each step"), on_change="keep")
        return attach(optimizer, passo.cyclic(0.1, peak=peak), on_change="keep")

    scheduler = build(optimizer := sgd(), lambda t: 0.5**t, 1.0)
    loop(optimizer, scheduler, 3)
    then = optimizer.param_groups[0]["lr"]
    saved = json.loads(json.dumps(scheduler.state_dict()))
    before = copy.deepcopy(saved)

    scheduler = build(optimizer := sgd(), lambda _: 7.0, 2.0)
    for _ in range(2):
        scheduler.load_state_dict(saved)
    assert saved == before
    update(optimizer)
    scheduler.step()
    then = then / 2 if kind == "a function" else then + 0.9 / 2000
    assert optimizer.param_groups[0]["lr"] == pytest.approx(then, rel=1e-12)
