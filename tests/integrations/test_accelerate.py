"""accelerate needs no file of ours: the optimizer is the clock, and has the state (issue 16)."""

from __future__ import annotations

import pytest
import torch

from passo import Plateau, Run, attach, attached, percent, warmup_cosine
from tests.integrations.promises import promised
from tests.optim.tools import on_ranks, said

accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")

BATCHES, EPOCHS, LR = 7, 4, 0.1
PLAN = warmup_cosine(warmup=percent(20)) * Plateau("val_loss", patience=0)
LOSSES = (1.0, 0.5, 0.7, 0.2)


@pytest.fixture(autouse=True)
def alone():
    yield
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
    accelerate.state.GradientState._reset_state()


class Job:
    """A loop as accelerate's pages have it, and what each update of it used."""

    def __init__(self, accumulate=1, plan=PLAN, kind=torch.optim.AdamW, **options):
        self.accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        data = torch.utils.data.TensorDataset(torch.randn(4 * BATCHES, 3))
        loader = torch.utils.data.DataLoader(data, batch_size=4)
        self.inner = kind(model.parameters(), lr=LR)
        self.model, self.optimizer, self.loader = self.accelerator.prepare(
            model, self.inner, loader
        )
        self.run = Run.of(len(self.loader), epochs=EPOCHS, accumulate=accumulate)
        if plan is not None:
            self.scheduler = attach(self.optimizer, plan, self.run, **options)
        self.used = []
        self.inner.register_step_pre_hook(
            lambda optimizer, *_: self.used.append(optimizer.param_groups[0]["lr"])
        )

    def train(self, begin=0, end=EPOCHS, at=0):
        for epoch in range(begin, end):
            batches = self.accelerator.skip_first_batches(self.loader, at) if at else self.loader
            at = 0
            for batch in batches:
                self.update(batch[0])
            self.scheduler.report(val_loss=LOSSES[epoch])

    def update(self, batch):
        with self.accelerator.accumulate(self.model):
            self.accelerator.backward(self.model(batch).square().mean())
            self.optimizer.step()
            self.optimizer.zero_grad()

    def batches(self, count):
        for batch, _ in zip(self.loader, range(count), strict=False):
            self.update(batch[0])


def heard(plan, run, times=None):
    """The plan, having heard the losses at the ends of the epochs."""
    each = run.updates // EPOCHS
    told = [(each * (k + 1), {"val_loss": loss}) for k, loss in enumerate(LOSSES)]
    return plan.on(run).with_base(LR).with_reports(told[:times])


@promised("accelerate", 1, 3)
@pytest.mark.parametrize("accumulate", [1, 3])
def test_each_update_uses_the_rate_of_the_plan_with_a_ragged_window_too(accumulate):
    job = Job(accumulate)
    assert said(job.train) == []
    assert job.used == [heard(PLAN, job.run)(t) for t in range(job.run.updates)]


@promised("accelerate", 4)
@pytest.mark.parametrize("order", ["load then attach", "attach then load"])
def test_a_run_goes_on_from_save_state_in_mid_epoch_with_nothing_registered(tmp_path, order):
    whole = Job()
    whole.train()
    part = Job()
    part.train(0, 1)
    part.batches(3)
    part.accelerator.save_state(str(tmp_path))
    late = order == "load then attach"
    rest = Job(plan=None if late else PLAN)
    rest.accelerator.load_state(str(tmp_path))
    if late:
        rest.scheduler = attach(rest.optimizer, PLAN, rest.run)
    assert said(lambda: rest.train(1, EPOCHS, at=3)) == []
    assert part.used + rest.used == whole.used
    assert torch.equal(rest.model.weight, whole.model.weight)


@promised("accelerate", 5)
def test_get_last_lr_of_what_prepare_makes_of_it_is_what_was_used():
    job = Job(last_lr="used")
    prepared = job.accelerator.prepare(job.scheduler)
    seen = []
    for batch in job.loader:
        job.update(batch[0])
        seen.append(prepared.get_last_lr()[0])
        prepared.step()
    assert seen == job.used
    assert job.scheduler.clock == BATCHES


def test_a_prepared_scheduler_of_torch_beside_it_is_told_once():
    job = Job()
    native = torch.optim.lr_scheduler.StepLR(job.inner, 2)
    prepared = job.accelerator.prepare(native)

    def story():
        for batch in job.loader:
            job.update(batch[0])
            prepared.step()

    (told,) = said(story)
    assert told.startswith("another hand writes lr of param group 0: update 2 used")


