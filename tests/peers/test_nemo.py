"""like.nemo beside NeMo's own file, which stands alone: its package does not import here."""

from __future__ import annotations

import pytest

from tests.catalogue import settings
from tests.peers import alone, drive

LIBRARY = "nemo"
STUBS = [
    "omegaconf",
    "nemo",
    "nemo.core",
    "nemo.core.classes",
    "nemo.core.classes.common",
    "nemo.core.config",
    "nemo.core.config.schedulers",
    "nemo.utils",
    "nemo.utils.model_utils",
]
SCHEDULERS = alone.load("nemo", "core/optim/lr_scheduler.py", STUBS)


@pytest.mark.parametrize(("name", "given"), settings.cases(LIBRARY))
def test_each_update_uses_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = getattr(SCHEDULERS, name)(optimizer, **given)
    values = drive.used(optimizer, lambda _: scheduler.step(), 220)
    drive.same(settings.ours(LIBRARY, name, given), values)
