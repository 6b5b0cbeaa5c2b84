"""like.timm beside timm.scheduler.

timm imports torchvision, which does not import beside this torch: its scheduler files stand alone.
"""

from __future__ import annotations

import warnings
from importlib import import_module

import pytest

from tests.catalogue import settings
from tests.peers import drive
from tests.peers.bare import bare

LIBRARY = "timm"
PLATEAUS = {"PlateauLRScheduler", "plateau"}
CASES = settings.cases(LIBRARY)


with bare("timm"):
    SCHEDULER = import_module("timm.scheduler")


def made(optimizer, name, given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the plateau is deprecated there
        if name.endswith("LRScheduler"):
            return getattr(SCHEDULER, name)(optimizer, **given)
        return SCHEDULER.create_scheduler_v2(optimizer, sched=name, **given)[0]


@pytest.mark.parametrize(("name", "given"), [c for c in CASES if c[0] not in PLATEAUS])
def test_each_t_has_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, name, given)

    def advance(t):
        if scheduler is not None:
            scheduler.step(t)
            scheduler.step_update(t)

    drive.same(settings.ours(LIBRARY, name, given), drive.used(optimizer, advance, 130))


@pytest.mark.parametrize(("name", "given"), [c for c in CASES if c[0] in PLATEAUS])
def test_a_plateau_falls_where_theirs_does(name, given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, name, given)
    plan = settings.ours(LIBRARY, name, given).on(drive.RUN)
    drive.same_falls(plan, optimizer, scheduler.step)
