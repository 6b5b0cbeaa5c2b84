"""like.optax beside optax itself, in float64."""

from __future__ import annotations

import jax
import numpy as np
import optax
import pytest

from passo import like
from tests.catalogue import settings
from tests.peers.beside import agree, calls

jax.config.update("jax_enable_x64", True)

UPDATES = 260
SETTINGS = dict(settings.of("optax"))
JOINED, PLATEAUS = SETTINGS.pop("join_schedules"), SETTINGS.pop("reduce_on_plateau")


def values_of(theirs):
    """At all updates at once: some take one count only."""
    return np.asarray(jax.vmap(theirs)(np.arange(UPDATES))).tolist()


@pytest.mark.parametrize(("name", "given"), calls(SETTINGS))
def test_values_are_those_of_optax(name, given):
    theirs = getattr(optax, name)(**given)
    agree(like.optax(name, **given), values_of(theirs))


@pytest.mark.parametrize("given", JOINED, ids=lambda each: str(each["boundaries"]))
def test_joined_schedules_are_those_of_optax(given):
    parts = [getattr(optax, part.name)(**part.arguments) for part in given["schedules"]]
    theirs = optax.join_schedules(parts, given["boundaries"])
    agree(settings.ours("optax", "join_schedules", given), values_of(theirs))


@pytest.mark.parametrize("given", PLATEAUS, ids=str)
def test_a_plateau_falls_where_that_of_optax_falls(given):
    transform = optax.contrib.reduce_on_plateau(**given)
    numbers = np.random.default_rng(7)
    losses = [float(loss) for loss in numbers.uniform(0.5, 1.0, 40) / np.arange(1, 41) ** 0.2]
    update = jax.jit(lambda state, value: transform.update(np.ones(1), state, value=value)[1])
    state, scales = transform.init(np.zeros(1)), []
    for loss in losses:
        state = update(state, loss)
        scales.append(float(state.scale))
    reports = [(t, {"value": loss}) for t, loss in enumerate(losses)]
    agree(like.optax("reduce_on_plateau", **given).with_reports(reports), scales)
    assert len(set(scales)) > (1 if given else 0)


def test_the_one_cycle_of_a_cosine_takes_an_array_where_that_of_optax_does_not():
    given = {"transition_steps": 100, "peak_value": 0.1}
    with pytest.raises(TypeError):
        optax.cosine_onecycle_schedule(**given)(np.arange(4))
    values = like.optax("cosine_onecycle_schedule", **given)(np.arange(4))
    one = optax.cosine_onecycle_schedule(**given)
    assert np.allclose(values, [float(one(t)) for t in range(4)], rtol=1e-12)
