"""Lightning: one callback, `Trainer(callbacks=[Passo(plan)])`."""
# ruff: noqa: E402 (lightning is asked for before anything of it is imported)

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.ground.calls import built_like
from passo.ground.extras import need
from passo.ground.wanted import NotThat, callback
from passo.integrations.attachment import Attachment, of_callback
from passo.schedules import PassoError, Run, steps

need("lightning.pytorch", "lightning", "passo.integrations.lightning")

from lightning.pytorch.callbacks import (
    BackboneFinetuning,
    Callback,
    EarlyStopping,
    GradientAccumulationScheduler,
    StochasticWeightAveraging,
    Timer,
)
from lightning.pytorch.utilities.model_helpers import is_overridden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning.pytorch import LightningModule, Trainer

    from passo.optim import Scheduler

__all__ = ["Passo"]


class _OfOne(property):
    """Of a callback; the trainer asks a class for it that was given where one is wanted."""

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        if instance is None:
            raise NotThat(callback("the class Passo", "state_key"))
        return super().__get__(instance, owner)


@built_like("Passo(warmup_cosine())")
class Passo(Callback):
    """A plan at work in Lightning: `Trainer(callbacks=[Passo(warmup_cosine())])`, and no more.

    Update t uses s(t), counted by the optimizer itself. The run is the trainer's own count of
    updates; `run` gives one where the trainer knows none. Plateaus hear what was logged in each
    validation, before a checkpoint is written, and what training logged for the epoch at its end.
    The state is in the trainer's checkpoint; `seek` is the update to go on at from one that has
    none. `plan` may be a list or a mapping of plans, one for each optimizer; `options` are those of
    `attach`.

    Raises PassoError, when the fit starts, for a second writer of the rate (a scheduler that
    `configure_optimizers` returns, SWA, BackboneFinetuning) and for a checkpoint under way without
    a state of passo; NeedsRun for a length that the trainer does not know. Passo given twice is
    refused by the Trainer.

    >>> import torch, lightning
    >>> from passo import Linear
    >>> class Module(lightning.LightningModule):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = torch.nn.Linear(1, 1)
    ...
    ...     def training_step(self, batch, index):
    ...         print(self.optimizers().param_groups[0]["lr"], end=" ")
    ...         return self.layer(batch).square().mean()
    ...
    ...     def configure_optimizers(self):
    ...         return torch.optim.SGD(self.parameters(), lr=1.0)
    >>> quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    >>> trainer = lightning.Trainer(
    ...     max_epochs=2,
    ...     accelerator="cpu",
    ...     enable_model_summary=False,
    ...     callbacks=[Passo(Linear(1.0, 0.0))],
    ...     **quiet,
    ... )
    >>> trainer.fit(Module(), torch.utils.data.DataLoader(torch.ones(2, 1)))
    1.0 0.75 0.5 0.25
    """

    def __init__(
        self, plan: Any, run: Run | None = None, *, seek: int | None = None, **options: Any
    ) -> None:
        super().__init__()
        self._attachment = Attachment(
            of_callback("Lightning", _to_log), plan, run, seek=seek, **options
        )
        self._before: dict[str, Any] = {}
        self._names: set[str] | None = None
        self._heard: set[str] = set()
        self._looked = False
        self._epoch_before: dict[str, Any] = {}
        self._saved = self._lacks = 0
        self._resumed: Mapping[str, Any] | None = None

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The Schedulers while a fit goes on: one, or one for each of several plans."""
        return self._attachment.schedulers

    @_OfOne
    def state_key(self) -> str:
        """Under which the trainer's checkpoint keeps the state."""
        return "passo"

    # -- begin

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuse a second writer before anything is made."""
        self._resumed = None
        if stage == "fit":
            for each in trainer.callbacks:  # type: ignore[attr-defined]
                _refuse_beside(each)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Attach: the optimizers are new, and hold the rates of `configure_optimizers`."""
        for config in trainer.lr_scheduler_configs:
            name = type(config.scheduler).__name__
            msg = (
                f"configure_optimizers returns {name}, and Passo drives the optimizer by its plan: "
                "two would write one rate; return the optimizer alone, or leave Passo out"
            )
            raise PassoError(msg)
        self._names, self._heard, self._looked = None, set(), False
        self._saved = self._lacks = 0
        progress = self._progress(trainer)
        run, unknown = (
            (None, "") if self._attachment.run is not None else _length(trainer, progress)
        )
        optimizers: list[Any] = list(trainer.optimizers)
        left = None if run is None else run.updates - progress.updates
        self._attachment.begin(optimizers, run, unknown=unknown, left=left)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """All states are loaded; a fit that goes on does so where it was."""
        progress = self._progress(trainer)
        run, _ = _length(trainer, progress)
        left = None if run is None else run.updates - progress.updates
        self._attachment.go_on(trainer.global_step, left)

    def _progress(self, trainer: Trainer) -> _Progress:
        """How far the fit is that goes on: by its checkpoint, which brings the loops late."""
        if self._resumed is None:  # an epoch that was broken off is made anew in the same trainer
            return _Progress(trainer.global_step, trainer.current_epoch)
        return _progress(self._resumed, trainer)

    # -- what plateaus hear

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What is in the metrics now is of before."""
        self._before = dict(trainer.callback_metrics)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What this validation found; that of the sanity check is no report."""
        found = self._new(trainer)
        self._names = (self._names or set()) | set(found)
        if not trainer.sanity_checking:
            if self._saved == trainer.global_step and set(self._attachment.watches) & set(found):
                self._lacks = self._saved
            self._hear(found)
            self._miss(trainer)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """After the first batch it is known what is logged, where a sanity check was made."""
        if not self._looked:
            self._looked = True
            waits = bool(trainer.enable_validation and trainer.val_dataloaders is not None)
            if self._names is not None or not waits:
                self._miss(trainer)

    def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
        """What was to be saved after a validation is saved."""
        self._tell_what_lacks()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What is in the metrics now is of before."""
        self._epoch_before = dict(trainer.callback_metrics)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What training logged for the epoch; what validation logged was heard."""
        self._before = self._epoch_before
        names = self._names or set()
        found = self._new(trainer)
        self._hear({name: value for name, value in found.items() if name not in names})

    def _new(self, trainer: Trainer) -> dict[str, Any]:
        """The metrics that came since: old ones stay in the trainer's dict as they were."""
        now: Mapping[str, Any] = trainer.callback_metrics
        return {name: now[name] for name in now if self._before.get(name) is not now[name]}

    def _hear(self, found: Mapping[str, Any]) -> None:
        self._heard |= set(found)
        self._attachment.hear(found)

    def _miss(self, trainer: Trainer) -> None:
        """Tell of a metric that neither validation nor training logs."""
        module = trainer.lightning_module
        if is_overridden("on_train_epoch_end", module):
            return  # it may be logged there
        training = _logged_in_training(trainer)
        if training is not None:
            came = self._heard | (self._names or set()) | training
            self._attachment.miss(came, _to_log)

    # -- end

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Detach, with the reason of an early end."""
        if not self._attachment.may_go_on:
            self._lacks = 0
        self._attachment.end(_reason(trainer) if trainer.should_stop else None)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A fit in which there was nothing left to do has no end of its training."""
        if self.schedulers:
            self._attachment.fail()
        self._tell_what_lacks()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Detach: nothing else is called after this."""
        self._attachment.fail()

    # -- the state

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """A checkpoint of this update is written, before its validation or with what it found."""
        self._saved, self._lacks = trainer.global_step, 0

    def _tell_what_lacks(self) -> None:
        """Once: a checkpoint was written before the validation of its update, and none after it."""
        if self._lacks:
            update, self._lacks = self._lacks, 0
            self._attachment.say_once(
                "lacks",
                f"the checkpoint at update {update:,} was written before the validation of that "
                "update, which Lightning does not make again: who goes on from it goes on without "
                "its report, at other rates; write callbacks=[Passo(plan), "
                "ModelCheckpoint(every_n_epochs=1)], which saves after it too",
            )

    def state_dict(self) -> dict[str, Any]:
        """What the trainer's checkpoint keeps."""
        return self._attachment.state_dict()

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """How far the fit was: its batches and windows may have been others."""
        if trainer.state.fn == "fit" and "loops" in checkpoint:
            self._resumed = {
                "updates": checkpoint["global_step"],
                **checkpoint["loops"]["fit_loop"],
            }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What the trainer's checkpoint brought."""
        self._attachment.load_state_dict(state_dict)


