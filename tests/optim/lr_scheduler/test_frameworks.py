"""Trainers that drive torch's schedulers drive ours to the same rates."""

from __future__ import annotations

import logging

import pytest
import torch

from tests.optim.lr_scheduler.twins import LIBRARIES
from tests.optim.tools import weight

pytestmark = pytest.mark.filterwarnings("ignore")


def by_accelerate(library):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    optimizer = torch.optim.AdamW([weight(3)], lr=0.1)
    parts = [library.LinearLR(optimizer, 0.1, 1.0, 5), library.CosineAnnealingLR(optimizer, 15)]
    scheduler = library.SequentialLR(optimizer, parts, [5])
    optimizer, scheduler = accelerator.prepare(optimizer, scheduler)
    model = torch.nn.Linear(1, 1)
    used = []
    for _ in range(40):
        with accelerator.accumulate(model):
            for group in optimizer.param_groups:
                accelerator.backward(group["params"][0].sum())
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        used.append(scheduler.get_last_lr()[0])
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
    accelerate.state.GradientState._reset_state()
    return used


def by_lightning(library):
    lightning = pytest.importorskip("lightning")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.linear, self.used = torch.nn.Linear(4, 1), []

        def training_step(self, batch, _):
            self.used.append(self.optimizers().param_groups[0]["lr"])
            loss = self.linear(batch[0]).pow(2).mean()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
            cycle = library.OneCycleLR(optimizer, 0.1, total_steps=40)
            plateau = library.ReduceLROnPlateau(optimizer, patience=0)
            return [optimizer], [
                {"scheduler": cycle, "interval": "step"},
                {"scheduler": plateau, "monitor": "loss"},
            ]

    torch.manual_seed(0)
    model = Model()
    data = torch.utils.data.TensorDataset(torch.randn(40, 4))
    trainer = lightning.Trainer(
        max_epochs=4,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.fit(model, torch.utils.data.DataLoader(data, batch_size=4))
    return model.used


@pytest.mark.parametrize("trained", [by_accelerate, by_lightning])
def test_a_trainer_gets_the_same_rates_from_both(trained):
    theirs, mine = map(trained, LIBRARIES)
    assert len(mine) == 40
    assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-13)
