"""Lightning as it is, with one callback (issue 16): the nine promises, by `==`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from passo import (
    Linear,
    NeedsRun,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    attached,
    base,
    steps,
    warmup_cosine,
)
from tests.integrations.promises import promised
from tests.integrations.tools import LINE, after_an_exception, line, said
from tests.optim.tools import ROOT

pytest.importorskip("lightning", reason="lightning is not installed")
import lightning
from lightning.pytorch import callbacks as theirs
from lightning.pytorch.loggers import CSVLogger

from passo.integrations.lightning import Passo

QUIET = {
    "accelerator": "cpu",
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


class Module(lightning.LightningModule):
    """One layer; `used` is what each real update used, `told` what validation logs, by turns."""

    def __init__(self, *, told=(0.5,), names=("val_loss",), nothing=(), kind=torch.optim.AdamW):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
        self.used, self.told, self.names, self.nothing = [], list(told), names, nothing
        self.kind = kind
        self.turn = self.seen = 0

    def training_step(self, batch, _index):
        self.seen += 1
        if self.seen - 1 in self.nothing:
            return None
        loss = self.layer(batch[0]).square().mean()
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, _batch, _index):
        for name in self.names:
            self.log(name, self.told[min(self.turn, len(self.told) - 1)])

    def on_validation_end(self):
        self.turn += not self.trainer.sanity_checking

    def configure_optimizers(self):
        return self.watched(self.kind(self.parameters(), lr=0.1))

    def watched(self, optimizer):
        optimizer.register_step_pre_hook(
            lambda one, *_: self.used.append(one.param_groups[0]["lr"])
        )
        return optimizer


def loader(batches=4):
    return DataLoader(TensorDataset(torch.ones(batches, 3)), batch_size=1)


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield (torch.ones(3),)


def fitted(plan, module=None, *, batches=4, given=(), beside=(), validate=False, **options):
    """A fit; the module, which knows what was used, and the trainer."""
    module = module or Module()
    passo = plan if isinstance(plan, Passo) else Passo(plan, *given)
    path = options.pop("ckpt_path", None)
    data = options.pop("data", None)
    data = loader(batches) if data is None else data
    settings = {"max_epochs": 2, "logger": False, "enable_checkpointing": False, **QUIET, **options}
    trainer = lightning.Trainer(callbacks=[passo, *beside], **settings)
    trainer.fit(module, data, loader(2) if validate else None, ckpt_path=path, weights_only=True)
    return module, trainer


def refused(*arguments, kind=PassoError, **options):
    """The text of the refusal; no update was made."""
    module = options.pop("module", None) or Module()
    with pytest.raises(kind) as caught:
        fitted(*arguments, module=module, **options)
    assert module.used == []
    return str(caught.value)


# -- 1. update t uses s(t)


@promised("Lightning", 1, 2)
@pytest.mark.parametrize(
    ("updates", "settings"),
    [
        (8, {}),
        (6, {"accumulate_grad_batches": 3, "batches": 7}),  # the last window of an epoch is short
        (8, {"precision": "bf16-mixed"}),
        (5, {"max_steps": 5}),
        (6, {"limit_train_batches": 3}),
        (5, {"max_epochs": -1, "max_steps": 5, "data": DataLoader(Endless())}),
        (3, {"max_epochs": 2, "max_steps": 3, "accumulate_grad_batches": 2}),
        (6, {"beside": [theirs.GradientAccumulationScheduler({0: 1, 1: 2})]}),
    ],
)
def test_update_t_uses_s_of_t_on_the_trainers_own_count(updates, settings):
    stories = []
    assert said(lambda: stories.append(fitted(LINE, **settings))) == []
    assert stories[0][0].used == line(updates)


@promised("Lightning", 1)
def test_a_batch_without_a_loss_is_no_update():
    passo = Passo(LINE, Run(steps(7)))
    clocks = []

    class Count(theirs.Callback):
        def on_train_batch_end(self, *_):
            clocks.append(passo.schedulers[0].clock)

    assert said(lambda: fitted(passo, Module(nothing={2}), beside=[Count()])) == []
    assert clocks == [1, 2, 2, 3, 4, 5, 6, 7]


@promised("Lightning", 1)
def test_a_relative_plan_of_epochs_has_the_trainers_epochs():
    from passo import epochs

    plan = base * Linear(0.0, 1.0, epochs(1)).then(Linear(1.0, 0.0))
    module, _ = fitted(plan)
    assert module.used == [plan.on(Run.of(4, epochs=2)).with_base(0.1)(t) for t in range(8)]


# -- 2. the run


@promised("Lightning", 2)
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"data": DataLoader(Endless())}, "Lightning has a loader without a length"),
        ({"max_epochs": -1}, "Lightning has no end of epochs or steps"),
        ({"max_epochs": None, "max_time": {"hours": 1}}, "Lightning has no end of epochs or steps"),
    ],
)
def test_a_length_that_the_trainer_does_not_know_is_asked_for(settings, why):
    assert refused(LINE, kind=NeedsRun, **settings) == (
        f"the plan Linear(1, 0) * base needs the length of the run, and {why}; write "
        "Passo(plan, run=Run(steps(10_000))) with the number of updates"
    )


@promised("Lightning", 2)
def test_a_run_that_is_given_counts_and_a_plan_that_needs_none_has_none():
    stop = {"data": DataLoader(Endless()), "limit_train_batches": 6, "max_epochs": 1}
    module, _ = fitted(LINE, given=(Run(steps(6)),), **stop)
    assert module.used == line(6)
    module, _ = fitted(base * Linear(1.0, 0.0, steps(3)), data=DataLoader(Endless()), max_steps=5)
    assert module.used == [*line(3), 0.0, 0.0]


# -- 3. plateaus


@promised("Lightning", 3)
def test_a_plateau_hears_each_validation_once_and_no_sanity_check():
    plan = base * Plateau("val_loss", patience=1, factor=0.5)
    module, _ = fitted(plan, Module(told=[0.5]), validate=True, max_epochs=4)
    # heard after updates 4, 8 and 12: the third is the second without an improvement
    assert module.used == [0.1] * 12 + [0.05] * 4


@promised("Lightning", 3)
def test_a_metric_of_before_is_not_heard_again():
    plan = base * Plateau("val_loss", patience=0, factor=0.5)
    module, _ = fitted(plan, validate=True, max_epochs=6, check_val_every_n_epoch=3)
    assert module.used == [0.1] * 24
    passo = Passo(plan)
    said(lambda: fitted(passo, validate=True, max_epochs=7, check_val_every_n_epoch=3))
    assert passo.state_dict()["schedulers"][0]["tracks"][0]["plateaus"][0]["reductions"] == 1


@promised("Lightning", 3)
def test_a_plateau_hears_what_training_logged_for_the_epoch():
    passo = Passo(base * Plateau("train_loss", patience=0, factor=0.5, threshold=10.0))
    module, _ = fitted(passo, validate=True, max_epochs=3)
    assert module.used == [0.1] * 8 + [0.05] * 4
    assert passo.schedulers == ()


@promised("Lightning", 3)
def test_what_training_logged_in_an_epoch_of_before_is_not_heard_again():
    class Seldom(Module):
        def training_step(self, batch, index):
            if self.current_epoch % 2 == 0:
                self.log("far", 1.0, on_step=False, on_epoch=True)
            return super().training_step(batch, index)

    module, _ = fitted(base * Plateau("far", patience=0, factor=0.5), Seldom(), max_epochs=4)
    assert module.used == [0.1] * 12 + [0.05] * 4  # heard after the first and the third epoch


@promised("Lightning", 3, 4)
def test_what_was_heard_is_in_the_checkpoint_of_that_validation(tmp_path):
    plan = base * Plateau("val_loss", patience=0, factor=0.5)
    saver = theirs.ModelCheckpoint(tmp_path, monitor="val_loss", save_top_k=-1)
    options = {"validate": True, "beside": [saver], "enable_checkpointing": True}
    fitted(plan, max_epochs=3, **options)
    held = []
    for path in sorted(tmp_path.glob("*.ckpt")):
        state = torch.load(path, weights_only=True)["callbacks"]["passo"]["schedulers"][0]
        held.append((state["clock"], state["tracks"][0]["plateaus"][0]["reductions"]))
    assert held == [(4, 0), (8, 1), (12, 2)]


@promised("Lightning", 3)
@pytest.mark.parametrize("sanity", [0, 2])
def test_a_name_that_never_comes_is_told_with_those_that_do(sanity):
    seen = []

    def story():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Module, "on_train_batch_end", lambda m, *_: seen.append(len(m.used)))
            fitted(
                base * Plateau("val_los"), validate=True, num_sanity_val_steps=sanity, max_epochs=3
            )

    first, *rest = said(story)
    assert first == (
        "a plateau listens to 'val_los', and Lightning logs 'train_loss', 'val_loss': it never "
        "falls; write self.log('val_los', ...) in validation_step, or give Plateau a name that is "
        "logged"
    )
    assert rest == []  # it is said once


# -- 4. resume


@promised("Lightning", 4)
@pytest.mark.parametrize("carry", [True, False])
@pytest.mark.parametrize("stop", [3, 6, 8])
def test_a_resume_has_the_same_rates_bit_for_bit(tmp_path, stop, carry):
    plan = warmup_cosine(warmup=steps(3)) * Plateau("val_loss", patience=0, factor=0.7)
    whole, _ = fitted(plan, validate=True, max_epochs=3)
    every = {"every_n_train_steps": stop} if stop % 4 else {"monitor": "val_loss"}
    saver = theirs.ModelCheckpoint(tmp_path, save_top_k=-1, **every)
    fitted(
        Passo(plan, carry=carry),
        validate=True,
        max_epochs=3,
        beside=[saver],
        enable_checkpointing=True,
    )
    (path,) = tmp_path.glob(f"*step={stop}.ckpt")
    module = Module()
    module.turn = stop // 4
    again, _ = fitted(Passo(plan, carry=carry), module, validate=True, max_epochs=3, ckpt_path=path)
    assert again.used == whole.used[stop:]


@promised("Lightning", 4)
def test_a_checkpoint_of_another_plan_is_refused_at_the_start(tmp_path):
    path = saved(tmp_path, [Passo(LINE)])
    now = warmup_cosine().on(Run.of(4, epochs=3)).with_base(0.1)(8)
    assert refused(warmup_cosine(), ckpt_path=path, max_epochs=3) == (
        "the plan saved at update 8 is not today's, one field differs:\n"
        "  lr of group 0, saved: Linear(1, 0) * base, base 0.1 on "
        "Run(steps(8), steps_per_epoch=4)\n"
        f"  lr of group 0, today: {warmup_cosine()!r}, base 0.1 on "
        "Run(steps(12), steps_per_epoch=4)\n"
        f"    now 0 and {now:.3g}\n"
        'write Passo(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
        "the same update"
    )
    module, _ = fitted(Passo(warmup_cosine(), on_change="replace"), ckpt_path=path, max_epochs=3)
    run = Run.of(4, epochs=3)
    assert module.used == [warmup_cosine().on(run).with_base(0.1)(t) for t in range(8, 12)]


@promised("Lightning", 2, 4)
@pytest.mark.parametrize(
    ("settings", "at", "whole"),
    [
        ({"max_epochs": 9}, "epoch=2-step=10", 45),  # 26 more: 10 of 24 updates are over
        ({"max_epochs": 4}, "epoch=2-step=10", 10),
        ({"max_epochs": 6, "batches": 8}, "epoch=2-step=10", 51),
        ({"max_epochs": 9, "max_steps": 24}, "epoch=2-step=10", 24),
        ({"max_epochs": 9, "accumulate_grad_batches": 2}, "epoch=2-step=10", 22),  # 13 more
        ({"max_epochs": 9}, "epoch=4-step=20", 96),  # the epoch is over, and 16 are to come
    ],
)
def test_a_plan_at_the_same_share_of_another_run_ends_with_the_trainer(
    tmp_path, settings, at, whole
):
    saver = theirs.ModelCheckpoint(tmp_path, save_top_k=-1, every_n_train_steps=10)
    fitted(LINE, max_epochs=6, beside=[saver], enable_checkpointing=True)
    path, stories = tmp_path / f"{at}.ckpt", []
    again = Passo(LINE, on_change="rescale")
    assert said(lambda: stories.append(fitted(again, ckpt_path=path, **settings)[0])) == []
    used = stories[0].used
    assert used == line(whole)[whole - len(used) :]


@promised("Lightning", 2, 4)
@pytest.mark.parametrize(
    ("at", "settings", "whole"),
    [
        (6, {}, 12),
        (6, {"accumulate_grad_batches": 2}, 9),  # one window of this epoch, two of the next
        (6, {"batches": 8}, 20),
        (6, {"batches": 2}, 10),  # Lightning makes that epoch anew
        (6, {"batches": 3}, 10),
        (6, {"max_steps": 9}, 9),
        (8, {"batches": 6}, 10),  # and goes on at the fifth batch of the next one
        (8, {"batches": 3}, 11),
        (8, {"max_epochs": 5}, 20),
    ],
)
def test_the_run_of_a_resume_is_what_was_made_and_what_comes(tmp_path, at, settings, whole):
    saver = theirs.ModelCheckpoint(tmp_path, save_top_k=-1, every_n_train_steps=at)
    fitted(LINE, max_epochs=3, beside=[saver], enable_checkpointing=True)
    (path,) = tmp_path.glob(f"*step={at}.ckpt")
    if whole != 12:
        with pytest.raises(PassoError, match=rf"today: .* on Run\(steps\({whole}\)"):
            fitted(LINE, ckpt_path=path, **{"max_epochs": 3, **settings})
    again, stories = Passo(LINE, on_change="replace"), []
    settings = {"max_epochs": 3, "ckpt_path": path, **settings}
    assert said(lambda: stories.append(fitted(again, **settings)[0])) == []
    assert stories[0].used == line(whole)[at:]


class Killed(Module):
    """At the second batch of a validation, or at a batch of training, counted from 0."""

    def __init__(self, *, validation=None, training=None):
        super().__init__()
        self.validation, self.training_at = validation, training

    def training_step(self, batch, index):
        if self.seen == self.training_at:
            raise RuntimeError("killed")
        return super().training_step(batch, index)

    def validation_step(self, batch, index):
        if (self.turn, index) == (self.validation, 1) and not self.trainer.sanity_checking:
            raise RuntimeError("killed")
        super().validation_step(batch, index)


@promised("Lightning", 2, 4)
@pytest.mark.parametrize(
    ("killed", "settings", "now", "made"),
    [
        ({"validation": 1}, {}, {"batches": 3}, (8, 4)),  # a batch is made before it looks
        ({"validation": 1}, {}, {"batches": 3, "accumulate_grad_batches": 2}, (8, 3)),
        ({"validation": 1}, {"val_check_interval": 2}, {"batches": 8}, (4, 16)),  # and here none
        ({"validation": 1}, {}, {"check_val_every_n_epoch": 3}, (8, 5)),
        ({"training": 7}, {}, {}, (7, 5)),
        ({"training": 6}, {}, {"batches": 2}, (6, 3)),
    ],
)
def test_a_resume_from_where_it_was_killed_counts_what_lightning_makes(
    tmp_path, killed, settings, now, made
):
    saver, settings = theirs.OnExceptionCheckpoint(tmp_path, "last"), {"max_epochs": 3, **settings}
    options = {"beside": [saver], "enable_checkpointing": True, "validate": True, **settings}
    with pytest.raises(RuntimeError, match="killed"):
        fitted(LINE, Killed(**killed), **options)
    (at, more), again, stories = made, Passo(LINE, on_change="replace"), []
    options = {"ckpt_path": tmp_path / "last.ckpt", "validate": True, **settings, **now}
    assert said(lambda: stories.append(fitted(again, **options)[0])) == []
    assert stories[0].used == line(at + more)[at:]


@promised("Lightning", 2, 4)
def test_an_epoch_that_was_broken_off_is_made_anew_in_the_same_trainer_and_the_run_has_it():
    class Once(theirs.Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 6:
                raise RuntimeError("once")

    module, beside = Module(), Once()
    settings = {"max_epochs": 2, "logger": False, "enable_checkpointing": False, **QUIET}
    passo = Passo(LINE, on_change="replace")
    trainer = lightning.Trainer(callbacks=[passo, beside], **settings)
    with pytest.raises(RuntimeError, match="once"):
        trainer.fit(module, loader())
    trainer.callbacks.remove(beside)
    assert said(lambda: trainer.fit(module, loader())) == []
    assert module.used == line(8)[:6] + line(10)[6:]


@promised("Lightning", 4)
def test_of_a_run_that_is_over_nothing_is_left_at_the_same_share(tmp_path):
    saver = theirs.ModelCheckpoint(tmp_path, every_n_train_steps=8)
    fitted(LINE, beside=[saver], enable_checkpointing=True)
    (path,) = tmp_path.glob("*.ckpt")
    options = {"ckpt_path": path, "max_epochs": 3}
    assert refused(Passo(LINE, on_change="rescale"), **options).endswith(
        'on_change="rescale" goes on at the same share of the plan, and the run that was saved is '
        "over: nothing is left of it for the 4 updates that Lightning will make; write Passo(..., "
        'on_change="replace") for today\'s plan at update 8'
    )
    module, _ = fitted(Passo(LINE, on_change="replace"), **options)
    assert module.used == line(12)[8:]


@promised("Lightning", 3, 4)
@pytest.mark.parametrize("after", [False, True])
def test_a_checkpoint_before_the_validation_of_its_update_is_told_unless_one_is_after(
    tmp_path, after
):
    plan = base * Plateau("val_loss", patience=0, factor=0.5)
    savers = [theirs.ModelCheckpoint(tmp_path / "some", save_top_k=-1, every_n_train_steps=4)]
    if after:
        saver = theirs.ModelCheckpoint(tmp_path / "all", save_top_k=-1, every_n_epochs=1)
        savers.append(saver)
    options, stories = {"validate": True, "max_epochs": 3}, []
    told = said(
        lambda: stories.append(fitted(plan, beside=savers, enable_checkpointing=True, **options))
    )
    text = (
        "the checkpoint at update 4 was written before the validation of that update, which "
        "Lightning does not make again: who goes on from it goes on without its report, at other "
        "rates; write callbacks=[Passo(plan), ModelCheckpoint(every_n_epochs=1)], which saves "
        "after it too"
    )
    assert told == ([] if after else [text])
    folder = tmp_path / ("all" if after else "some")
    (path,) = folder.glob("*step=8.ckpt")
    again, _ = fitted(plan, ckpt_path=path, **options)
    assert (again.used == stories[0][0].used[8:]) is after


@promised("Lightning", 3, 4)
@pytest.mark.parametrize("ends", [False, True])
def test_a_last_checkpoint_before_its_validation_is_told_where_the_plan_may_go_on(tmp_path, ends):
    plan = (LINE if ends else base) * Plateau("val_loss", patience=0, factor=0.5)
    saver = theirs.ModelCheckpoint(tmp_path, save_top_k=-1, every_n_train_steps=8)
    options = {"validate": True, "beside": [saver], "enable_checkpointing": True}
    told = said(lambda: fitted(plan, **options))
    assert len(told) == (not ends)
    assert all(each.startswith("the checkpoint at update 8 was written before") for each in told)
    (path,) = tmp_path.glob("*step=8.ckpt")
    if not ends:
        whole, _ = fitted(plan, validate=True, max_epochs=3)
        passo = Passo(plan, on_change="replace")
        again, _ = fitted(passo, ckpt_path=path, validate=True, max_epochs=3)
        assert (again.used, whole.used[8:]) == ([0.1] * 4, [0.05] * 4)
        options["beside"] = [theirs.ModelCheckpoint(tmp_path / "after", every_n_epochs=1), saver]
        assert said(lambda: fitted(plan, **options)) == []


def test_a_checkpoint_of_an_update_without_a_plateau_is_told_of_nothing(tmp_path):
    saver = theirs.ModelCheckpoint(tmp_path, save_top_k=-1, every_n_train_steps=4)
    assert (
        said(lambda: fitted(LINE, validate=True, beside=[saver], enable_checkpointing=True)) == []
    )


@promised("Lightning", 4)
def test_a_fit_that_goes_on_in_the_same_trainer_goes_on_where_it_was():
    plan = base * Linear(1.0, 0.0, steps(12))
    stories = []
    said(lambda: stories.append(fitted(Passo(plan, Run(steps(12))))))
    module, trainer = stories[0]
    trainer.fit_loop.max_epochs = 3
    trainer.fit(module, loader())
    assert module.used == line(12)
    assert attached(trainer.optimizers[0]) == ()


def test_a_callback_that_is_used_again_begins_anew():
    passo = Passo(LINE)
    assert fitted(passo)[0].used == fitted(passo)[0].used == line(8)


# -- 5. the log


@promised("Lightning", 5)
def test_the_logged_rate_is_the_one_that_was_used(tmp_path):
    logger = CSVLogger(tmp_path)
    module, _ = fitted(
        warmup_cosine(warmup=steps(2)),
        beside=[theirs.LearningRateMonitor("step")],
        logger=logger,
        log_every_n_steps=1,
        accumulate_grad_batches=2,
        max_epochs=3,
    )
    logged = {
        row["step"]: row["lr-AdamW"] for row in logger.experiment.metrics if "lr-AdamW" in row
    }
    table = (tmp_path / "lightning_logs" / "version_0" / "metrics.csv").read_text().splitlines()
    head = table[0].split(",")
    found = {}
    for row in (dict(zip(head, each.split(","), strict=True)) for each in table[1:]):
        if row["lr-AdamW"]:
            found[int(row["step"])] = float(row["lr-AdamW"])
    assert not logged
    assert [found[t] for t in sorted(found)] == module.used
    assert sorted(found) == list(range(6))


# -- 6. one writer


class Returns(Module):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


@promised("Lightning", 6)
def test_a_second_writer_is_refused_at_the_start():
    assert refused(LINE, module=Returns()) == (
        "configure_optimizers returns StepLR, and Passo drives the optimizer by its plan: two "
        "would write one rate; return the optimizer alone, or leave Passo out"
    )
    for other in (theirs.StochasticWeightAveraging(0.1), theirs.BackboneFinetuning()):
        name = type(other).__name__
        assert refused(LINE, beside=[other]) == (
            f"{name} writes the learning rate, and so does Passo; leave {name} out and put what "
            "it does to the rate into the plan, or leave Passo out"
        )


@promised("Lightning", 6)
def test_passo_twice_is_refused_by_the_trainer():
    with pytest.raises(RuntimeError, match="more than one stateful callback of type `Passo`"):
        lightning.Trainer(callbacks=[Passo(LINE), Passo({"weight_decay": 0.1})], **QUIET)


def test_a_field_that_the_optimizer_lacks_is_refused_at_the_start():
    assert "'momentun'" in refused({"momentun": 0.5})


def test_what_no_optimizer_would_take_is_refused_where_it_is_written():
    for wrong in (3j, {}, {"lr": "fast"}):
        with pytest.raises(PassoError):
            Passo(wrong)
    with pytest.raises(PassoError) as caught:
        Passo(LINE, on_chang="keep")
    assert str(caught.value) == (
        "Passo takes plan, run, seek and base, values, on_change, join, strict, record, watch, "
        "carry, as attach does; got 'on_chang'; did you mean 'on_change'?"
    )


def test_the_finder_of_rates_goes_first_and_its_rate_is_the_base():
    class Found(Module):
        def __init__(self):
            super().__init__()
            self.lr = 1e-3

        def configure_optimizers(self):
            return self.watched(torch.optim.AdamW(self.parameters(), lr=self.lr))

    class Second(theirs.LearningRateFinder):
        def on_fit_start(self, trainer, pl_module):
            super().on_fit_start(trainer, pl_module)
            pl_module.used.clear()

    module, _ = fitted(LINE, Found(), beside=[Second(num_training_steps=20)], batches=20)
    assert module.lr != 1e-3
    assert module.used == line(40, module.lr)


# -- 7. a checkpoint without our state


def saved(folder, callbacks, module=None, epochs=2):
    """The path of a checkpoint after so many epochs of 4 batches."""
    trainer = lightning.Trainer(
        max_epochs=epochs, logger=False, enable_checkpointing=False, callbacks=callbacks, **QUIET
    )
    trainer.fit(module or Module(), loader())
    trainer.save_checkpoint(folder / "saved.ckpt")
    return folder / "saved.ckpt"


@promised("Lightning", 7)
def test_a_checkpoint_without_a_state_is_refused_and_seek_goes_on(tmp_path):
    path = saved(tmp_path, [], Returns())
    checkpoint = torch.load(path, weights_only=False)
    checkpoint["lr_schedulers"] = []  # what configure_optimizers returned is taken out
    torch.save(checkpoint, path)
    assert refused(LINE, ckpt_path=path, max_epochs=3) == (
        "the checkpoint that Lightning goes on from is at update 8 and has no state of passo, so "
        "that the plan would begin again; write Passo(plan, seek=8) to go on there, or seek=0 to "
        "begin the plan there on purpose"
    )
    module, _ = fitted(Passo(LINE, seek=8), ckpt_path=path, max_epochs=3)
    assert module.used == line(12)[8:]


# -- 8. several optimizers


class Gan(Module):
    """Two optimizers, stepped by hand; the second one every other batch."""

    def __init__(self, every=1):
        super().__init__()
        self.automatic_optimization = False
        self.every, self.other = every, []

    def training_step(self, batch, index):
        one, two = self.optimizers()
        self.layer(batch[0]).square().mean().backward()
        one.step()
        if index % self.every == 0:
            two.step()
        one.zero_grad()
        two.zero_grad()

    def configure_optimizers(self):
        one = torch.optim.AdamW([self.layer.weight], lr=0.1)
        two = torch.optim.SGD([self.layer.bias], lr=1.0)
        two.register_step_pre_hook(lambda it, *_: self.other.append(it.param_groups[0]["lr"]))
        return [self.watched(one), two]


@promised("Lightning", 8)
def test_one_plan_is_for_all_optimizers():
    module, _ = fitted(LINE, Gan(), given=(Run(steps(8)),))
    assert (module.used, module.other) == (line(8), line(8, 1.0))


@promised("Lightning", 8)
@pytest.mark.parametrize(
    "plans",
    [
        [LINE, base * Linear(1.0, 0.0, steps(4))],
        {"AdamW": LINE, "SGD": base * Linear(1.0, 0.0, steps(4))},
        {"SGD": {"lr": base * Linear(1.0, 0.0, steps(4))}, "AdamW": {"lr": LINE}},
    ],
)
def test_a_plan_for_each_optimizer_has_its_own_pace(plans):
    module = Gan(every=2)
    said(lambda: fitted(plans, module, given=(Run(steps(8)),)))
    assert (module.used, module.other) == (line(8), line(4, 1.0))


@promised("Lightning", 8)
def test_other_plans_than_optimizers_are_refused():
    run = Run(steps(8))
    assert refused([LINE, LINE, LINE], module=Gan(), given=(run,)) == (
        "Passo got plans for 3, and Lightning has 2 optimizers, AdamW, SGD; write "
        "Passo({'AdamW': plan, 'SGD': plan})"
    )
    assert refused(LINE, kind=NeedsRun, module=Gan()) == (
        "the plan Linear(1, 0) * base needs the length of the run, and with manual "
        "optimization Lightning does not know the updates of an optimizer; write "
        "Passo(plan, run=Run(steps(10_000))) with the number of updates"
    )


# -- 9. the end


@promised("Lightning", 9)
def test_a_run_that_was_stopped_is_told_with_the_reason():
    stopper = theirs.EarlyStopping("val_loss", patience=1)
    (text,) = said(lambda: fitted(LINE, validate=True, beside=[stopper], max_epochs=9))
    assert text.startswith(
        "the run ended early (EarlyStopping on 'val_loss'): planned 36 updates, made 8; "
    )

    class Stop(theirs.Callback):
        def on_train_batch_end(self, trainer, *_):
            trainer.should_stop = True

    others = [theirs.EarlyStopping("train_loss"), theirs.Timer()]  # neither of them stops it
    (text,) = said(lambda: fitted(LINE, beside=[Stop(), *others]))
    assert text.startswith("the run ended early (trainer.should_stop was set): planned 8 updates")


@promised("Lightning", 9)
def test_a_run_that_fails_is_told_of_nothing_and_lets_go():
    class Fails(theirs.Callback):
        def on_train_batch_end(self, *_):
            raise RuntimeError("no more")

    def story():
        with pytest.raises(RuntimeError, match="no more"):
            fitted(passo, beside=[Fails()])

    passo = Passo(LINE)
    assert said(story) == []
    assert passo.schedulers == ()
    assert fitted(passo)[0].used == line(8)
    assert after_an_exception(lambda: fitted(LINE, beside=[Fails()])) == []


def test_who_speaks_is_seen_though_lightning_prints_no_category():
    class Stop(theirs.Callback):
        def on_train_batch_end(self, trainer, *_):
            trainer.should_stop = True

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", PassoWarning)
        fitted(LINE, beside=[Stop()])
    (one,) = [each for each in told if issubclass(each.category, PassoWarning)]
    assert one.filename == __file__  # the line that calls the trainer, and none of its own
    shown = warnings.formatwarning(one.message, one.category, one.filename, one.lineno, "")
    assert "PassoWarning" not in shown
    assert "passo: the run ended early" in shown
    elsewhere = warnings.formatwarning("word", PassoWarning, "/train.py", 3, "")
    assert elsewhere == "/train.py:3: PassoWarning: word\n"


def test_a_metric_that_never_came_is_told_at_the_end_in_the_words_of_lightning():
    class Own(Module):
        def on_train_epoch_end(self):
            """What is logged here is not known before."""

    (text,) = said(lambda: fitted(base * Plateau("far"), Own(), max_epochs=2))
    assert text == (
        "Plateau('far') got no metric in 8 updates; it can only reduce the rate when it is told "
        "how training goes; write: self.log('far', ...) in validation_step"
    )


# -- two processes

RANKS = """
import json, sys, warnings
import torch
import lightning
from tests.integrations.test_lightning import Module, Passo, Plateau, QUIET, base, loader
from passo import Linear

