"""like.keras beside keras itself, in float64."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest

from passo import like
from tests.catalogue import settings
from tests.peers.beside import agree, calls

# keras of the torch backend meets a NumPy that asks more of __array__ than it has.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
UPDATES = 230
SETTINGS = dict(settings.of("keras"))
PLATEAUS = SETTINGS.pop("ReduceLROnPlateau")


@pytest.fixture(autouse=True)
def _in_double_precision():
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.parametrize(("name", "given"), calls(SETTINGS))
def test_values_are_those_of_keras(name, given):
    theirs = getattr(keras.optimizers.schedules, name)(**given)
    agree(like.keras(name, **given), [float(theirs(t)) for t in range(UPDATES)])


def test_in_its_own_float32_the_values_are_as_near_as_that():
    keras.config.set_floatx("float32")
    given = {"initial_learning_rate": 0.1, "decay_steps": 200, "alpha": 0.01}
    theirs = keras.optimizers.schedules.CosineDecay(**given)
    agree(like.keras("CosineDecay", **given), [float(theirs(t)) for t in range(UPDATES)], 2e-6)


@pytest.mark.parametrize("given", PLATEAUS, ids=str)
def test_a_plateau_falls_where_that_of_keras_falls(given):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.3), loss="mse")
    callback = keras.callbacks.ReduceLROnPlateau(**given)
    callback.set_model(model)
    callback.on_train_begin()
    numbers = np.random.default_rng(7)
    losses = [float(loss) for loss in numbers.uniform(0.5, 1.0, 40) / np.arange(1, 41) ** 0.2]
    rates = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rates.append(float(model.optimizer.learning_rate.numpy()))
    reports = [(t, {"val_loss": loss}) for t, loss in enumerate(losses)]
    ours = like.keras("ReduceLROnPlateau", **given).with_base(0.3).with_reports(reports)
    agree(ours, rates, 1e-6)
    assert rates[-1] != rates[0] or given.get("min_lr") == 0.5


def test_a_plateau_stands_beside_a_schedule_where_that_of_keras_cannot():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.3, 10, 0.5)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=schedule), loss="mse")
    callback = keras.callbacks.ReduceLROnPlateau(patience=1)
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_end(0, {"val_loss": 1.0})
    with pytest.raises(TypeError):
        callback.on_epoch_end(1, {"val_loss": 1.0})
    from passo import Plateau

    given = {"initial_learning_rate": 0.3, "decay_steps": 10, "decay_rate": 0.5}
    both = like.keras("ExponentialDecay", **given) * Plateau("val_loss", patience=0)
    told = both.with_reports([(0, {"val_loss": 1.0}), (10, {"val_loss": 1.0})])
    assert (told(9), told(10)) == (0.3 * 0.5**0.9, 0.3 * 0.5 * 0.1)
