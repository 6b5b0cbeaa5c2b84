"""What the doctor advises in the words of a trainer: the loop of the corpus, as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from passo.doctor.finding import Finding
from tests.advice.table import Table, Text, Told
from tests.corpus.loops import LOOPS, at

tried = Table()


def source(loop: str) -> str:
    """A wrong loop."""
    return LOOPS[f"wrong/{loop}"].read_text("utf-8")


def found(code: str) -> list[Finding]:
    """What the doctor finds in a script."""
    path = Path("train.py").absolute()
    path.write_text(code, "utf-8")
    return at(path)


def advised(told: Told, loop: str, code: str) -> Text:
    """What is to be written instead."""
    (finding,) = found(source(loop))
    assert finding.code == code
    return told.of(finding.write)


def mended(loop: str, old: str, new: str) -> bool:
    """Whether nothing is found in the loop with this instead of that."""
    assert old in source(loop)
    assert found(source(loop).replace(old, new)) == []
    return True


@tried('"interval": "epoch" beside the scheduler in configure_optimizers')
def lightning_advances_once_an_epoch(told: Told) -> None:
    pytest.importorskip("lightning")
    loop = "lightning_epochs_at_interval_step"
    code = advised(told, loop, "P021").quoted(r'^("interval": "epoch")')
    assert mended(loop, '"interval": "step"', code)


@tried('"interval": "step" beside the scheduler in configure_optimizers')
def lightning_advances_after_each_update(told: Told) -> None:
    pytest.importorskip("lightning")
    loop = "lightning_updates_at_interval_epoch"
    code = advised(told, loop, "P004").quoted(r'^("interval": "step")')
    config = f'{{"optimizer": optimizer, "lr_scheduler": {{"scheduler": scheduler, {code}}}}}'
    assert mended(loop, "[optimizer], [scheduler]", config)


@tried("lr_scheduler_type= without a scheduler in optimizers=, for which Trainer counts")
def transformers_counts_by_itself(told: Told) -> None:
    pytest.importorskip("transformers")
    loop = "transformers_trainer_counted_in_epochs"
    text = advised(told, loop, "P021")
    name = text.quoted(r"^(lr_scheduler_type=)")
    given = source(loop).replace("use_cpu=True", f'use_cpu=True, {name}"cosine"')
    assert found(given.replace(", optimizers=(optimizer, scheduler)", "")) == []
    assert mended(loop, "T_max=args.num_train_epochs", text.quoted(r"(T_max=\d+)"))


@tried('LRScheduler(..., step_every="epoch")')
def skorch_advances_once_an_epoch(told: Told) -> None:
    pytest.importorskip("skorch")
    loop = "skorch_epochs_at_each_batch"
    code = advised(told, loop, "P021").quoted(r'^LRScheduler\(\.\.\., (step_every="epoch")\)')
    assert mended(loop, 'step_every="batch"', code)


@tried('LRScheduler(..., step_every="batch")')
def skorch_advances_after_each_update(told: Told) -> None:
    pytest.importorskip("skorch")
    loop = "skorch_epochs_at_each_batch"
    longer = source(loop).replace("T_max=EPOCHS", "T_max=240")
    (finding,) = found(longer.replace('step_every="batch"', 'step_every="epoch"'))
    assert finding.code == "P004"
    code = told.of(finding.write).quoted(r'^LRScheduler\(\.\.\., (step_every="batch")\)')
    assert found(longer.replace('step_every="batch"', code)) == []


@tried("its step() in after_epoch")
def fastai_advances_once_an_epoch(told: Told) -> None:
    pytest.importorskip("fastai")
    loop = "fastai_epochs_at_each_batch"
    event = advised(told, loop, "P021").quoted(r"^its step\(\) in (\w+)")
    code = source(loop).replace(
        "        if self.training:\n            self.cos", "        self.cos"
    )
    assert found(code.replace("def after_batch", f"def {event}")) == []


@tried("its step() in after_batch, where self.training is True")
def fastai_advances_after_each_update(told: Told) -> None:
    pytest.importorskip("fastai")
    loop = "fastai_epochs_at_each_batch"
    longer = source(loop).replace("T_max=EPOCHS", "T_max=240")
    once = longer.replace("        if self.training:\n            self.cos", "        self.cos")
    (finding,) = found(once.replace("def after_batch", "def after_epoch"))
    assert finding.code == "P004"
    text = told.of(finding.write)
    event, flag = text.quoted(r"in (\w+), where"), text.quoted(r"where (self\.training) is True")
    assert f"def {event}" in longer
    assert f"if {flag}:" in longer
    assert found(longer) == []


@tried("a handler at Events.EPOCH_COMPLETED")
def ignite_advances_once_an_epoch(told: Told) -> None:
    pytest.importorskip("ignite")
    loop = "ignite_epochs_at_each_iteration"
    event = advised(told, loop, "P021").quoted(r"at (Events\.\w+)")
    assert mended(loop, "Events.ITERATION_COMPLETED", event)


@tried("a handler at Events.ITERATION_COMPLETED")
def ignite_advances_after_each_update(told: Told) -> None:
    pytest.importorskip("ignite")
    loop = "ignite_updates_at_each_epoch"
    event = advised(told, loop, "P004").quoted(r"at (Events\.\w+)")
    assert mended(loop, "Events.EPOCH_COMPLETED", event)
