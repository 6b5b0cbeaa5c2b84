"""`Greedy`, `Bounce` and a `Plateau` that rises, at work on an optimizer: falls, states, words."""

from __future__ import annotations

import json
import warnings

import pytest

from passo import (
    Bounce,
    Constant,
    Greedy,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    steps,
)
from tests.optim.tools import sgd, update

LOSSES = [3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 0.5, 0.9]
NORMS = [5.0, 4.0, 4.5, 4.2, 4.4, 4.1, 4.3, 4.0, 4.6]
STORIES = {
    "greedy": (base * Greedy("x", factor=0.5, patience=0, floor=0.25), LOSSES),
    "greedy in waiting": (base * Greedy("x", factor=0.5, patience=0, cooldown=2), LOSSES),
    "bounce": (base * Bounce("x", factor=0.5), NORMS),
    "rise": (base * Plateau("x", factor=2, ceiling=4, patience=0), LOSSES),
}


def run_of(plan, seen, kill=None, state=None):
    """The rates that were used, and the falls; begun again from the state after `kill` reports."""
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, plan, Run(steps(100)))
    if state is not None:
        scheduler.load_state_dict(state)
    used, falls = [], []
    for value in seen:
        update(optimizer)
        used.append(scheduler.last_used()["lr"][0])
        falls.append([(fall.before, fall.after) for fall in scheduler.report(x=value)])
    return used, falls, scheduler.state_dict()


@pytest.mark.parametrize("name", STORIES)
def test_the_updates_use_what_the_reports_say(name):
    plan, seen = STORIES[name]
    used, _, _ = run_of(plan, seen)
    told = plan.with_base(1.0).with_reports([(t + 1, {"x": x}) for t, x in enumerate(seen)])
    assert used == [told(t) for t in range(len(seen))]
    assert len(set(used)) > 2


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("kill", [1, 3, 4, 6])
def test_a_run_goes_on_from_its_state_as_json(name, kill):
    plan, seen = STORIES[name]
    whole = run_of(plan, seen)
    begun = run_of(plan, seen[:kill])
    rest = run_of(plan, seen[kill:], state=json.loads(json.dumps(begun[2])))
    assert begun[0] + rest[0] == whole[0]
    assert begun[1] + rest[1] == whole[1]
    assert rest[2] == whole[2]


def test_a_gain_of_greedy_is_no_fall_and_a_rise_of_a_plateau_is_told_like_one():
    _, falls, _ = run_of(*STORIES["greedy"])
    assert [each for each in falls if each] == [[(4.0, 2.0)], [(2.0, 1.0)], [(2.0, 1.0)],
                                                [(1.0, 0.5)], [(1.0, 0.5)]]  # fmt: skip
    _, falls, _ = run_of(*STORIES["rise"])
    assert [each for each in falls if each] == [[(1.0, 2.0)], [(2.0, 4.0)]]


def test_what_is_only_a_factor_is_no_plan():
    for factor in (Greedy("x"), Bounce("x")):
        with pytest.raises(PassoError) as caught:
            attach(sgd(1.0), factor)
        assert str(caught.value) == f"the plan of 'lr' is only a factor; write base * {factor!r}"


@pytest.mark.parametrize("kind", [Greedy, Bounce])
def test_one_that_nobody_tells_is_named_by_its_kind(kind):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        optimizer = sgd(1.0)
        scheduler = attach(optimizer, base * kind("val_loss"), Run(steps(10)))
        update(optimizer, 10)
        scheduler.detach()
        update(optimizer)
    said = [str(each.message) for each in caught if issubclass(each.category, PassoWarning)]
    assert [text.partition("; ")[0] for text in said] == [
        f"{kind.__name__}('val_loss') got no metric in 10 updates"
    ]


def test_a_state_of_one_kind_is_not_taken_by_another():
    _, _, state = run_of(*STORIES["greedy"])
    _, _, other = run_of(*STORIES["bounce"])
    state["tracks"][0]["plateaus"] = other["tracks"][0]["plateaus"]
    with pytest.raises(PassoError) as caught:
        attach(sgd(1.0), STORIES["greedy"][0], Run(steps(100))).load_state_dict(state)
    assert str(caught.value) == (
        "state.tracks[0].plateaus[0] has last, earlier, turned, reductions, fell; "
        'Greedy("x", factor=0.5, patience=0, floor=0.25) remembers best, good, bad, cooling, '
        "warming, anchor, net, before, fell"
    )


@pytest.mark.parametrize("kind", [Greedy, Bounce, Plateau])
def test_a_plan_in_which_it_listens_elsewhere_is_another_plan(kind):
    rule, warm = kind("x"), Linear(0, 1, steps(50))
    late, always = warm.then(Constant(1) * rule), warm.then(Constant(1)) * rule
    optimizer, other = sgd(1.0), sgd(1.0)
    scheduler = attach(optimizer, base * late, Run(steps(100)))
    update(optimizer, 3)
    same = sgd(1.0)
    attach(same, base * late, Run(steps(100))).load_state_dict(scheduler.state_dict())
    with pytest.raises(PassoError, match="plan"):
        attach(other, base * always, Run(steps(100))).load_state_dict(scheduler.state_dict())


def test_a_plan_with_another_rule_keeps_what_its_like_remembers():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, base * Greedy("x", factor=0.5, patience=0), Run(steps(100)))
    update(optimizer)
    scheduler.report(x=3.0)
    scheduler.report(x=2.0)
    state = scheduler.state_dict()
    for plan, rate in (
        (base * Greedy("x", factor=0.5, patience=0, ceiling=3), 3.0),
        (base * Plateau("x"), 1.0),
    ):
        other = sgd(1.0)
        again = attach(other, plan, Run(steps(100)), on_change="replace")
        again.load_state_dict(state)
        assert again.get_last_lr() == [rate]