warnings.simplefilter("ignore")


class Uneven(Module):
    def validation_step(self, _batch, _index):  # on each rank another value, whose mean is kept
        self.log("val_loss", 0.5 + (1 - 2 * self.global_rank) * self.turn)


plan = base * Linear(1.0, 0.0) * Plateau("val_loss", patience=0, factor=0.5)
trainer = lightning.Trainer(
    max_epochs=3, devices=2, strategy="ddp", logger=False, enable_checkpointing=False,
    callbacks=[Passo(plan)], **QUIET,
)
module = Uneven()
trainer.fit(module, loader(8), loader(2))
print(json.dumps(module.used), file=open(f"{sys.argv[1]}/{trainer.global_rank}.json", "w"))
"""


@promised("Lightning", 1, 3)
def test_two_processes_have_the_same_rates_and_the_mean_of_what_they_saw(tmp_path):
    script = tmp_path / "ranks.py"
    script.write_text(RANKS, "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=environment, check=True, timeout=300, capture_output=True,
    )  # fmt: skip
    one, two = (json.loads((tmp_path / f"{rank}.json").read_text("utf-8")) for rank in (0, 1))
    factors = [1.0] * 8 + [0.5] * 4  # the second report is no better than the first
    assert one == two == [rate * f for rate, f in zip(line(12), factors, strict=True)]


@pytest.mark.parametrize(
    ("given", "got"),
    [(LINE, "Linear(1, 0) * base"), (Passo, "the class Passo"), ("a Scheduler", "a Scheduler")],
)
def test_what_is_no_callback_is_told_to_be_one(given, got):
    if got == "a Scheduler":
        given = attach(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]), base)
    with pytest.raises(PassoError) as caught:
        lightning.Trainer(callbacks=[given], max_epochs=1, logger=False, **QUIET).fit(
            Module(), loader()
        )
    assert str(caught.value) == (
        f"Lightning wants a callback, got {got}; write callbacks=[Passo(plan)], with Passo from "
        "passo.integrations.lightning"
    )
    assert Passo(LINE).state_key == "passo"
