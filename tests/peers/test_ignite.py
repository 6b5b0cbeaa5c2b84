"""like.ignite beside ignite."""

from __future__ import annotations

import pytest
from ignite import handlers
from ignite.engine import Engine, Events

from passo import Schedule
from tests.catalogue import settings
from tests.catalogue.settings import Nested
from tests.peers import drive, test_torch

LIBRARY = "ignite"
CASES = settings.cases(LIBRARY)
PLATEAU = "ReduceLROnPlateauScheduler"


def made(optimizer, name, given):
    arguments = {key: _argument(optimizer, value) for key, value in given.items()}
    if name.endswith("StateScheduler"):
        return getattr(handlers, name)(**arguments)
    if name in ("LRScheduler", "ConcatScheduler", "create_lr_scheduler_with_warmup"):
        return getattr(handlers, name)(**arguments)
    return getattr(handlers, name)(optimizer, **arguments)


def _argument(optimizer, value):
    if isinstance(value, Nested) and value.name.startswith("torch."):
        return test_torch.made(optimizer, value.name.removeprefix("torch."), value.arguments)
    if isinstance(value, Nested):
        return made(optimizer, value.name, value.arguments)
    if isinstance(value, list):
        return [_argument(optimizer, each) for each in value]
    return value.__call__ if isinstance(value, Schedule) else value


def events(scheduler, read, updates=120):
    """What each iteration uses, with the scheduler attached as ignite's pages have it."""
    found = []
    trainer = Engine(lambda engine, _batch: found.append(read(engine)))
    if isinstance(scheduler, handlers.state_param_scheduler.StateParamScheduler):
        scheduler.attach(trainer, Events.ITERATION_COMPLETED)
    else:
        trainer.add_event_handler(Events.ITERATION_STARTED, scheduler)
    trainer.run([0] * updates, max_epochs=1)
    return found


@pytest.mark.parametrize(("name", "given"), [c for c in CASES if c[0] != PLATEAU])
def test_each_event_uses_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, name, given)
    plan = settings.ours(LIBRARY, name, given)
    (key, schedule), *_ = (plan if isinstance(plan, dict) else {"lr": plan}).items()
    state = name.endswith("StateScheduler")
    values = events(
        scheduler,
        lambda engine: getattr(engine.state, key) if state else optimizer.param_groups[0][key],
    )
    assert (values[0] is None) == state
    drive.same(schedule, values[state:], first=int(state))


@pytest.mark.parametrize("given", settings.of(LIBRARY)[PLATEAU])
def test_a_plateau_falls_where_theirs_does(given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, PLATEAU, given)
    evaluator = Engine(lambda *_: None)

    def advance(_, metric):
        evaluator.state.metrics = {given["metric_name"]: metric}
        scheduler(evaluator)

    plan = settings.ours(LIBRARY, PLATEAU, given)
    drive.same_falls(plan, optimizer, advance, given["metric_name"])