def test_a_checkpoint_without_a_state_of_passo_is_told_with_the_update_to_seek(tmp_path):
    before = Job(plan=None)
    before.batches(5)
    before.accelerator.save_state(str(tmp_path))
    job = Job()
    job.accelerator.load_state(str(tmp_path))
    (told,) = said(lambda: job.batches(1))
    assert "scheduler.seek(5)" in told
    again = Job()
    again.accelerator.load_state(str(tmp_path))
    again.scheduler.seek(5)
    assert said(lambda: again.batches(1)) == []
    assert again.used == [PLAN.on(job.run).with_base(LR)(5)]


@promised("accelerate", 8)
def test_several_prepared_optimizers_have_one_plan():
    accelerator = accelerate.Accelerator(cpu=True)
    layers = [torch.nn.Linear(2, 1) for _ in range(2)]
    made = [torch.optim.SGD(layers[0].parameters(), lr=LR)]
    made.append(torch.optim.AdamW(layers[1].parameters(), lr=LR / 10))
    both = accelerator.prepare(*made)
    run = Run.of(BATCHES, epochs=1)
    scheduler = attach({"sgd": both[0], "adamw": both[1]}, warmup_cosine(), run)
    used = []
    for _ in range(BATCHES):
        used.append([each.param_groups[0]["lr"] for each in made])
        for layer, optimizer in zip(layers, both, strict=True):
            accelerator.backward(layer(torch.ones(1, 2)).sum())
            optimizer.step()
            optimizer.zero_grad()
    curves = [warmup_cosine().on(run).with_base(each) for each in (LR, LR / 10)]
    assert used == [[curve(t) for curve in curves] for t in range(BATCHES)]
    assert attached(both[0]) == (scheduler,)


@promised("accelerate", 9)
def test_a_run_that_the_script_stops_is_told_with_its_reason():
    job = Job()
    job.train(0, 1)
    (told,) = said(lambda: job.scheduler.detach(because="patience ran out"))
    assert "planned 28 updates, made 7" in told
    assert "patience ran out" in told


IN_TWO = """
import os, warnings
os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size))
os.environ.update(LOCAL_WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT="29500")
import accelerate
from pathlib import Path
from passo import Plateau, Run, attach, base, one_cycle

warnings.filterwarnings("ignore", category=FutureWarning)
EPOCHS = 3

def job(split, plan, with_prepared=True):
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
    accelerate.state.GradientState._reset_state()
    config = accelerate.utils.DataLoaderConfiguration(split_batches=split)
    accelerator = accelerate.Accelerator(cpu=True, dataloader_config=config)
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    data = torch.utils.data.TensorDataset(torch.randn(40, 3))
    loader = torch.utils.data.DataLoader(data, batch_size=4)
    inner = torch.optim.AdamW(model.parameters(), lr=0.1)
    model, optimizer, loader = accelerator.prepare(model, inner, loader)
    scheduler = attach(optimizer, plan, Run.of(len(loader), epochs=EPOCHS))
    used = []
    inner.register_step_pre_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
    prepared = accelerator.prepare(scheduler) if with_prepared else None

    def train(begin, end):
        for epoch in range(begin, end):
            for (batch,) in loader:
                accelerator.backward(model(batch).square().mean())
                optimizer.step()
                if prepared is not None:
                    prepared.step()
                optimizer.zero_grad()
            scheduler.report(val_loss=1.0 + (rank + 1) * epoch)

    return accelerator, train, used, scheduler

plan = one_cycle() * Plateau("val_loss", patience=0, factor=0.5)
"""
STEPS = """
accelerator, train, used, scheduler = job(SPLIT, plan)
train(0, EPOCHS)
run = scheduler.run
each = run.updates // EPOCHS
told = [(each * (k + 1), {"val_loss": 1.0 + 1.5 * k}) for k in range(EPOCHS)]
curve = plan.on(run).with_base(0.1).with_reports(told)
print(accelerator.num_processes, run.updates, used == [curve(t) for t in range(run.updates)])
"""
RESUME = """
folder = Path(FOLDER)
whole = job(False, plan)
whole[1](0, EPOCHS)
part = job(False, plan, with_prepared=False)
part[1](0, 2)
part[0].save_state(str(folder))
rest = job(False, plan, with_prepared=False)
rest[0].load_state(str(folder))
rest[1](2, EPOCHS)
print(len(whole[2]), part[2] + rest[2] == whole[2])
"""


@promised("accelerate", 1, 3, 4)
def test_two_processes_use_the_rates_of_the_plan_whatever_they_step_and_resume(tmp_path):
    stories = {
        "whole batches": IN_TWO + STEPS.replace("SPLIT", "False"),
        "split batches": IN_TWO + STEPS.replace("SPLIT", "True"),
        "resumed": IN_TWO + RESUME.replace("FOLDER", repr(str(tmp_path))),
    }
    assert on_ranks(stories, 2) == {
        "whole batches": [["2 15 True"]] * 2,
        "split batches": [["2 30 True"]] * 2,
        "resumed": [["15 True"]] * 2,
    }
