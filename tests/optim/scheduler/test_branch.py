"""`attach(o, trunk.cooldown(...), run, on_change="replace")` on a state of the trunk: a branch."""

from __future__ import annotations

import pytest
import torch

from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    percent,
    steps,
    tokens,
    warmup_constant,
)
from passo.trace import Trace
from tests.optim.tools import rates, said, sgd, update, used, weight

RUN = Run(steps(1000))
TRUNK = warmup_constant(warmup=percent(1))


def pair():
    """An optimizer of two groups."""
    return torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)


def trained(plan=TRUNK, updates=20, run=RUN):
    """The state of a trunk."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, run)
    update(optimizer, updates)
    return scheduler.state_dict()


def branched(plan, state, run=RUN, **settings):
    """Another process: an optimizer that goes on from the state with that plan."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, run, **{"on_change": "replace", **settings})
    scheduler.load_state_dict(state)
    return optimizer, scheduler


@pytest.mark.parametrize("at", [20, 23])
def test_a_branch_begins_at_the_checkpoint_or_later(at):
    branch = TRUNK.cooldown(at=steps(at), over=steps(10))
    optimizer, _ = branched(branch, trained())
    placed = branch.on(RUN).with_base(1.0)
    assert rates(optimizer, 14) == [placed(t) for t in range(20, 34)]


def test_the_trunk_that_is_kept_may_be_past_where_the_branch_would_have_begun():
    branch = TRUNK.cooldown(at=steps(15), over=steps(10))
    optimizer, _ = branched(branch, trained(), on_change="keep")
    placed = TRUNK.on(RUN).with_base(1.0)
    assert rates(optimizer, 14) == [placed(t) for t in range(20, 34)]


def test_a_branch_keeps_what_a_stair_of_its_trunk_holds():
    plan = (base * Plateau("loss", patience=0, factor=0.5)).staircase(steps(8))

    def told(optimizer, scheduler, updates):
        update(optimizer, updates)
        scheduler.report(loss=1.0)
        scheduler.report(loss=1.0)

    optimizer = sgd()
    scheduler = attach(optimizer, plan, RUN)
    told(optimizer, scheduler, 11)
    state = scheduler.state_dict()
    branch = plan.cooldown(at=steps(12), over=steps(4))
    whole = sgd()
    told(whole, attach(whole, branch, RUN), 11)
    assert rates(branched(branch, state)[0], 6) == rates(whole, 6) == [
        1.0, 1.0, 0.75, 0.5, 0.25, 0.0
    ]  # fmt: skip


def test_a_branch_that_ends_with_its_cooldown_gets_no_word():
    state = trained()

    def story():
        optimizer, scheduler = branched(TRUNK.cooldown(steps(20), steps(10)), state)
        update(optimizer, 10)
        scheduler.detach()

    assert said(story) == []


def test_a_branch_that_stops_short_of_its_cooldown_ended_early():
    state = trained()

    def story():
        optimizer, scheduler = branched(TRUNK.cooldown(steps(20), steps(10)), state)
        update(optimizer, 9)
        scheduler.detach()

    (word,) = said(story)
    assert word.startswith("the run ended early: planned 30 updates, made 29; lr was 0.2 last")


def test_another_schedule_that_is_shorter_than_its_run_still_ends_early():
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10)), RUN)
        update(optimizer, 12)
        scheduler.detach()

    (word,) = said(story)
    assert word.startswith("the run ended early: planned 1,000 updates, made 12")


def test_a_branch_that_dies_goes_on_by_its_own_script():
    branch = TRUNK.cooldown(steps(20), steps(10))
    optimizer, scheduler = branched(branch, trained())
    update(optimizer, 5)
    again, _ = branched(branch, scheduler.state_dict())
    assert rates(again, 5) == rates(optimizer, 5) == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


def test_the_trace_of_a_branch_knows_the_plan_that_it_left(tmp_path):
    path = tmp_path / "branch.jsonl"
    branch = TRUNK.cooldown(steps(20), steps(10))
    optimizer, scheduler = branched(branch, trained(), record=path)
    update(optimizer, 10)
    scheduler.detach()
    (event,) = [each for each in Trace.load(path).events if each.kind == "plan"]
    assert event.detail["parent"] == {
        "clock": 20,
        "run": repr(RUN),
        "follows": [{"schedule": repr(TRUNK), "begin": 0.0, "bases": {"0.lr": 1.0}}],
    }
    (follows,) = event.detail["follows"]
    assert follows["schedule"] == repr(branch)


