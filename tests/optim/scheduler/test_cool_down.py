"""`scheduler.cool_down(...)`: a run of unknown length ends from now on."""

from __future__ import annotations

import copy
import json
from functools import partial

import pytest
import torch

import passo
from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    by_group,
    epochs,
    percent,
    rest,
    steps,
    tokens,
)
from passo.optim.scheduler.cooled import planned_updates
from passo.trace import Trace
from tests.optim.tools import adam, on_ranks, rates, said, sgd, update, used, weight

ramp = Linear(0.0, 1.0, steps(4)).then(Constant(1.0))


def cooled(plan=ramp, run=None, after=6, over=steps(4), **arguments):
    """An optimizer and its Scheduler, told to cool down after some updates."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, run)
    update(optimizer, after)
    scheduler.cool_down(over=over, **arguments)
    return optimizer, scheduler


def two(**settings):
    """SGD of two groups."""
    groups = [{"params": [weight()], "name": "a"}, {"params": [weight()], "name": "b"}]
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9, **settings)


# -- the values


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
@pytest.mark.parametrize("end", [0.0, 0.25, 0.5 * base])
def test_it_goes_from_the_value_that_is_there_to_the_end(end, shape):
    optimizer, _ = cooled(end=end, shape=shape)
    planned = ramp.cooldown(steps(6), steps(4), end, shape)
    planned = planned.with_base(1.0) if planned.relative else planned
    assert rates(optimizer, 4) == [planned(t) for t in range(6, 10)]


def test_a_cooldown_in_the_midst_of_a_warm_up_begins_where_that_is():
    optimizer, _ = cooled(after=2, over=steps(2))
    assert rates(optimizer, 2) == [0.5, 0.25]


def test_each_group_cools_from_where_it_is_and_other_fields_go_on():
    optimizer = two()
    plan = {
        "lr": by_group({"a": base, "b": 0.1 * base}),
        "momentum": Linear(0.8, 0.9, steps(10)),
    }
    scheduler = attach(optimizer, plan)
    update(optimizer, 5)
    scheduler.cool_down(over=steps(2))
    line = Linear(0.8, 0.9, steps(10))
    assert scheduler.values() == {"lr": [1.0, 0.1], "momentum": [line(5)] * 2}
    update(optimizer)
    assert scheduler.values() == {"lr": [0.5, 0.05], "momentum": [line(6)] * 2}


def test_fields_that_share_a_schedule_part_where_one_of_them_cools():
    line = Linear(0.8, 0.4, steps(8))
    optimizer = sgd(momentum=0.9)
    scheduler = attach(optimizer, {"lr": line, "momentum": line})
    update(optimizer, 4)
    scheduler.cool_down(over=steps(2), key="momentum")
    assert used(optimizer, 2, "lr") == [[line(4)], [line(5)]]
    assert scheduler.values() == {"lr": [line(6)], "momentum": [0.0]}


def test_a_value_that_no_group_holds_cools_too():
    optimizer = sgd()
    scheduler = attach(optimizer, base, values={"noise": 0.5})
    update(optimizer, 3)
    scheduler.cool_down(over=steps(2), key="noise")
    update(optimizer)
    assert (scheduler["noise"], scheduler["lr"]) == (0.25, 1.0)


def test_a_plateau_keeps_the_factor_that_it_has_then():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
    update(optimizer, 2)
    scheduler.report(loss=1.0)
    scheduler.report(loss=1.0)
    scheduler.cool_down(over=steps(2))
    update(optimizer)
    assert scheduler.report(loss=1.0) == ()
    assert rates(optimizer, 1) == [0.25]


def test_without_an_optimizer_it_ends_what_is_counted_by_calls():
    scheduler = attach(None, values={"ema": 0.5})
    for _ in range(3):
        scheduler.step()
    scheduler.cool_down(over=steps(2), end=1.0, key="ema")
    scheduler.step()
    assert scheduler["ema"] == 0.75


def test_a_group_that_joins_later_is_over_with_the_others():
    first = weight()
    optimizer = torch.optim.SGD([first], lr=1.0)
    scheduler = attach(optimizer, base, join="now")
    update(optimizer, 4)
    scheduler.cool_down(over=steps(4))
    update(optimizer, 2)
    optimizer.add_param_group({"params": [weight()], "lr": 0.1})
    assert used(optimizer, 2) == [[0.5, 0.1], [0.25, 0.05]]
    assert scheduler.values() == {"lr": [0.0, 0.0]}
    optimizer.add_param_group({"params": [weight()], "lr": 0.1})
    assert scheduler.values() == {"lr": [0.0, 0.0, 0.0]}


def test_a_group_with_a_clock_of_its_own_cools_at_the_same_update():
    run = Run(steps(20))
    optimizer = torch.optim.SGD([weight()], lr=1.0)
    scheduler = attach(optimizer, Constant(1.0), run, join="now")
    update(optimizer, 2)
    optimizer.add_param_group({"params": [weight()]})
    update(optimizer, 2)
    scheduler.cool_down(over=rest)
    update(optimizer, 8)
    assert scheduler.values() == {"lr": [0.5, 0.5]}


# -- how long


@pytest.mark.parametrize(
    ("over", "until"),
    [
        (steps(10), 16.0),
        (epochs(2), 26.0),
        (percent(10), 16.0),
        (tokens(40), 10.0),
        (rest, 100.0),
    ],
    ids=str,
)
def test_a_span_of_any_unit_is_measured_on_the_run(over, until):
    run = Run(steps(100), steps_per_epoch=10, tokens_per_step=10)
    _, scheduler = cooled(run=run, over=over)
    assert scheduler.cooldown.until == until


def test_on_a_clock_of_tokens_it_begins_at_the_tokens_that_were_seen():
    run = Run(tokens(1000), axis="token")
    optimizer = sgd()
    scheduler = attach(optimizer, 1.0, run)
    for amount in (10, 25):
        scheduler.count(tokens=amount)
        update(optimizer)
    scheduler.cool_down(over=tokens(20))
    assert (scheduler.cooldown.clock, scheduler.cooldown.at, scheduler.cooldown.until) == (
        2,
        35,
        55,
    )
    scheduler.count(tokens=5)
    update(optimizer)
    assert scheduler.get_last_lr() == [0.75]


def looped(scheduler, optimizer, after=6, over=steps(4)):
    """The loop of a run of unknown length."""
    made = 0
    while scheduler.cooldown is None or scheduler.position < scheduler.cooldown.until:
        if scheduler.clock == after and scheduler.cooldown is None:
            scheduler.cool_down(over=over)
        update(optimizer)
        made += 1
    return made


@pytest.mark.parametrize("run", [None, Run(steps(1000))], ids=["no run", "a longer run"])
def test_a_run_that_ends_with_its_cooldown_gets_no_word(run):
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, ramp, run)
        assert looped(scheduler, optimizer) == 10
        scheduler.detach()

    assert said(story) == []


def test_a_run_that_stops_short_of_its_cooldown_ended_early():
    def story():
        optimizer, scheduler = cooled(run=Run(steps(1000)))
        update(optimizer, 3)
        scheduler.detach()

    assert said(story) == [
        "the run ended early: planned 10 updates, made 9; lr was 0.5 last, and its plan ends at 0"
    ]


PAST = (
    "update 10 is past the end of cool_down(over=steps(4), end=0, shape='linear', key='lr'): "
    "the clock counts updates, 11 by now; from here on lr stays at 0; write: "
    "while scheduler.position < scheduler.cooldown.until: around the loop's updates"
)


@pytest.mark.parametrize("run", [None, Run(steps(1000))], ids=["no run", "a longer run"])
def test_an_update_past_the_cooldown_is_past_the_end(run):
    def story():
        optimizer, scheduler = cooled(run=run)
        update(optimizer, 6)
        scheduler.detach()

    late = "the run ended late: planned 10 updates, made 12; lr was 0 last, and its plan ends at 0"
    assert said(story) == [PAST, late]


def test_the_last_update_of_growing_batches_is_no_late_end():
    def story(last):
        optimizer = sgd()
        scheduler = attach(optimizer, base, Run(tokens(100), axis="token"))
        for amount in [2] * 15 + [30, 60, *last]:
            scheduler.count(tokens=amount)
            update(optimizer)
        scheduler.detach()

    assert said(partial(story, [])) == []
    assert len(said(partial(story, [60]))) == 2


def test_a_strict_run_stops_at_the_end_of_its_cooldown():
    optimizer = sgd()
    scheduler = attach(optimizer, ramp, Run(steps(1000)), strict=True)
    assert looped(scheduler, optimizer) == 10
    with pytest.raises(PassoError) as error:
        update(optimizer)
    assert str(error.value) == (
        "update 10 is past the end of cool_down(over=steps(4), end=0, shape='linear', key='lr'); "
        "write while scheduler.position < scheduler.cooldown.until: around it, or "
        "strict=False to hold the last value"
    )
    assert scheduler.clock == 10


# -- the state


def test_the_state_holds_the_event_beside_the_plan():
    _, scheduler = cooled(end=0.5 * base)
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["cooldown"] == {
        "key": "lr",
        "clock": 6,
        "at": 6.0,
        "over": {"span": "4", "unit": "steps"},
        "end": (0.5 * base).to_spec(),
        "shape": "linear",
    }
    assert state["tracks"][0]["schedule"] == ramp.to_spec()
    again = sgd()
    twin = attach(again, ramp)
    twin.load_state_dict(state)
    assert twin.cooldown == scheduler.cooldown
    assert twin.state_dict() == state


def test_a_state_from_before_takes_the_cooldown_back():
    optimizer = sgd()
    scheduler = attach(optimizer, ramp)
    update(optimizer, 6)
    state = scheduler.state_dict()
    scheduler.cool_down(over=steps(2))
    update(optimizer)
    scheduler.load_state_dict(state)
    assert (scheduler.cooldown, rates(optimizer, 2)) == (None, [1.0, 1.0])
    scheduler.cool_down(over=steps(2))
    assert rates(optimizer, 2) == [1.0, 0.5]


def test_seek_before_it_goes_through_it_again():
    optimizer, scheduler = cooled()
    scheduler.seek(5)
    assert rates(optimizer, 4) == [1.0, 1.0, 0.75, 0.5]


def test_a_copy_cools_down_too():
    optimizer, scheduler = cooled()
    twin = copy.deepcopy(scheduler)
    assert twin.cooldown == scheduler.cooldown
    assert rates(twin.optimizer, 4) == rates(optimizer, 4) == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize("on_change", ["keep", "replace"])
def test_a_plan_that_was_changed_meanwhile_cools_down_as_it_was_told(on_change):
    _, scheduler = cooled(Constant(1.0))
    optimizer = sgd()
    other = attach(optimizer, Constant(0.5), on_change=on_change)
    other.load_state_dict(scheduler.state_dict())
    peak = 1.0 if on_change == "keep" else 0.5
    assert rates(optimizer, 4) == [peak, 0.75 * peak, 0.5 * peak, 0.25 * peak]


def test_replaced_by_a_run_of_another_axis_it_begins_at_the_same_update():
    _, scheduler = cooled(Constant(1.0), Run(steps(100), tokens_per_step=10), over=tokens(40))
    optimizer = sgd()
    run = Run(tokens(1000), tokens_per_step=10, axis="token")
    other = attach(optimizer, Constant(1.0), run, on_change="replace")
    other.load_state_dict(scheduler.state_dict())
    assert (other.cooldown.at, other.cooldown.until) == (60.0, 100.0)
    assert rates(optimizer, 4) == [1.0, 0.75, 0.5, 0.25]


def test_the_tokens_at_which_it_began_are_those_that_were_seen_then():
    run = Run(tokens(1000), tokens_per_step=10, axis="token")
    optimizer = sgd()
    scheduler = attach(optimizer, Constant(1.0), run)
    for _ in range(6):
        scheduler.count(tokens=8)
        update(optimizer)
    scheduler.cool_down(over=tokens(40))
    other = attach(today := sgd(), Constant(1.0), run)
    other.load_state_dict(scheduler.state_dict())
    assert today.param_groups[0]["lr"] == 1.0
    assert other.cooldown == scheduler.cooldown
    assert (other.cooldown.at, other.cooldown.until) == (48.0, 88.0)


def test_an_end_that_another_field_could_not_hold_is_none_of_its_business():
    optimizer = adam()
    scheduler = attach(optimizer, {"lr": 1.0, "betas[1]": 0.99})
    scheduler.cool_down(over=steps(4), end=2.0)
    update(optimizer, 4)
    assert scheduler.get_last_lr() == [2.0]


@pytest.mark.parametrize(("over", "held"), [(1.0, True), (1.0001, False)])
def test_the_end_may_be_the_largest_number_that_the_parameters_hold(over, held):
    optimizer = sgd()
    scheduler = attach(optimizer, 0.5)
    end = torch.finfo(torch.float32).max * over
    if held:
        scheduler.cool_down(over=steps(4), end=end)
    else:
        with pytest.raises(PassoError, match="must stay within"):
            scheduler.cool_down(over=steps(4), end=end)
    assert (scheduler.cooldown is not None) is held


def test_replaced_by_no_run_it_begins_at_the_same_update():
    by_tokens = Run(tokens(1000), tokens_per_step=10, axis="token")
    _, scheduler = cooled(Constant(1.0), by_tokens, over=steps(4))
    optimizer = sgd()
    other = attach(optimizer, Constant(1.0), on_change="replace")
    other.load_state_dict(scheduler.state_dict())
    assert (other.cooldown.at, other.cooldown.until) == (6.0, 10.0)
    assert rates(optimizer, 4) == [1.0, 0.75, 0.5, 0.25]


STATES = {
    "a key that no field has": (
        {"key": "momentum"},
        "state.cooldown is of 'momentum', and no field of the state has it",
    ),
    "over nothing": (
        {"over": {"span": "0", "unit": "steps"}},
        (
            "state.cooldown cannot be on the run of the state: over must be longer than nothing, "
            "got steps(0)"
        ),
    ),
    "a shape that is not there": (
        {"shape": "square"},
        (
            "state.cooldown cannot be on the run of the state: shape must be one of 'linear', "
            "'cosine', '1-sqrt', got 'square'"
        ),
    ),
    "a moment that is not its clock": (
        {"at": 5.5},
        "state.cooldown.at is its clock where steps are counted, and that is 6, got 5.5",
    ),
    "an end that moves": (
        {"end": Linear(0, 1, steps(3)).to_spec()},
        (
            "state.cooldown cannot be on the run of the state: end must be a number or an "
            "expression of base, got Linear(0, 1, steps(3))"
        ),
    ),
    "a span that is none": (
        {"over": 4},
        'state.cooldown.over: a span\'s spec is {"span": "5", "unit": "steps"}, got 4',
    ),
    "a unit that no run measures": (
        {"over": {"span": "1", "unit": "epochs"}},
        (
            "state.cooldown cannot be on the run of the state: epochs(1) needs a run; write "
            "attach(optimizer, plan, Run.of(len(loader), epochs=90))"
        ),
    ),
}


@pytest.mark.parametrize(("changed", "words"), STATES.values(), ids=STATES)
def test_a_state_whose_cooldown_cannot_be_is_refused_with_all_as_it_was(changed, words):
    _, scheduler = cooled()
    state = scheduler.state_dict()
    state["cooldown"] |= changed
    optimizer = sgd()
    other = attach(optimizer, ramp)
    with pytest.raises(PassoError) as error:
        other.load_state_dict(state)
    assert str(error.value) == words
    assert (other.clock, other.cooldown) == (0, None)


# -- what is said, and what the trace holds


def test_a_scheduler_says_that_it_cools_down():
    _, scheduler = cooled(Constant(1.0), Run(steps(1000)))
    assert repr(scheduler) == (
        "Scheduler at update 6 of Run(steps(1000))\n"
        "  cool_down(over=steps(4), end=0, shape='linear', key='lr'), called after 6 updates: over "
        "at update 10\n"
        "  lr of group 0: Constant(1).cooldown(steps(6), steps(4)); last 1, next 1"
    )


def test_the_trace_holds_the_event_and_what_was_planned_from_then_on(tmp_path):
    path = tmp_path / "run.jsonl"
    optimizer = sgd()
    plan = Constant(1.0) * Plateau("loss", patience=0, factor=0.5)
    scheduler = attach(optimizer, plan, Run(steps(1000)), record=path)
    update(optimizer, 3)
    scheduler.report(loss=1.0)
    scheduler.report(loss=1.0)
    update(optimizer, 3)
    scheduler.cool_down(over=steps(4))
    update(optimizer, 4)
    scheduler.detach()
    trace = Trace.load(path)
    (event,) = [each for each in trace.events if each.kind == "cool_down"]
    assert (event.clock, event.detail) == (
        6,
        {**scheduler.cooldown.to_spec(), "until": 10.0},
    )
    assert trace.used("lr")[1] == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.375, 0.25, 0.125]
    (line,) = passo.plot.planned(trace)
    seen = dict(zip(line.updates, line.values, strict=True))
    assert (seen[6.0], seen[10.0], max(line.updates)) == (0.5, 0.0, 10.0)


def test_a_cooldown_that_a_resumed_run_has_is_planned_to_its_end(tmp_path):
    _, scheduler = cooled(Constant(1.0), Run(steps(1000)))
    path = tmp_path / "run.jsonl"
    optimizer = sgd()
    other = attach(optimizer, Constant(1.0), Run(steps(1000)), record=path)
    other.load_state_dict(scheduler.state_dict())
    update(optimizer, 4)
    other.detach()
    (line,) = passo.plot.planned(Trace.load(path))
    assert (line.updates[-1], line.values[-1]) == (10.0, 0.0)


# -- what is refused, with nothing changed

over = partial(dict, over=steps(4))
REFUSED = {
    "over nothing": (over(over=steps(0)), "over must be longer than nothing, got steps(0)"),
    "a span without a unit": (
        over(over=500),
        "over must be a span, got 500; write steps(500) or epochs(500)",
    ),
    "a key that is not driven": (
        over(key="weight_decay"),
        "nothing drives 'weight_decay', so it cannot cool down; the keys are 'lr', 'noise'",
    ),
    "a key that is none": (
        over(key=3),
        "nothing drives 3, so it cannot cool down; the keys are 'lr', 'noise'",
    ),
    "an end that is not finite": (
        over(end=float("inf")),
        "end must be finite, got inf",
    ),
    "an end that moves": (
        over(end=Linear(1, 0, steps(3))),
        "end must be a number or an expression of base, got Linear(1, 0, steps(3))",
    ),
    "an end that the field cannot hold": (
        over(end=-1.0),
        (
            "'lr' of param group 0 must stay at least 0, and the cooldown would end at -1; write "
            "an end within that, such as end=0.0"
        ),
    ),
    "an end of base for a value that has none": (
        over(key="noise", end=0.1 * base),
        "the value 'noise' has no base: write a number for the end, got 0.1 * base",
    ),
    "a shape that is not there": (
        over(shape="square"),
        "shape must be one of 'linear', 'cosine', '1-sqrt', got 'square'",
    ),
    "a span that needs a run": (
        over(over=epochs(2)),
        "epochs(2) needs a run; write attach(optimizer, plan, Run.of(len(loader), epochs=90))",
    ),
    "the rest of no run": (
        over(over=rest),
        "rest needs a run; write attach(optimizer, plan, Run.of(len(loader), epochs=90))",
    ),
    "nothing at all": (
        {},
        (
            "Scheduler.cool_down: missing a required argument: 'over'; it takes (over, end, shape, "
            "key), write scheduler.cool_down(over=steps(1000))"
        ),
    ),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_cooldown_is_refused_with_all_as_it_was(arguments, words):
    optimizer = sgd()
    scheduler = attach(optimizer, ramp, values={"noise": 0.5})
    update(optimizer, 6)
    before = scheduler.state_dict()
    with pytest.raises(PassoError) as error:
        scheduler.cool_down(**arguments)
    assert str(error.value) == words
    assert (scheduler.state_dict(), scheduler.cooldown) == (before, None)
    assert rates(optimizer, 2) == [1.0, 1.0]


@pytest.mark.parametrize("at", [5, 6])
def test_where_nothing_of_the_run_is_left_there_is_no_rest(at):
    optimizer = sgd()
    scheduler = attach(optimizer, ramp, Run(steps(5)))
    told = said(lambda: update(optimizer, at))
    assert [each.split(":")[0] for each in told] == ["update 5 is past the end of Run(steps(5))"][
        : at - 5
    ]
    with pytest.raises(PassoError) as error:
        scheduler.cool_down(over=rest)
    assert str(error.value) == (
        f"nothing is left of Run(steps(5)) at {at}, and the cooldown is over rest; write "
        "over=steps(500)"
    )
    scheduler.cool_down(over=steps(500))
    assert scheduler.cooldown.until == at + 500.0
    update(optimizer, 500)


ONCE = (
    "'lr' cools down already, from update 6 to update 10{}, and a run ends once; call it only "
    "where scheduler.cooldown is None, or load a state from before that update to end it otherwise"
)


@pytest.mark.parametrize("made", [1, 0])
@pytest.mark.parametrize("key", ["lr", "momentum"])
def test_a_second_one_is_refused(key, made):
    optimizer = sgd(momentum=0.9)
    scheduler = attach(optimizer, {"lr": ramp, "momentum": 0.9})
    scheduler.seek(6)
    scheduler.cool_down(over=steps(4))
    update(optimizer, made)
    before = scheduler.state_dict()
    with pytest.raises(PassoError) as error:
        scheduler.cool_down(over=steps(9), key=key)
    assert str(error.value) == ONCE.format("")
    assert scheduler.state_dict() == before
    assert rates(optimizer, 2) == [[1.0, 0.75], [0.75, 0.5]][made]


def test_a_script_that_calls_it_again_after_a_resume_is_told_that_the_state_has_it():
    _, scheduler = cooled()
    optimizer = sgd()
    other = attach(optimizer, ramp)
    other.load_state_dict(scheduler.state_dict())
    with pytest.raises(PassoError) as error:
        other.cool_down(over=steps(4))
    assert str(error.value) == ONCE.format(", as the state that was loaded says")
    assert looped(other, optimizer) == 4


def test_a_scheduler_that_was_detached_does_not_cool_down():
    optimizer = sgd()
    scheduler = attach(optimizer, ramp)
    scheduler.detach()
    with pytest.raises(PassoError) as error:
        scheduler.cool_down(over=steps(4))
    assert str(error.value) == (
        "this Scheduler was detached, and drives nothing; attach the plan again to cool down"
    )


def test_a_share_of_a_run_that_was_ended_cannot_be_told():
    _, scheduler = cooled(run=Run(steps(1000)))
    optimizer = adam()
    other = attach(optimizer, Constant(0.5), Run(steps(2000)), on_change="rescale")
    with pytest.raises(PassoError) as error:
        other.load_state_dict(scheduler.state_dict())
    assert str(error.value) == (
        "'lr' cools down since update 6, and there is no share of a run that was ended on demand; "
        'write on_change="replace" or "keep"'
    )
    assert other.clock == 0


# -- several processes

TOGETHER = """
from passo import PassoError, attach, steps
from tests.optim.tools import rates, sgd, update

