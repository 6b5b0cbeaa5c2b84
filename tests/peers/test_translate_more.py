"""translate beside what has no torch scheduler: optax, keras, mmengine, DeepSpeed, composer."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import optax
import pytest
from mmengine.optim import scheduler as mmengine

from passo.optim import translate
from tests.peers import drive, test_composer, test_deepspeed

# keras of the torch backend meets a NumPy that asks more of __array__ than it has.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
deepspeed, composer = test_deepspeed.lr_schedules, test_composer.theirs
KERAS = keras.optimizers.schedules
FUNCTIONS = {
    "optax.cosine_decay_schedule": optax.cosine_decay_schedule(0.1, 50, alpha=0.1),
    "optax.polynomial_schedule": optax.linear_schedule(0.1, 0.0, 40),
    "optax.exponential_decay": optax.exponential_decay(0.1, 10, 0.5),
    "keras.CosineDecay": KERAS.CosineDecay(0.1, 50, alpha=0.1),
    "keras.ExponentialDecay": KERAS.ExponentialDecay(0.1, 10, 0.5),
    "keras.PiecewiseConstantDecay": KERAS.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]),
}
STEPPED = {
    "mmengine.StepLR": lambda o: mmengine.StepLR(o, 10),
    "mmengine.CosineAnnealingLR": lambda o: mmengine.CosineAnnealingLR(o, T_max=50, eta_min=0.01),
    "mmengine.LinearLR": lambda o: mmengine.LinearLR(o, start_factor=0.1, end=20),
    "mmengine.LinearMomentum": lambda o: mmengine.LinearMomentum(o, start_factor=0.1, end=20),
    "deepspeed.WarmupLR": lambda o: deepspeed.WarmupLR(o, warmup_num_steps=10, warmup_max_lr=0.1),
    "deepspeed.WarmupDecayLR": lambda o: deepspeed.WarmupDecayLR(o, 50, warmup_num_steps=10),
    "deepspeed.WarmupCosineLR": lambda o: deepspeed.WarmupCosineLR(o, 50, warmup_num_steps=10),
}


@pytest.mark.parametrize(("source", "live"), FUNCTIONS.items(), ids=FUNCTIONS)
def test_a_function_is_read_by_what_it_holds(source, live):
    found = translate(live, 60)
    assert (found.by, found.source, found.checked) == ("parameters", source, 60)
    drive.same(found.schedule, [float(live(t)) for t in range(60)], close=2e-6)  # float32


def test_a_function_of_others_is_simulated():
    live = optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 50)
    found = translate(live, 60)
    assert (found.by, found.source) == ("lift", "optax.join_schedules")
    drive.same(found.schedule, [float(live(t)) for t in range(60)])


@pytest.mark.parametrize(("source", "make"), STEPPED.items(), ids=STEPPED)
def test_a_scheduler_is_read_by_what_it_holds(source, make):
    key = "momentum" if source.endswith("Momentum") else "lr"
    found = translate(make(drive.sgd()), 80)
    assert (found.by, found.source, found.checked) == ("parameters", source, 80)
    optimizer = drive.sgd()
    live = make(optimizer)
    values = drive.used(optimizer, lambda _: live.step(), 80, key)
    (schedule,) = found.groups[key]
    drive.same(schedule, values, close=1e-9)


def test_what_asks_for_its_trainer_is_read_and_the_missing_simulation_told():
    found = translate(composer.LinearWithWarmupScheduler("5ba", t_max="50ba"))
    assert (found.by, found.checked) == ("parameters", 0)
    values = test_composer.their_values(
        "LinearWithWarmupScheduler", {"t_warmup": "5ba", "t_max": "50ba"}, "50ba", 1.0, 60
    )
    drive.same(test_composer.RATE * found.schedule, values)
    assert found.remarks[0].endswith("(it asks for the state of its trainer).")
