"""accelerate and Lightning, as they are: their loops use the plan's rates, whatever they call."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from passo import Plateau, Run, attach, base, one_cycle, warmup_cosine
from tests.optim.tools import values

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # they warn about cores, loggers, themselves
    pytest.mark.filterwarnings("error::passo.ground.errors.PassoWarning"),
]
BATCHES, EPOCHS = 10, 3


def loader():
    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(torch.randn(4 * BATCHES, 3))
    return torch.utils.data.DataLoader(data, batch_size=4)


def watched(optimizer):
    """A list that fills with the rate of each real update."""
    found = []
    optimizer.register_step_pre_hook(lambda opt, *_: found.append(opt.param_groups[0]["lr"]))
    return found


# -- accelerate


@pytest.fixture
def accelerate():
    found = pytest.importorskip("accelerate", reason="accelerate is not installed")
    yield found
    found.state.AcceleratorState._reset_state(reset_partial_state=True)
    found.state.GradientState._reset_state()


def trained(accelerator, model, optimizer, batches, scheduler):
    for _ in range(EPOCHS):
        for (batch,) in batches:
            with accelerator.accumulate(model):
                accelerator.backward(model(batch).square().mean())
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
                optimizer.zero_grad()


@pytest.mark.parametrize("when", ["before prepare", "after prepare", "and prepared too", "unnamed"])
@pytest.mark.parametrize("accumulate", [1, 4])
def test_accelerate_uses_the_rates_of_the_plan(accelerate, when, accumulate):
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    run = Run.of(BATCHES, epochs=EPOCHS, accumulate=accumulate)
    model, batches = torch.nn.Linear(3, 1), loader()
    raw = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = None
    if when != "after prepare":
        scheduler = attach(raw, warmup_cosine(), run)
    model, optimizer, batches = accelerator.prepare(model, raw, batches)
    if when == "after prepare":
        scheduler = attach(optimizer, warmup_cosine(), run)
    driven = scheduler
    if when == "and prepared too":
        scheduler = accelerator.prepare(scheduler)
    found = watched(raw)
    trained(accelerator, model, optimizer, batches, None if when == "unnamed" else scheduler)
    assert found == values(warmup_cosine(peak=0.1).on(run), run.updates)
    assert driven.clock == run.updates
    assert driven.get_last_lr() == scheduler.get_last_lr()


@pytest.mark.parametrize("processes", [2, 8])
@pytest.mark.parametrize("split", [False, True])
def test_what_accelerate_calls_on_many_processes_changes_nothing(
    accelerate, monkeypatch, processes, split
):
    accelerator = accelerate.Accelerator(
        cpu=True,
        dataloader_config=accelerate.utils.DataLoaderConfiguration(split_batches=split),
    )
    run = Run.of(BATCHES, epochs=EPOCHS)
    model = torch.nn.Linear(3, 1)
    raw = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = attach(raw, one_cycle(), run)
    model, optimizer, batches, wrapped = accelerator.prepare(model, raw, loader(), scheduler)
    many = SimpleNamespace(num_processes=processes)
    monkeypatch.setattr(accelerate.scheduler, "AcceleratorState", lambda: many)
    found = watched(raw)
    trained(accelerator, model, optimizer, batches, wrapped)
    assert found == values(one_cycle(peak=0.1).on(run), run.updates)
    assert scheduler.clock == run.updates


def test_accelerate_saves_and_loads_the_scheduler(accelerate, tmp_path):
    ends = []
    for resumed in (False, True):
        accelerator = accelerate.Accelerator(cpu=True)
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        raw = torch.optim.AdamW(model.parameters(), lr=0.1)
        scheduler = attach(raw, warmup_cosine(), Run.of(BATCHES, epochs=2 * EPOCHS))
        model, optimizer, batches, wrapped = accelerator.prepare(model, raw, loader(), scheduler)
        if resumed:
            accelerator.load_state(str(tmp_path))
        else:
            trained(accelerator, model, optimizer, batches, wrapped)
            accelerator.save_state(str(tmp_path))
        assert scheduler.clock == BATCHES * EPOCHS
        trained(accelerator, model, optimizer, batches, wrapped)
        ends.append((model.weight.tolist(), scheduler.values(), scheduler.clock))
    assert ends[0] == ends[1]


# -- Lightning


@pytest.fixture
def lightning():
    return pytest.importorskip("lightning", reason="lightning is not installed")


def module_of(lightning, plan, run, *, named=True, nothing=()):
    """A module whose plan drives AdamW; training_step answers None for some batches."""

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def training_step(self, batch, index):
            return None if index in nothing else self.layer(batch[0]).square().mean()

        def configure_optimizers(self):
            optimizer = torch.optim.AdamW(self.parameters(), lr=0.1)
            self.scheduler = attach(optimizer, plan, run)
            self.used = watched(optimizer)
            if not named:
                return optimizer
            return [optimizer], [{"scheduler": self.scheduler, "interval": named}]

    torch.manual_seed(0)
    return Module()


def trainer_of(lightning, folder, **settings):
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **{"max_epochs": EPOCHS, **settings},
    )


@pytest.mark.parametrize("named", ["step", "epoch", False])
@pytest.mark.parametrize("accumulate", [1, 4])
def test_lightning_uses_the_rates_of_the_plan(lightning, tmp_path, named, accumulate):
    run = Run.of(BATCHES, epochs=EPOCHS, accumulate=accumulate)
    module = module_of(lightning, warmup_cosine(), run, named=named)
    trainer = trainer_of(lightning, tmp_path, accumulate_grad_batches=accumulate)
    trainer.fit(module, loader())
    assert module.used == values(warmup_cosine(peak=0.1).on(run), run.updates)
    assert module.scheduler.clock == run.updates == trainer.global_step


def test_a_training_step_of_lightning_that_answers_none_is_no_update(lightning, tmp_path):
    run = Run.of(BATCHES - 2, epochs=EPOCHS)
    module = module_of(lightning, warmup_cosine(), run, named="step", nothing=(3, 7))
    trainer_of(lightning, tmp_path).fit(module, loader())
    assert module.scheduler.clock == run.updates
    (first,) = {int(s["step"]) for s in module.scheduler.optimizer.state.values()}
    assert first == run.updates


def test_lightnings_reduce_on_plateau_reports_to_the_one_plateau(lightning, tmp_path):
    run = Run.of(BATCHES, epochs=EPOCHS)
    module = module_of(lightning, base * Plateau("val_loss", patience=0), run)

    class Watched(type(module)):
        def validation_step(self, batch, index):
            self.log("val_loss", torch.tensor(1.0))

        def configure_optimizers(self):
            [optimizer], _ = super().configure_optimizers()
            config = {"scheduler": self.scheduler, "monitor": "val_loss", "reduce_on_plateau": True}
            return [optimizer], [config]

    module.__class__ = Watched
    trainer_of(lightning, tmp_path, num_sanity_val_steps=0).fit(module, loader(), loader())
    rates = [rate for rate in (0.1, 0.1, 0.1 * 0.1) for _ in range(BATCHES)]
    assert module.used == rates
    assert module.scheduler.clock == run.updates


def test_lightning_resumes_from_its_own_checkpoint(lightning, tmp_path):
    run = Run.of(BATCHES, epochs=EPOCHS)
    plan = warmup_cosine() * Plateau("loss")
    whole = module_of(lightning, plan, run, named="step")
    trainer_of(lightning, tmp_path).fit(whole, loader())
    part = module_of(lightning, plan, run, named="step")
    trainer = trainer_of(lightning, tmp_path, max_epochs=1)
    trainer.fit(part, loader())
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    rest = module_of(lightning, plan, run, named="step")
    trainer_of(lightning, tmp_path).fit(rest, loader(), ckpt_path=tmp_path / "one.ckpt")
    assert part.used + rest.used == whole.used
    assert torch.equal(rest.layer.weight, whole.layer.weight)


def test_manual_optimization_keeps_each_optimizers_pace(lightning, tmp_path):
    class Duel(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.critic, self.artist = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)

        def training_step(self, batch, index):
            critic, artist = self.optimizers()
            for each, layer in ((critic, self.critic), (artist, self.artist)):
                if each is critic or index % 5 == 4:
                    each.zero_grad()
                    self.manual_backward(layer(batch[0]).square().mean())
                    each.step()

        def configure_optimizers(self):
            critic = torch.optim.SGD(self.critic.parameters(), lr=0.1)
            artist = torch.optim.Adam(self.artist.parameters(), lr=0.2)
            often, seldom = Run.of(BATCHES, epochs=EPOCHS), Run.of(BATCHES // 5, epochs=EPOCHS)
            self.clocks = [
                attach(critic, warmup_cosine(peak=base), often),
                attach(artist, warmup_cosine(peak=base), seldom),
            ]
            return critic, artist

    duel = Duel()
    trainer_of(lightning, tmp_path).fit(duel, loader())
    assert [clock.clock for clock in duel.clocks] == [30, 6]
