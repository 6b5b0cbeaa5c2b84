"""A cooldown on demand over several optimizers is the run that was planned so from the start."""

from __future__ import annotations

import json

import pytest

from passo import (
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    steps,
    warmup_cosine,
)
from tests.optim.scheduler.test_several import adamw, muon, together
from tests.optim.tools import sgd, update

RUN = Run(steps(40))
TRUNK = warmup_cosine(warmup=steps(4)) * Plateau("loss", factor=0.5, patience=0)


def pair():
    return {"muon": muon(), "adamw": adamw()}


def trained(scheduler, both, until, losses=True):
    """The rates of all groups, update by update."""
    used = []
    while scheduler.clock < until:
        together(*both.values())
        used.append(tuple(scheduler.last_used()["lr"]))
        if losses and scheduler.clock in (6, 9, 12, 20):
            scheduler.report(loss=1.0)
    return used


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
def test_each_cools_as_if_it_had_been_planned_so(shape):
    both, planned = pair(), pair()
    scheduler = attach(both, TRUNK, RUN)
    used = trained(scheduler, both, 15)
    scheduler.cool_down(over=steps(10), end=0.1 * base, shape=shape)
    used += trained(scheduler, both, 25)
    whole = TRUNK.cooldown(at=steps(15), over=steps(10), end=0.1 * base, shape=shape)
    assert used == trained(attach(planned, whole, RUN), planned, 25)
    assert scheduler.cooldown.until == 25.0
    assert "cool_down(over=steps(10)" in repr(scheduler)


@pytest.mark.parametrize("first", ["optimizers", "scheduler"])
def test_killed_and_resumed_it_ends_as_if_it_had_not_been_killed(first):
    both = pair()
    scheduler = attach(both, TRUNK, RUN)
    used = trained(scheduler, both, 15)
    scheduler.cool_down(over=steps(10))
    used += trained(scheduler, both, 18)
    state = json.loads(json.dumps(scheduler.state_dict()))
    saved = {name: each.state_dict() for name, each in both.items()}
    rest = trained(scheduler, both, 25)

    others = pair()
    again = attach(others, TRUNK, RUN)
    loads = [lambda: [others[name].load_state_dict(each) for name, each in saved.items()]]
    loads.append(lambda: again.load_state_dict(state))
    for load in loads if first == "optimizers" else reversed(loads):
        load()
    assert again.cooldown == scheduler.cooldown
    assert trained(again, others, 25) == rest
    with pytest.raises(PassoError, match="'lr' cools down already, from update 15 to update 25"):
        again.cool_down(over=steps(5))


def test_it_ends_the_run_of_those_too_that_have_another_key():
    both = pair()
    plan = {"lr": by_group({"adamw": TRUNK, "muon": None})}
    scheduler = attach(both, plan, RUN)
    trained(scheduler, both, 10)
    scheduler.cool_down(over=steps(5))
    rates = trained(scheduler, both, 15)
    assert rates[-1] == (pytest.approx(rates[0][0] / 5),)
    others = pair()
    fresh = attach(others, plan, RUN)
    fresh.load_state_dict(scheduler.state_dict())
    assert fresh.cooldown == scheduler.cooldown
    with pytest.warns(PassoWarning, match="past the end"):
        together(*others.values())


def test_what_is_refused_for_one_changes_none():
    both = pair()
    scheduler = attach(both, TRUNK, RUN)
    trained(scheduler, both, 10)
    before = scheduler.state_dict()
    rates = scheduler.get_last_lr()
    with pytest.raises(PassoError, match="'lr' of param group 0 of 'muon' must stay"):
        scheduler.cool_down(over=steps(5), end=-1.0)
    with pytest.raises(PassoError, match="nothing drives 'momentum'"):
        scheduler.cool_down(over=steps(5), key="momentum")
    assert (scheduler.state_dict(), scheduler.get_last_lr()) == (before, rates)
    assert scheduler.cooldown is None


def test_the_trace_tells_it_once(tmp_path):
    both, path = pair(), tmp_path / "run.jsonl"
    scheduler = attach(both, TRUNK, RUN, record=path)
    used = trained(scheduler, both, 15)
    scheduler.cool_down(over=steps(10))
    used += trained(scheduler, both, 25)
    scheduler.detach()
    trace = Trace.load(path)
    assert [event.kind for event in trace.events].count("cool_down") == 1
    rates = [trace.used("lr", f"{name}/0") for name in both]
    assert rates == [([*range(25)], list(each)) for each in zip(*used, strict=True)]


@pytest.mark.parametrize("ahead", [0, 1])
def test_it_is_called_after_the_updates_of_the_most_advanced(ahead):
    optimizers = [sgd(), sgd()]
    scheduler = attach(optimizers, 0.5, RUN)
    for each in (*optimizers, optimizers[ahead]):
        update(each)
    scheduler.cool_down(over=steps(5))
    assert (scheduler.cooldown.clock, scheduler.cooldown.until) == (2, 7.0)
    scheduler.detach(because="the test is over")
