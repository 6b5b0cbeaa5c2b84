"""Schedules at work: `attach` a plan to a torch optimizer, whose updates are the clock."""

from passo.optim.attach import attach
from passo.optim.finder import range_test
from passo.optim.lift import lift
from passo.optim.loader_step import loader_step
from passo.optim.plan import ByGroup, by_group
from passo.optim.recorder import Recorder, watch
from passo.optim.restore import untouched
from passo.optim.scheduler import Scheduler
from passo.optim.tensors import tensorize
from passo.optim.words import describe

__all__ = [
    "ByGroup",
    "Recorder",
    "Scheduler",
    "attach",
    "by_group",
    "describe",
    "lift",
    "loader_step",
    "range_test",
    "tensorize",
    "untouched",
    "watch",
]
