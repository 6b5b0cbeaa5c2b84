"""like.transformers beside transformers."""

from __future__ import annotations

import pytest
import transformers

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
