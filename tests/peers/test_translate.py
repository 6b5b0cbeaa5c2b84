"""translate beside the schedulers of transformers and timm: read by what they hold."""

from __future__ import annotations

import pytest

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
