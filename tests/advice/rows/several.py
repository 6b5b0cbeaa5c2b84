"""What is advised where several optimizers are under one plan."""

from __future__ import annotations

from typing import Any

import pytest

from passo import Linear, PassoError, Run, attach, base, steps
from tests.advice.table import Table, Told
from tests.optim.tools import said, sgd, update

PLAN, RUN = base * Linear(1.0, 0.0), Run(steps(10))
tried = Table(attach=attach, PLAN=PLAN, RUN=RUN)


def driven(call: str, *dots: str, **names: Any) -> list[float]:
    """The rates of those that were attached by this code."""
    for each in dots:
        call = call.replace("...", each, 1)
    scheduler: Any = eval(call, {**tried.world, **names})
    return list(scheduler.get_last_lr())


@tried(
    "{} needs a torch optimizer, got {}; write {}([muon, adamw], ...)",
    'the name of an optimizer is a text that is not empty, got {}; write {}({"muon": muon, '
    '"adamw": adamw}, ...)',
)
def optimizers_are_listed_or_named(told: Told) -> None:
    given: Any = {1: sgd()} if "name" in told.template else []
    call = told(lambda: attach(given, PLAN, RUN)).quoted(r"write (attach\(.*\))$")
    found = driven(call, "PLAN, RUN", muon=sgd(0.5), adamw=sgd(0.25))
    assert found == [0.5, 0.25]


@tried(
    "the load_state_dict() of {} before the first update, or call {}.seek({}) to go on "
    "with all, or {}.seek({}) to begin there on purpose",
)
def each_optimizer_is_loaded(told: Told) -> None:
    first = [sgd(), sgd()]
    scheduler = attach(first, PLAN, RUN)
    for _ in range(5):
        for each in first:
            update(each)
    states = [each.state_dict() for each in first]
    scheduler.promises.settle("ended")

    def resumed(loaded: int) -> Any:
        again = [sgd(), sgd()]
        scheduler = attach(again, PLAN, RUN)
        for each, state in zip(again[:loaded], states, strict=False):
            each.load_state_dict(state)
        return again, scheduler

    def trained(again: Any, scheduler: Any) -> list[float]:
        for each in again:
            update(each)
        scheduler.promises.settle("ended")
        return list(scheduler.get_last_lr())

    text = told(lambda: trained(*resumed(1)))
    text.words("the load_state_dict() of 'SGD#2' before the first update")
    assert trained(*resumed(2)) == [0.4, 0.4]
    for purpose, rate in (("to go on with all", 0.4), ("to begin there on purpose", 0.9)):
        code = text.quoted(rf"or (?:call )?(scheduler\.seek\(\d\)) {purpose}")
        again, scheduler = resumed(1)
        eval(code, {"scheduler": scheduler})
        assert trained(again, scheduler) == [rate, rate]


@tried("{} is the optimizer {} once more; give each optimizer once")
def each_optimizer_is_given_once(told: Told) -> None:
    one, other = sgd(0.5), sgd(0.25)
    told(lambda: attach([one, other, one], PLAN, RUN)).words("give each optimizer once")
    assert attach([one, other], PLAN, RUN).get_last_lr() == [0.5, 0.25]


@tried(
    "a parameter in param group {} of {} is in {} too, and both would update it; leave it out of "
    "one of them, or attach each by itself"
)
def a_parameter_is_in_one_of_them(told: Told) -> None:
    one, other = sgd(0.5), sgd(0.25)
    shared, own = (each.param_groups[0]["params"] for each in (one, other))
    own += shared
    text = told(lambda: attach([one, other], PLAN, RUN))
    text.words("leave it out of one of them", "attach each by itself")
    made = [attach(each, PLAN, RUN) for each in (one, other)]
    assert [each.get_last_lr() for each in made] == [[0.5], [0.25]]
    for each in made:
        each.detach(restore=True)
    del own[-1]
    assert attach([one, other], PLAN, RUN).get_last_lr() == [0.5, 0.25]


@tried(
    "use two attaches, each with a plan and a run of its own",
)
def both_step_or_each_has_its_plan(told: Told) -> None:
    def train(*, beside: bool = False, apart: bool = False) -> None:
        one, other = sgd(), sgd()
        several = [[one], [other]] if apart else [[one, other]]
        runs = [Run(steps(100)), Run(steps(50))] if apart else [Run(steps(100))]
        made = [attach(each, PLAN, run) for each, run in zip(several, runs, strict=True)]
        for t in range(100):
            update(one)
            if beside or t % 2:
                update(other)
        for each in made:
            each.detach()

    told(train).words("the step() of", "two attaches, each with a plan and a run of its own")
    assert said(lambda: train(beside=True)) == []
    assert said(lambda: train(apart=True)) == []


@tried(
    "give them by the names of the state, attach({{}}, ...)",
    "the state of several optimizers ({}) has a part for each, and this has none: it is "
    "that of one optimizer; load it into {}",
    "this is the state of several optimizers under one plan; load it into {}",
)
def a_state_goes_where_it_came_from(told: Told) -> None:
    several = attach(pair := {"a": sgd(), "b": sgd()}, PLAN, RUN)
    single = attach(one := sgd(), PLAN, RUN)
    for each in (*pair.values(), one):
        update(each)
    state = single.state_dict() if "one optimizer; load" in told.template else several.state_dict()
    target: Any = (
        [sgd(), sgd()] if "by the names" in told.template or "has none" in told.template else sgd()
    )
    wrong = attach(target, PLAN, RUN)
    text = told(lambda: wrong.load_state_dict(state))
    if "by the names" in told.template:
        call = text.quoted(r"(attach\(.*\))$")
        code = call.replace("...", "one", 1).replace("...", "other", 1).replace("...", "PLAN, RUN")
        new: Any = {"one": sgd(), "other": sgd()}
        right: Any = eval(code, {**tried.world, **new})
    elif "has none" in told.template:
        text.words("load it into the Scheduler of attach(optimizer, ...)")
        right = attach(new := sgd(), PLAN, RUN)
    else:
        text.words("load it into the Scheduler of attach([...], ...) or attach({...}, ...)")
        right = attach(new := {"a": sgd(), "b": sgd()}, PLAN, RUN)
    right.load_state_dict(state)
    assert (right.clock, bool(new)) == (1, True)
    with pytest.raises(PassoError):
        wrong.load_state_dict(state)
