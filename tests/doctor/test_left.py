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


# An exception that the script itself catches ends a loop as a `break` does.
RAISED = """\
import contextlib, torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.{scheduler}
def updates(number=10):
    for batch in range(number):
        weight.grad = torch.ones(2)
        optimizer.step()
def fit():
{loop}
{call}
"""
IN_EPOCHS = """\
    for epoch in range(30):
        updates()
        if epoch == {last}:
            raise {error}
        scheduler.step({metric})
"""
CAUGHT = """\
try:
    fit()
except {error}:
    print("what there is is saved")
"""
SUPPRESSED = """\
with contextlib.suppress({error}):
    fit()
"""
BY_A_LIBRARY = """\
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    print(pool.submit(fit).exception())
"""
OF_A_LENGTH = "CosineAnnealingLR(optimizer, 30)"
PLATEAU = "ReduceLROnPlateau(optimizer)"
ENDLESS = "    epoch = -1\n    while True:\n        epoch += 1"
IN_UPDATES = "CosineAnnealingLR(optimizer, 60)"  # as long as the updates that were made: P004


def raised(call=CAUGHT, scheduler=OF_A_LENGTH, error="KeyboardInterrupt", last=5, metric=""):
    loop = IN_EPOCHS.format(last=last, error=error, metric=metric)
    return RAISED.format(scheduler=scheduler, loop=loop, call=call.format(error=error))


@pytest.mark.parametrize(
    "script",
    [
        raised(),
        raised(scheduler=IN_UPDATES),
        raised(scheduler=PLATEAU, metric="1.0", last=0),
        raised(error="RuntimeError"),
        raised(SUPPRESSED, error="ValueError"),
        raised(BY_A_LIBRARY, error="RuntimeError"),
        raised().replace(
            "for epoch in range(30):", "epoch = -1\n    while True:\n        epoch += 1"
        ),
    ],
    ids=["interrupt", "in updates", "plateau", "error", "suppressed", "library", "endless"],
)
def test_a_loop_that_an_exception_left_is_not_blamed_for_what_was_to_come(tmp_path, script):
    assert codes_of(tmp_path, script) == []


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        (raised(last=1000).replace("range(30)", "range(20)"), ["P007"]),
        (
            raised(last=1000, scheduler=IN_UPDATES.replace("60", "200")).replace("30", "20"),
            ["P004"],
        ),
        (
            raised(last=1000, metric="1.0", scheduler=PLATEAU).replace("scheduler.step(1.0)", ""),
            ["P011"],
        ),
        (raised("fit()\n").replace("raise KeyboardInterrupt", "pass"), []),
    ],
    ids=["short", "in updates", "plateau", "whole"],
)
def test_a_loop_that_came_to_its_end_within_a_try_is_looked_at(tmp_path, script, codes):
    assert codes_of(tmp_path, script) == codes


def codes_of(folder, text):
    script = folder / "train.py"
    script.write_text(text, "utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        return [each.code for each in findings(run_script(str(script)))]


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
