"""Schedules at work: `attach` a plan to a torch optimizer, whose updates are the clock."""
# ruff: noqa: E402 (torch is asked for before any room below imports it)

from typing import TYPE_CHECKING

from passo.ground.extras import need
from passo.ground.names import no_such_name

torch = need(
    "torch",
    "passo[torch]",
    "what works on an optimizer (attach, range_test, the doctor, the drop-in)",
    "; schedules and pictures need none: from passo.schedules import *",
)

from passo.optim.batches import RampedBatchSampler
from passo.optim.finder.loader_step import loader_step
from passo.optim.finder.range_test import range_test
from passo.optim.finder.restore import untouched
from passo.optim.ground.attached import attached, describe
from passo.optim.ground.tensors import tensorize
from passo.optim.lift import lift
from passo.optim.recorder import Recorder, watch
from passo.optim.scheduler.attach import attach
from passo.optim.scheduler.falls import Fall
from passo.optim.scheduler.plan import ByGroup, by_group
from passo.optim.scheduler.scheduler import Scheduler
from passo.optim.translate import Translation, translate

__all__ = [
    "ByGroup",
    "Fall",
    "RampedBatchSampler",
    "Recorder",
    "Scheduler",
    "Translation",
    "attach",
    "attached",
    "by_group",
    "describe",
    "lift",
    "loader_step",
    "range_test",
    "tensorize",
    "translate",
    "untouched",
    "watch",
]

if not TYPE_CHECKING:  # a type checker that saw it would take any name for one of this room

    def __getattr__(name: str) -> object:
        """No name: what is not here may be a class of torch's, which the drop-in has."""
        hint = ""
        if not name.startswith("_") and hasattr(torch.optim.lr_scheduler, name):
            hint = f"; write from passo.optim.lr_scheduler import {name}"
        raise no_such_name(__name__, name, __all__, hint)
