"""translate beside the schedulers of other libraries: read by what they hold."""

from __future__ import annotations

import pytest
import pytorch_warmup
from ignite.handlers import CosineAnnealingScheduler, LinearCyclicalScheduler

from passo import Constant, Cosine, Linear, steps
from passo.optim import translate
from tests.catalogue import settings
from tests.peers import drive, test_timm, test_transformers

PLATEAUS = {*test_transformers.PLATEAUS, *test_timm.PLATEAUS}
TRANSFORMERS = [case for case in settings.cases("transformers") if case[0] not in PLATEAUS]
TIMM = [
    (name, given)
    for name, given in settings.cases("timm")
    if name not in PLATEAUS and name.endswith("LRScheduler")
]


@pytest.mark.parametrize(("name", "given"), TRANSFORMERS)
def test_a_function_of_transformers_is_read_by_what_is_bound_in_it(name, given):
    optimizer = drive.sgd()
    scheduler = test_transformers.made(optimizer, name, given)
    found = translate(scheduler, 200)
    assert (found.by, found.checked) == ("parameters", 200)
    assert found.source.startswith("transformers.")
    drive.same(found.schedule, drive.used(optimizer, lambda _: scheduler.step(), 250), close=1e-9)


@pytest.mark.parametrize(("name", "given"), TIMM)
def test_a_scheduler_of_timm_is_read_or_simulated(name, given):
    optimizer = drive.sgd()
    scheduler = test_timm.made(optimizer, name, given)
    found = translate(scheduler, 120)
    assert found.source == f"timm.{name}"
    counts = scheduler.step if scheduler.t_in_epochs else scheduler.step_update
    values = drive.used(optimizer, counts, 120)
    drive.same(found.schedule, values, close=1e-6)


def test_what_ignite_calls_with_an_engine_is_read():
    swing = translate(CosineAnnealingScheduler(drive.sgd(), "lr", 1.0, 0.1, 20))
    assert (swing.by, swing.schedule) == ("parameters", Cosine(1, 0.1, steps(20)).repeat())
    lines = translate(LinearCyclicalScheduler(drive.sgd(), "momentum", 1.0, 0.1, 20), 30)
    there_and_back = Linear(1, 0.1, steps(10)).then(Linear(0.1, 1, steps(10))).repeat()
    assert lines.plan == {"momentum": there_and_back}


def test_a_warm_up_that_dampens_is_read_and_the_missing_simulation_told():
    found = translate(pytorch_warmup.LinearWarmup(drive.sgd(), 10))
    ramp = Linear(0, drive.BASE, steps(10)).skip(steps(1)).then(Constant(drive.BASE))
    assert (found.schedule, found.checked) == (ramp, 0)
    assert found.remarks[0].startswith("It was held against no simulation: lift needs a scheduler")
