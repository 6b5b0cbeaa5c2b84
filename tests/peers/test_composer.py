"""like.composer beside composer's own classes: their file alone, with composer's own times."""

from __future__ import annotations

import warnings
from importlib import import_module
from types import SimpleNamespace

import pytest
import torch

from passo import Run, like, samples
from tests.catalogue import settings
from tests.peers.bare import bare, stub
from tests.peers.beside import agree, calls

with bare("composer", "composer.core", "composer.optim", "composer.utils"):
    stub("composer.utils", StringEnum=import_module("composer.utils.string_enum").StringEnum)
    times = import_module("composer.core.time")
    stub("composer.core", State=object, Time=times.Time, TimeUnit=times.TimeUnit)
    theirs = import_module("composer.optim.scheduler")

RATE, LOADER = 0.3, 13
TRAINER = ("max_duration", "dataloader_len")


def their_values(name, given, max_duration, ssr, updates):
    own = {key: value for key, value in given.items() if key not in TRAINER}
    scheduler = getattr(theirs, name)(**own)
    ends = times.Time.from_timestring(max_duration)
    found = []
    for batch in range(updates):
        state = SimpleNamespace(
            max_duration=ends,
            dataloader_len=times.Time(LOADER, "ba"),
            timestamp=times.Timestamp(batch=batch, epoch=batch // LOADER, sample=16 * batch),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(RATE * scheduler(state, ssr))
    return found


@pytest.mark.parametrize(("name", "given"), calls(settings.of("composer")))
@pytest.mark.parametrize("max_duration", ["10ep", "125ba"])
@pytest.mark.parametrize("ssr", [1.0, 1.6])
def test_values_are_those_of_composer(name, given, max_duration, ssr):
    trainer = {"max_duration": max_duration, "dataloader_len": LOADER, "ssr": ssr}
    values = their_values(name, given, max_duration, ssr, 150)
    agree(like.composer(name, **{**given, **trainer}).with_base(RATE), values)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("CosineAnnealingScheduler", {}),
        ("LinearWithWarmupScheduler", {"t_warmup": "20ba"}),
        ("CosineAnnealingWithWarmupScheduler", {"t_warmup": "1ep", "alpha_f": 0.1}),
        ("PolynomialWithWarmupScheduler", {"t_warmup": "0.1dur"}),
        ("MultiStepWithWarmupScheduler", {"t_warmup": "1ep", "milestones": ["3ep", "70ba"]}),
        ("MultiStepScheduler", {"milestones": ["3ep", "6ep"]}),
        ("StepScheduler", {"step_size": "3ep"}),
    ],
)
def test_without_the_trainer_the_spans_wait_for_a_run(name, given):
    values = their_values(name, given, "10ep", 1.0, 130)
    placed = like.composer(name, **given).with_base(RATE).on(Run.of(LOADER, epochs=10))
    agree(placed, values)


def test_samples_are_counted():
    given = {"t_max": "1600sp", "alpha_f": 0.1}
    values = their_values("CosineAnnealingScheduler", given, "1600sp", 1.0, 120)
    run = Run(samples(1600), samples_per_step=16, axis="sample")
    placed = like.composer("CosineAnnealingScheduler", **given).with_base(RATE).on(run)
    agree(lambda t: placed(16 * t), values)


def test_several_schedulers_do_not_multiply_as_its_page_says_and_ours_do():
    """Each becomes a LambdaLR on one optimizer: the last one's value stays (peers' own words)."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    state = SimpleNamespace(
        optimizers=[optimizer],
        max_duration=times.Time.from_timestring("10ep"),
        dataloader_len=times.Time(LOADER, "ba"),
        timestamp=times.Timestamp(batch=65, epoch=5),
    )
    halves, tenths = theirs.ConstantScheduler(0.5), theirs.ConstantScheduler(0.1)
    compiled = [theirs.compile_composer_scheduler(each, state) for each in (halves, tenths)]
    optimizer.step()
    for each in compiled:
        each.step()
    assert optimizer.param_groups[0]["lr"] == 0.1 * RATE
    ours = like.composer("ConstantScheduler", alpha=0.5, max_duration="10ep", dataloader_len=LOADER)
    more = like.composer("ConstantScheduler", alpha=0.1, max_duration="10ep", dataloader_len=LOADER)
    assert (ours * more).with_base(1.0)(65) == 0.05