def test_groups_that_followed_one_schedule_are_told_together(tmp_path):
    path = tmp_path / "branch.jsonl"
    optimizer = pair()
    attach(optimizer, TRUNK, RUN)
    update(optimizer, 20)
    again = pair()
    branch = TRUNK.cooldown(steps(20), steps(10))
    scheduler = attach(again, branch, RUN, on_change="replace", record=path)
    again.load_state_dict(optimizer.state_dict())
    update(again, 10)
    scheduler.detach()
    (event,) = [each for each in Trace.load(path).events if each.kind == "plan"]
    (follows,) = event.detail["parent"]["follows"]
    assert follows["bases"] == {"0.lr": 1.0, "1.lr": 1.0}


def test_the_cooldown_of_a_group_that_joined_is_counted_from_when_it_joined():
    def plan(*, ends):
        late = TRUNK.cooldown(steps(17), steps(10)) if ends else TRUNK
        return [(lambda group: "late" in group, late), (lambda _: True, TRUNK)]

    def joined():
        optimizer = sgd()
        scheduler = attach(optimizer, plan(ends=False), RUN, join="now")
        update(optimizer, 5)
        optimizer.add_param_group({"params": [weight()], "late": True})
        return optimizer, scheduler

    optimizer, scheduler = joined()
    update(optimizer, 15)
    again = pair()
    again.param_groups[1]["late"] = True
    other = attach(again, plan(ends=True), RUN, join="now", on_change="replace")
    other.load_state_dict(scheduler.state_dict())
    assert [late for _, late in used(again, 4)] == pytest.approx([1.0, 1.0, 1.0, 0.9])


def test_a_fall_stays_where_the_branch_counts_in_another_unit():
    plan, optimizer = base * Plateau("loss", patience=0, factor=0.5), sgd()
    run = Run(tokens(1e6), tokens_per_step=10, axis="token")
    scheduler = attach(optimizer, plan, run)
    update(optimizer, 20)
    for _ in range(2):
        scheduler.report(loss=1.0)
    assert rates(branched(plan, scheduler.state_dict())[0], 3) == [0.5, 0.5, 0.5]


def test_a_run_that_goes_on_has_no_parent(tmp_path):
    path = tmp_path / "run.jsonl"
    optimizer, scheduler = branched(TRUNK, trained(), record=path)
    update(optimizer)
    scheduler.detach(restore=True)
    (event,) = [each for each in Trace.load(path).events if each.kind == "plan"]
    assert "parent" not in event.detail


def refusal(plan, state, run=RUN, **settings):
    """The text with which the load is refused; all is as it was."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, run, **{"on_change": "replace", **settings})
    before = scheduler.state_dict()
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before
    return str(error.value)


def test_a_branch_before_the_checkpoint_is_refused():
    plan = Constant(0.5).cooldown(steps(15), steps(10))
    assert refusal(plan, trained(Constant(0.5))) == (
        "the cooldown of lr of group 0 begins at 15, and the checkpoint stands at 20, after 20 "
        "updates of its trunk; load a checkpoint from before, or write .cooldown(at=steps(20), ...)"
    )
    run = Run(tokens(1e6), tokens_per_step=10, axis="token")
    plan = Constant(0.5).cooldown(tokens(150), tokens(10))
    assert refusal(plan, trained(Constant(0.5), run=run), run) == (
        "the cooldown of lr of group 0 begins at 150, and the checkpoint stands at 200, after 20 "
        "updates of its trunk; load a checkpoint from before, or write .cooldown(at=tokens(200), "
        "...)"
    )


def test_a_plan_that_is_no_branch_may_have_a_cooldown_that_is_under_way():
    state = trained(Constant(0.5).cooldown(steps(15), steps(10)))
    other = Constant(1.0).cooldown(steps(15), steps(10))
    optimizer, scheduler = branched(other, state)
    assert rates(optimizer, 5) == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])
    scheduler.detach()


def test_a_branch_off_a_run_that_cools_down_on_demand_is_refused():
    optimizer = sgd()
    scheduler = attach(optimizer, Constant(0.5), RUN)
    update(optimizer, 20)
    scheduler.cool_down(over=steps(5))
    words = refusal(Constant(0.5).cooldown(steps(30), steps(10)), scheduler.state_dict())
    assert words == (
        "lr of group 0 cools down since update 20 in the checkpoint, and the plan has a cooldown "
        "of its own; load a checkpoint from before it to branch, or attach the trunk to go on"
    )
    update(optimizer, 5)
