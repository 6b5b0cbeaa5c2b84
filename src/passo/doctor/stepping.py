"""How a scheduler is advanced after each update, or once an epoch, in the words of the trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passo.doctor.known import Known


def each_update(known: Known) -> str:
    """What advances it after each update."""
    if known.trainer == "Lightning":
        return '"interval": "step" beside the scheduler in configure_optimizers'
    if known.trainer == "ignite":
        return "a handler at Events.ITERATION_COMPLETED"
    if known.trainer == "skorch":
        return 'LRScheduler(..., step_every="batch")'
    if known.trainer == "fastai":
        return "its step() in after_batch, where self.training is True"
    return "scheduler.step() after each optimizer.step()"


def each_epoch(known: Known) -> str:
    """What advances it once an epoch; transformers' Trainer counts in updates alone."""
    if known.trainer == "Lightning":
        return '"interval": "epoch" beside the scheduler in configure_optimizers'
    if known.trainer == "transformers":
        return "lr_scheduler_type= without a scheduler in optimizers=, for which Trainer counts"
    if known.trainer == "ignite":
        return "a handler at Events.EPOCH_COMPLETED"
    if known.trainer == "skorch":
        return 'LRScheduler(..., step_every="epoch")'
    if known.trainer == "fastai":
        return "its step() in after_epoch"
    return "scheduler.step() once an epoch"
