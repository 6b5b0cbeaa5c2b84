"""like.transformers beside transformers."""

from __future__ import annotations

import pytest
import transformers

from passo import like
from passo.catalogue.like.registry import LIBRARIES
from tests.catalogue import settings
from tests.peers import drive

LR = "transformers"
PLATEAUS = {"reduce_lr_on_plateau", "greedy"}


def made(optimizer, name, given):
    factory = getattr(transformers.optimization, LIBRARIES[LR].find(name).names[1])
    return factory(optimizer, **{key: each for key, each in given.items() if key != "lr"})


@pytest.mark.parametrize(("name", "given"), [c for c in settings.cases(LR) if c[0] not in PLATEAUS])
def test_each_update_uses_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, name, given)
    values = drive.used(optimizer, lambda _: scheduler.step(), 250)
    drive.same(settings.ours(LR, name, given), values)


@pytest.mark.parametrize(("name", "given"), [c for c in settings.cases(LR) if c[0] in PLATEAUS])
def test_a_plateau_falls_where_theirs_does(name, given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, name, given)
    drive.same_falls(settings.ours(LR, name, given), optimizer, lambda _, m: scheduler.step(m))


SPECIFIC = {
    "cosine_with_min_lr": {"min_lr": 0.01},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.2, "warmup_lr_rate": 0.1},
    "warmup_stable_decay": {"num_decay_steps": 9, "decay_type": "1-sqrt"},
    "cosine_with_restarts": {"num_cycles": 3},
    "polynomial": {"power": 2.0},
    "inverse_sqrt": {"timescale": 7},
}


@pytest.mark.parametrize("kind", transformers.SchedulerType)
def test_the_words_of_get_scheduler_are_taken_as_they_are(kind):
    if kind.value in PLATEAUS:
        return
    optimizer = drive.sgd()
    lengths = {"num_warmup_steps": 5, "num_training_steps": 40}
    given = {**lengths, "scheduler_specific_kwargs": SPECIFIC.get(kind.value)}
    scheduler = transformers.get_scheduler(kind, optimizer, **given)
    values = drive.used(optimizer, lambda _: scheduler.step(), 60)
    drive.same(like.transformers(kind, **given), values)
