"""ignite needs no file of ours: its handlers may count beside the plan, and change nothing."""

from __future__ import annotations

import pytest
import torch

from passo import PassoError, Plateau, Run, attach, percent, warmup_cosine
from tests.integrations.promises import promised
from tests.optim.tools import said

pytest.importorskip("ignite", reason="ignite is not installed")
from ignite.engine import Engine, Events
from ignite.handlers import (
    Checkpoint,
    CosineAnnealingScheduler,
    DiskSaver,
    EarlyStopping,
    FastaiLRFinder,
    LRScheduler,
)
from ignite.handlers.base_logger import BaseOptimizerParamsHandler

BATCHES, EPOCHS, LR = 6, 4, 0.1
PLAN = warmup_cosine(warmup=percent(20)) * Plateau("val_loss", patience=0)
LOSSES = (1.0, 0.5, 0.7, 0.2)


class Job:
    """A trainer and an evaluator, as ignite's pages have them, and what each update used."""

    def __init__(self, plan=PLAN, accumulate=1, **options):
        torch.manual_seed(0)
        self.model = torch.nn.Linear(3, 1)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LR)
        self.data = torch.randn(BATCHES, 4, 3)
        self.accumulate, self.used, self.scheduler = accumulate, [], None
        self.run = Run.of(BATCHES, epochs=EPOCHS, accumulate=accumulate)
        self.trainer, self.evaluator = Engine(self.step), Engine(lambda _engine, batch: batch)
        self.optimizer.register_step_pre_hook(
            lambda optimizer, *_: self.used.append(optimizer.param_groups[0]["lr"])
        )
        self.trainer.add_event_handler(Events.EPOCH_COMPLETED, self.validate)
        if plan is not None:
            self.attach(plan, **options)
        self.evaluator.add_event_handler(Events.COMPLETED, self.report)

    def attach(self, plan=PLAN, **options):
        self.scheduler = attach(self.optimizer, plan, self.run, **options)

    def step(self, engine, batch):
        (self.model(batch).square().mean() / self.accumulate).backward()
        place = (engine.state.iteration - 1) % BATCHES + 1
        if place % self.accumulate == 0 or place == BATCHES:
            self.optimizer.step()
            self.optimizer.zero_grad()

    def validate(self, engine):
        self.evaluator.run([LOSSES[engine.state.epoch - 1]])

    def report(self, engine):
        if self.scheduler is not None and self.scheduler.attached:
            self.scheduler.report(val_loss=engine.state.output)

    def go(self, epochs=EPOCHS, **settings):
        self.trainer.run(self.data, max_epochs=epochs, **settings)

    def saver(self, folder):
        objects = {"trainer": self.trainer, "model": self.model, "optimizer": self.optimizer}
        disk = DiskSaver(str(folder), create_dir=True, require_empty=False)
        return objects, Checkpoint(objects, disk, n_saved=None)


def planned(run):
    each = run.updates // EPOCHS
    told = [(each * (k + 1), {"val_loss": loss}) for k, loss in enumerate(LOSSES)]
    curve = PLAN.on(run).with_base(LR).with_reports(told)
    return [curve(t) for t in range(run.updates)]


@promised("ignite", 1, 3)
@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize(
    "handled",
    [None, Events.ITERATION_STARTED, Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED],
)
def test_each_update_uses_the_rate_of_the_plan_whatever_ignites_handler_counts(accumulate, handled):
    job = Job(accumulate=accumulate)
    if handled is not None:
        job.trainer.add_event_handler(handled, LRScheduler(job.scheduler))
    assert said(job.go) == []
    assert job.used == planned(job.run)


@promised("ignite", 4)
@pytest.mark.parametrize("order", ["load then attach", "attach then load"])
def test_a_run_goes_on_from_ignites_checkpoint(tmp_path, order):
    whole = Job()
    _, keep = whole.saver(tmp_path)
    whole.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=2), keep)
    whole.go()
    late = order == "load then attach"
    rest = Job(plan=None if late else PLAN)
    objects, _ = rest.saver(tmp_path)
    (path,) = tmp_path.glob("*.pt")
    Checkpoint.load_objects(objects, torch.load(path, weights_only=True))
    if late:
        rest.attach()
    rest.go()
    assert rest.used == whole.used[12:]
    assert torch.equal(rest.model.weight, whole.model.weight)


@promised("ignite", 4)
@pytest.mark.parametrize("at", [3, 9, 14, 20])
@pytest.mark.parametrize("accumulate", [1, 4])
def test_a_run_goes_on_from_ignites_checkpoint_in_mid_epoch(tmp_path, at, accumulate):
    whole = Job(accumulate=accumulate)
    _, keep = whole.saver(tmp_path)
    made = []
    whole.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=at), keep)
    whole.trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=at), lambda: made.append(len(whole.used))
    )
    assert said(whole.go) == []
    rest = Job(accumulate=accumulate)
    objects, _ = rest.saver(tmp_path)
    (path,) = tmp_path.glob("*.pt")
    Checkpoint.load_objects(objects, torch.load(path, weights_only=True))
    assert said(rest.go) == []
    assert rest.used == whole.used[made[0] :] == planned(whole.run)[made[0] :]