def _refuse_beside(other: Any) -> None:
    if isinstance(other, (StochasticWeightAveraging, BackboneFinetuning)):
        name = type(other).__name__
        msg = (
            f"{name} writes the learning rate, and so does Passo; leave {name} out and put what it "
            "does to the rate into the plan, or leave Passo out"
        )
        raise PassoError(msg)


def _to_log(name: str) -> str:
    return f"write self.log({name!r}, ...) in validation_step"


class _Progress(NamedTuple):
    """How far a fit is: updates, whole epochs, and batches of the epoch that is under way."""

    updates: int
    epoch: int
    batches: int = 0


def _progress(loops: Mapping[str, Any], trainer: Trainer) -> _Progress:
    """Where Lightning goes on from the loops of a checkpoint, as its own `reset` has it.

    It keeps the batch that it was at, also in an epoch that has another number of them now.
    """
    trainer.estimated_stepping_batches  # noqa: B018  (it sets up the data, so that they are counted)
    epoch, batch = loops["epoch_progress"]["current"], loops["epoch_loop.batch_progress"]
    now, done = batch["current"], epoch["processed"]
    if done == epoch["started"]:
        return _Progress(loops["updates"], done)
    count = trainer.num_training_batches
    if now["completed"] < now["processed"]:  # right after a batch
        over = now["ready"] >= count
        return _Progress(
            loops["updates"], done + batch["is_last_batch"], 0 if over else now["ready"]
        )
    at = now["completed"]
    if _validates_first(loops, trainer, done) and (at == count or batch["is_last_batch"]):
        return _Progress(loops["updates"], done + 1)
    # It makes a batch before it looks how many there are.
    return _Progress(loops["updates"], done, min(at, count - 1))