optimizer = sgd()
scheduler = attach(optimizer, 1.0)
update(optimizer, {updates})
try:
    scheduler.cool_down(over={over})
    print(rates(optimizer, 2))
except PassoError as error:
    print(error, scheduler.cooldown, scheduler.get_last_lr())
scheduler.detach()
"""


def test_ranks_cool_down_together_or_not_at_all():
    stories = {
        "same": TOGETHER.format(updates=3, over="steps(2)"),
        "clock": TOGETHER.format(updates="3 + rank", over="steps(2)"),
        "span": TOGETHER.format(updates=3, over="steps(2 + rank)"),
        "bad": TOGETHER.format(updates=3, over="steps(2 * rank)"),
    }
    told = on_ranks(stories, 2)
    assert told["same"] == [["[1.0, 0.5]"]] * 2
    call = "cool_down(over=steps({}), end=0, shape='linear', key='lr') after update {}"
    for name, calls in (("clock", ((2, 3), (2, 4))), ("span", ((2, 3), (3, 3)))):
        both = " | ".join(call.format(*each) for each in calls)
        words = (
            f"the ranks cool down differently: {both}; call it with the same arguments after the "
            "same update on each None [1.0]"
        )
        assert told[name] == [[words]] * 2
    words = "over must be longer than nothing, got steps(0)"
    assert told["bad"] == [
        [f"{words} None [1.0]"],
        [f"rank 0 does not cool down: {words} None [1.0]"],
    ]


# -- how many updates are planned, for what is said of a run that ends early


def planned(scheduler):
    return planned_updates(scheduler.driver, scheduler.settings)


def test_a_cooldown_that_is_called_for_plans_the_end_whatever_the_plan_had():
    decay = Constant(0.1).cooldown(at=steps(2), over=steps(3))
    scheduler = attach(optimizer := sgd(), {"lr": 1.0, "weight_decay": decay}, Run(steps(30)))
    assert planned(scheduler) == 5
    scheduler.advance(6)
    scheduler.cool_down(over=steps(10))
    assert planned(scheduler) == 16
    assert optimizer.param_groups[0]["weight_decay"] == 0.0


def test_a_cooldown_of_a_group_that_joined_late_is_over_as_much_later():
    optimizer = sgd()
    plan = Constant(1.0).cooldown(at=steps(2), over=steps(3))
    scheduler = attach(optimizer, plan, Run(steps(30)), join="now")
    scheduler.advance(4)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    scheduler.values()  # it looks which groups are there
    assert planned(scheduler) == 9


def test_no_more_updates_are_planned_than_the_run_has():
    plan = Constant(1.0).cooldown(at=steps(10), over=steps(20))
    scheduler = attach(optimizer := sgd(), plan, Run(steps(15)))
    assert planned(scheduler) == 15
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_an_end_beyond_what_the_parameters_hold_is_refused_by_the_base_of_the_group():
    scheduler = attach(optimizer := sgd(1e38), base, Run(steps(30)))
    with pytest.raises(PassoError) as caught:
        scheduler.cool_down(over=steps(4), end=10 * base)
    assert str(caught.value) == (
        "'lr' of param group 0 must stay within 3.4e+38, and the cooldown would end at 1e+39; "
        "write an end within that, such as end=0.0"
    )
    assert scheduler.cooldown is None
    assert optimizer.param_groups[0]["lr"] == 1e38


def test_states_are_the_same_whether_a_cooldown_was_called_for_loaded_or_taken_back():
    def built():
        optimizer = sgd(0.5, weight_decay=0.1)
        return optimizer, attach(
            optimizer, {"weight_decay": base, "lr": Linear(1, 0.9)}, Run(steps(10))
        )

    optimizer, scheduler = built()
    update(optimizer, 3)
    before = scheduler.state_dict()
    scheduler.cool_down(over=steps(4))
    cooled = scheduler.state_dict()
    assert [track["schedule"] for track in cooled["tracks"]] == [
        track["schedule"] for track in before["tracks"]
    ]
    _, again = built()
    again.load_state_dict(cooled)
    assert again.state_dict() == cooled
    again.load_state_dict(before)
    assert again.state_dict() == before
    scheduler.load_state_dict(before)
    assert scheduler.state_dict() == before