@promised("ignite", 4)
def test_the_scheduler_in_the_checkpoint_through_ignites_handler_goes_on_too(tmp_path):
    whole = Job()
    handler = LRScheduler(whole.scheduler)
    whole.trainer.add_event_handler(Events.ITERATION_STARTED, handler)
    states = []
    whole.trainer.add_event_handler(
        Events.EPOCH_COMPLETED(once=2),
        lambda: states.append((handler.state_dict(), whole.model.state_dict().copy())),
    )
    whole.go()
    rest = Job()
    again = LRScheduler(rest.scheduler)
    again.load_state_dict(states[0][0])
    assert rest.scheduler.clock == 12
    assert rest.optimizer.param_groups[0]["lr"] == whole.used[12]


@promised("ignite", 5)
def test_a_logger_of_ignite_at_the_start_of_an_iteration_has_the_rate_that_is_used():
    class Params(BaseOptimizerParamsHandler):
        def __call__(self, _engine, _logger, _event):
            seen.append([float(group[self.param_name]) for group in self.optimizer.param_groups])

    job, seen = Job(), []
    told = Params(job.optimizer)
    job.trainer.add_event_handler(Events.ITERATION_STARTED, told, None, Events.ITERATION_STARTED)
    job.go()
    assert seen == [[rate] for rate in job.used]


def test_a_schedule_of_ignite_beside_the_plan_is_told_once_and_with_strict_refused():
    def beside(**options):
        job = Job(**options)
        other = CosineAnnealingScheduler(job.optimizer, "lr", 0.5, 0.0, 24)
        job.trainer.add_event_handler(Events.ITERATION_STARTED, other)
        return job

    first, second = said(lambda: beside().go(2))
    assert first.startswith("another hand writes lr of param group 0: update 0 used 0.5")
    assert second.startswith("the run ended early")  # two epochs of four
    with pytest.raises(PassoError, match="another hand"):
        beside(strict=True).go(2)


def test_a_checkpoint_without_a_state_of_passo_is_told_with_the_update_to_seek(tmp_path):
    before = Job(plan=None)
    _, keep = before.saver(tmp_path)
    before.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=2), keep)
    before.go()
    (path,) = tmp_path.glob("*.pt")

    def gone_on(update=None):
        job = Job()
        objects, _ = job.saver(tmp_path)
        Checkpoint.load_objects(objects, torch.load(path, weights_only=True))
        if update is not None:
            job.scheduler.seek(update)
        told.append(said(job.go))
        return job

    told = []
    gone_on()
    job = gone_on(12)
    assert "seek(12)" in told[0][0]
    assert told[1] == []
    assert job.used[0] == PLAN.on(job.run).with_base(LR)(12)


@promised("ignite", 8)
def test_several_optimizers_of_one_engine_have_one_plan():
    layers = [torch.nn.Linear(3, 1) for _ in range(2)]
    made = [torch.optim.SGD(layers[0].parameters(), lr=LR)]
    made.append(torch.optim.AdamW(layers[1].parameters(), lr=LR / 10))
    run = Run.of(BATCHES, epochs=2)
    attach(made, warmup_cosine(), run)
    used = []

    def step(_engine, batch):
        used.append([each.param_groups[0]["lr"] for each in made])
        for layer, optimizer in zip(layers, made, strict=True):
            optimizer.zero_grad()
            layer(batch).square().mean().backward()
            optimizer.step()

    assert said(lambda: Engine(step).run(torch.randn(BATCHES, 4, 3), max_epochs=2)) == []
    curves = [warmup_cosine().on(run).with_base(each) for each in (LR, LR / 10)]
    assert used == [[curve(t) for curve in curves] for t in range(run.updates)]


@promised("ignite", 9)
def test_a_run_that_early_stopping_ended_is_told_with_that_reason():
    job = Job()
    stopper = EarlyStopping(1, lambda engine: -engine.state.output, job.trainer)
    job.evaluator.add_event_handler(Events.COMPLETED, stopper)
    job.trainer.add_event_handler(
        Events.TERMINATE, lambda: job.scheduler.detach(because="EarlyStopping on val_loss")
    )
    (told,) = said(job.go)
    assert "planned 24 updates, made 18" in told
    assert "EarlyStopping on val_loss" in told


@pytest.mark.parametrize("mode", ["exp", "linear"])
def test_a_range_test_of_ignite_leaves_no_second_writer(mode):
    """Its scheduler lives as long as the finder, and nobody steps it after the test."""
    job, finder = Job(plan=None), FastaiLRFinder()
    job.trainer, trains = Engine(lambda *given: job.step(*given) or 1.0), job.trainer
    keep = {"model": job.model, "optimizer": job.optimizer}
    with finder.attach(job.trainer, keep, step_mode=mode, num_iter=4, diverge_th=1.1) as probe:
        probe.run(job.data, max_epochs=1)
    job.trainer, job.used = trains, []
    assert said(job.attach) == []
    assert said(lambda: job.trainer.run(job.data, max_epochs=EPOCHS)) == []
    alone = Job()
    alone.trainer.run(alone.data, max_epochs=EPOCHS)
    assert job.used == alone.used
