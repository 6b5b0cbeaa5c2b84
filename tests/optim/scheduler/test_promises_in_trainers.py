"""What a Scheduler says under Lightning and transformers, as they are (issue 13)."""

from __future__ import annotations

import os

import pytest
import torch

from passo import Plateau, Run, attach, base, warmup_cosine
from tests.integrations.tools import said

pytestmark = pytest.mark.filterwarnings("ignore")  # they warn about cores, loggers, themselves
BATCHES, EPOCHS = 5, 4
RUN = Run.of(BATCHES, epochs=EPOCHS)


def data():
    return torch.utils.data.TensorDataset(torch.ones(4 * BATCHES, 3))


def fitted(plan, *, epochs=EPOCHS, callbacks=(), **named):
    """A fit by Lightning, of which nothing is left afterwards."""
    lightning = pytest.importorskip("lightning", reason="lightning is not installed")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def training_step(self, batch, _index):
            return self.layer(batch[0]).square().mean()

        def configure_optimizers(self):
            optimizer = torch.optim.AdamW(self.parameters(), lr=0.1)
            scheduler = attach(optimizer, plan, RUN)
            return [optimizer], [{"scheduler": scheduler, **named}]

    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
    )
    trainer.fit(Module(), torch.utils.data.DataLoader(data(), batch_size=4))


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_a_right_fit_is_silent(interval):
    assert said(lambda: fitted(warmup_cosine(), interval=interval)) == []


def test_a_fit_that_ends_early_says_so_when_all_of_it_is_gone():
    (text,) = said(lambda: fitted(warmup_cosine(), epochs=2))
    assert text.startswith("the run ended early: planned 20 updates, made 10;")


def test_a_plateau_that_the_trainer_only_steps_was_never_told():
    (text,) = said(lambda: fitted(base * Plateau("val_loss"), interval="epoch"))
    assert text.startswith("Plateau('val_loss') got no metric in 20 updates; it can only")


def test_averaging_by_the_trainer_is_another_hand():
    callbacks = pytest.importorskip("lightning.pytorch.callbacks", reason="no lightning")
    averaging = callbacks.StochasticWeightAveraging(0.05, swa_epoch_start=2, annealing_epochs=1)
    (text,) = said(lambda: fitted(base, callbacks=[averaging], interval="epoch"))
    assert text.startswith("another hand writes lr of param group 0: update ")


def trained(folder, *, plan, beside=False):
    """The Trainer of transformers with our optimizer, and with its own decay where `beside`."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    library = pytest.importorskip("transformers", reason="transformers is not installed")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def forward(self, x):
            return {"loss": self.layer(x).square().mean()}

    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = attach(optimizer, plan, RUN)
    settings = library.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=4,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
        logging_strategy="no",
    )
    library.Trainer(
        model=model,
        args=settings,
        train_dataset=[{"x": each} for (each,) in data()],
        optimizers=(optimizer, None if beside else scheduler),
    ).train()


def test_a_right_trainer_is_silent(tmp_path):
    assert said(lambda: trained(tmp_path, plan=warmup_cosine())) == []


def test_the_trainers_own_decay_beside_the_plan_is_another_hand(tmp_path):
    (text,) = said(lambda: trained(tmp_path, plan=base, beside=True))
    assert text.startswith("another hand writes lr of param group 0: update 1 used 0.095, and")


def test_a_plateau_of_the_plan_is_not_told_by_the_trainer(tmp_path):
    (text,) = said(lambda: trained(tmp_path, plan=base * Plateau("eval_loss")))
    assert text.startswith("Plateau('eval_loss') got no metric in 20 updates; it can only")
