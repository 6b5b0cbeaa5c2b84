"""A run that a `break`, or a trainer, ended early is not blamed for what was to come."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import warnings

import pytest

from passo.doctor.command import findings
from passo.doctor.run import run_script

LOOP = """\
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300)
step = bad = 0
for epoch in range(30):
    for batch in range(10):
        weight.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
        step += 1
    bad = bad + 1 if epoch > 4 else 0
    if {test}:
        break
"""


@pytest.mark.parametrize(
    ("test", "codes"),
    [
        ("bad > 5", []),
        ("epoch - 3 > 5", []),
        ("epoch >= 5 and bad > 3", []),
        ("step >= 100", ["P007"]),
        ("epoch == 9", ["P007"]),
        ("bad > 1000", []),
    ],
)
def test_only_a_count_of_updates_or_epochs_is_a_budget(tmp_path, test, codes):
    script = tmp_path / "train.py"
    script.write_text(LOOP.format(test=test), "utf-8")
    assert [each.code for each in findings(run_script(str(script)))] == codes


TRAINER = """\
import lightning, torch, warnings
from torch.utils.data import DataLoader, TensorDataset
warnings.simplefilter("ignore")
class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(2, 1)
        self.automatic_optimization = {automatic}
    def training_step(self, batch, index):
        loss = self.net(batch[0]).square().mean()
        if not self.automatic_optimization:
            optimizer = self.optimizers()
            self.manual_backward(loss)
            optimizer.step()
            self.lr_schedulers().step()
        return loss
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)
        return [optimizer], [dict(scheduler=scheduler, interval="step")]
    def on_train_batch_end(self, outputs, batch, index):
        if self.global_step == {stop}:
            self.trainer.should_stop = True
trainer = lightning.Trainer(
    {limit}, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(Module(), DataLoader(TensorDataset(torch.ones(40, 2)), batch_size=4))
"""


@pytest.mark.skipif(not importlib.util.find_spec("lightning"), reason="lightning is not installed")
@pytest.mark.parametrize(
    ("limit", "stop", "automatic", "codes"),
    [
        ("max_steps=30", None, True, ["P007"]),
        ("max_steps=30", None, False, ["P007"]),
        ("max_epochs=4", None, True, ["P007"]),
        ("max_epochs=10", 30, True, []),
        ("max_epochs=10", 30, False, []),
    ],
)
def test_a_trainer_that_stopped_early_is_told_from_one_with_a_limit(
    tmp_path, limit, stop, automatic, codes
):
    script = tmp_path / "train.py"
    text = TRAINER.format(limit=limit, stop=stop, automatic=automatic)
    script.write_text(text, "utf-8")
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [each.code for each in findings(run_script(str(script)))] == codes
