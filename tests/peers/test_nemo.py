"""like.nemo beside NeMo's own file, which stands alone: its package does not import here."""

from __future__ import annotations

import sys
from importlib import import_module
from unittest.mock import MagicMock, patch

import pytest

from tests.catalogue import settings
from tests.peers import drive
from tests.peers.bare import bare, stub

LIBRARY = "nemo"
CONFIG = "SchedulerParams", "get_scheduler_config", "register_scheduler_params"
with bare("nemo", "nemo.core", "nemo.core.optim"), patch.dict(sys.modules):
    stub("omegaconf", DictConfig=object, OmegaConf=object)
    stub("nemo.core.classes.common", safe_instantiate=None)
    stub("nemo.core.config.schedulers", **{name: MagicMock() for name in CONFIG})
    stub("nemo.utils", logging=None)
    stub("nemo.utils.model_utils", maybe_update_config_version=None)
    SCHEDULERS = import_module("nemo.core.optim.lr_scheduler")


@pytest.mark.parametrize(("name", "given"), settings.cases(LIBRARY))
def test_each_update_uses_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = getattr(SCHEDULERS, name)(optimizer, **given)
    values = drive.used(optimizer, lambda _: scheduler.step(), 220)
    drive.same(settings.ours(LIBRARY, name, given), values)