def _validates_first(loops: Mapping[str, Any], trainer: Trainer, epoch: int) -> bool:
    """Whether a validation was under way or over, and is due today at the batch of that time."""
    batch, seen = loops["epoch_loop.batch_progress"], loops["epoch_loop.val_loop.batch_progress"]
    total, seen = batch["total"], seen["total"]
    under_way = seen["started"] == seen["ready"] == seen["processed"] + 1
    is_over = total["ready"] == total["started"] == total["processed"] == total["completed"]
    each, every = trainer.check_val_every_n_epoch, trainer.val_check_batch
    if every is None or not (trainer.enable_validation and (under_way or is_over)):
        return False
    if each is not None and (epoch + 1) % each:
        return False
    if every == math.inf:
        return bool(batch["is_last_batch"])
    at = total["ready"] if each is None else batch["current"]["completed"]
    return not at % every


def _length(trainer: Trainer, progress: _Progress) -> tuple[Run | None, str]:
    """The trainer's own count of updates, those that were made among them, or why it has none."""
    most = trainer.max_steps if trainer.max_steps != -1 else math.inf
    if not trainer.lightning_module.automatic_optimization:
        if len(trainer.optimizers) == 1 and trainer.max_epochs == -1 and most < math.inf:
            return Run(steps(most)), ""
        return None, "with manual optimization Lightning does not know the updates of an optimizer"
    trainer.estimated_stepping_batches  # noqa: B018  (it sets up the data, so that they are counted)
    batches, epochs = trainer.num_training_batches, trainer.max_epochs
    if epochs is None or epochs < 0 or batches == math.inf:
        what = "a loader without a length"
        if epochs is None or epochs < 0:
            what = "no end of epochs or steps"
        return (None, f"Lightning has {what}") if most == math.inf else (Run(steps(most)), "")
    parts = [math.ceil(batches / _accumulated(trainer, epoch)) for epoch in range(epochs)]
    left = sum(parts[progress.epoch :])
    if left:
        left -= progress.batches // _accumulated(trainer, progress.epoch)
    total = max(min(progress.updates + left, most), progress.updates)
    if not total:
        return None, "Lightning has no batches to train on"
    alike = len(set(parts)) == 1
    return Run(steps(total), steps_per_epoch=parts[0] if alike else None), ""


def _accumulated(trainer: Trainer, epoch: int) -> int:
    """How many batches one update of an epoch takes."""
    for each in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(each, GradientAccumulationScheduler):
            return each.get_accumulate_grad_batches(epoch)
    return trainer.accumulate_grad_batches


def _logged_in_training(trainer: Trainer) -> set[str] | None:
    """The names that training has logged so far; None where this Lightning does not tell."""
    results = getattr(trainer.fit_loop.epoch_loop, "_results", None)
    if results is None:
        return None
    metas = [each.meta for each in results.values()]
    names = {str(meta.name) for meta in metas}
    forked = {f"{meta.name}_{part}" for meta in metas if meta.forked for part in ("step", "epoch")}
    return names | forked


def _reason(trainer: Trainer) -> str:
    """Who stopped the trainer."""
    for each in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(each, EarlyStopping) and each.stopped_epoch:
            return f"EarlyStopping on {each.monitor!r}"
        if isinstance(each, Timer) and (each.time_remaining() or 1.0) <= 0:
            return "max_time is over"
    return "trainer.should_stop was set"
