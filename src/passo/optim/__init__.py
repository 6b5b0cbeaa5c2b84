"""Schedules at work: `attach` a plan to a torch optimizer, whose updates are the clock."""

from passo.optim.attach import attach
from passo.optim.plan import ByGroup, by_group
from passo.optim.recorder import Recorder, watch
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
    "tensorize",
    "watch",
]
