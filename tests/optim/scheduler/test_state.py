"""The state of a Scheduler: plain JSON, small, readable by later versions, refused when bad."""

from __future__ import annotations

import copy
import json
import math
from io import BytesIO

import pytest
import torch
from torch.distributed import checkpoint

from passo import (
    InversePower,
    Linear,
    PassoError,
    Plateau,
    Run,
    base,
    by_group,
    steps,
    tokens,
    warmup_cosine,
)
from passo.optim import attach
from tests.optim import make_fixtures
from tests.optim.make_fixtures import MADE, NEXT, STORIES, played, started
from tests.optim.tools import adam, sgd, update, weight
from tests.torches import OLD_TORCH

PLAIN = (dict, list, str, int, float, bool, type(None))

ALONE: dict = {} if OLD_TORCH else {"no_dist": True}


def plain(value) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(plain(each) for each in value)
    return type(value) in PLAIN and (not isinstance(value, float) or math.isfinite(value))


def saved(name):
    story = STORIES[name]
    optimizer, scheduler = started(story)
    played(optimizer, scheduler, story, 0, MADE)
    return scheduler.state_dict()


# -- later versions must read what this one wrote


def test_every_story_has_a_state_file():
    names = {file.stem for file in make_fixtures.FOLDER.glob("*.json")}
    first = [name for name in STORIES if STORIES[name].cools is None]
    assert names == {f"v1-{name}" for name in first} | {f"v2-{name}" for name in STORIES}


@pytest.mark.parametrize("file", sorted(make_fixtures.FOLDER.glob("*.json")), ids=lambda f: f.stem)
def test_a_state_file_of_any_version_goes_on_as_it_did(file):
    name = file.stem.split("-", 1)[1]
    told = json.loads(file.read_text("utf-8"))
    optimizer, scheduler = started(STORIES[name])
    scheduler.load_state_dict(told["state"])
    assert scheduler.clock == MADE
    then = played(optimizer, scheduler, STORIES[name], MADE, MADE + NEXT)
    assert len(then) == len(told["next"]) == NEXT
    for ours, theirs in zip(then, told["next"], strict=True):
        assert ours == {key: pytest.approx(each, rel=1e-12) for key, each in theirs.items()}


@pytest.mark.parametrize("name", STORIES)
def test_today_writes_what_the_file_of_this_version_holds(name):
    assert saved(name) == json.loads(make_fixtures.path(name).read_text("utf-8"))["state"]


# -- carriers


@pytest.mark.parametrize("name", STORIES)
def test_the_state_is_plain_json_and_is_not_changed_by_loading_it_twice(name):
    state = saved(name)
    assert plain(state)
    before = copy.deepcopy(state)
    optimizer, scheduler = started(STORIES[name])
    for _ in range(2):
        scheduler.load_state_dict(state)
        assert state == before
        assert scheduler.state_dict() == before
    assert optimizer.param_groups[0]["lr"] == scheduler.get_last_lr()[0]
    assert json.loads(json.dumps(state, allow_nan=False)) == state


@pytest.mark.parametrize("run", [None, Run(steps(10))], ids=str)
def test_a_state_is_the_same_after_it_was_loaded(run):
    plan = Linear(1.0, 0.0, steps(10))
    optimizer, other = sgd(), sgd()
    scheduler = attach(optimizer, plan, run)
    update(optimizer, 3)
    state = scheduler.state_dict()
    again = attach(other, plan, run)
    again.load_state_dict(state)
    assert again.state_dict() == state
    assert (state["clock"], state["offset"]) == (3, 0.0)


def test_the_state_does_not_change_when_training_goes_on():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=1))
    scheduler.report(loss=1.0)
    state = scheduler.state_dict()
    before = copy.deepcopy(state)
    for _ in range(5):
        scheduler.report(loss=1.0)
        update(optimizer)
    assert state == before


@pytest.mark.parametrize("name", STORIES)
def test_torch_save_and_load_with_weights_only(name):
    state = saved(name)
    torch.save(state, held := BytesIO())
    held.seek(0)
    assert torch.load(held, weights_only=True) == state


@pytest.mark.filterwarnings("ignore:torch.distributed is (disabled|unavailable)")
@pytest.mark.parametrize("name", ["warmup_cosine", "plateau-in-mid-patience", "tokens-that-vary"])
def test_a_distributed_checkpoint_carries_the_scheduler_as_a_stateful(name, tmp_path):
    assert isinstance(started(STORIES[name])[1], checkpoint.stateful.Stateful)
    story = STORIES[name]
    optimizer, scheduler = started(story)
    played(optimizer, scheduler, story, 0, MADE)
    checkpoint.save({"scheduler": scheduler}, checkpoint_id=tmp_path, **ALONE)
    then = played(optimizer, scheduler, story, MADE, MADE + NEXT)

    optimizer, scheduler = started(story)
    checkpoint.load({"scheduler": scheduler}, checkpoint_id=tmp_path, **ALONE)
    assert scheduler.clock == MADE
    assert played(optimizer, scheduler, story, MADE, MADE + NEXT) == then


# -- size


def size(scheduler) -> int:
    return len(json.dumps(scheduler.state_dict()))


def many(count, **fields):
    groups = [{"params": [weight()], "lr": 0.1 * 0.9**k, **fields} for k in range(count)]
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9)


def test_a_state_is_about_a_kilobyte():
    run = Run.of(1000, epochs=90)
    plan = {"lr": warmup_cosine() * Plateau("val_loss"), "momentum": Linear(0.8, 0.9)}
    assert size(attach(many(1), plan, run)) < 1500


@pytest.mark.parametrize("count", [10, 1000])
def test_each_further_group_costs_sixty_bytes(count):
    plan = warmup_cosine()
    run = Run(steps(1000))
    one, more = size(attach(many(1), plan, run)), size(attach(many(count), plan, run))
    assert (more - one) / (count - 1) < 60


def test_a_state_is_as_large_after_ten_thousand_updates_and_a_thousand_reductions():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.9))
    update(optimizer)
    scheduler.report(loss=1.0)
    before = size(scheduler)
    for _ in range(1000):
        scheduler.advance(10)
        scheduler.report(loss=1.0)
    assert size(scheduler) < before + 60
    assert scheduler.get_last_lr() == [0.9**1000]


# -- what is not a state is refused, and nothing is changed


def test_what_is_no_state_is_refused_whole_text():
    scheduler = attach(sgd(), Linear(1.0, 0.0, steps(10)))
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict({"epoch": 3})
    assert str(error.value).startswith("this is not the state of a passo Scheduler: it lacks ")


@pytest.mark.parametrize(
    ("rates", "base"), [((0.1,), "0.1"), ((0.1, 0.1), "0.1"), ((0.1, 0.2), "[0.1, 0.2]")]
)
def test_the_state_of_a_torch_scheduler_is_gone_on_with_by_seek(rates, base):
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in rates]
    old = torch.optim.lr_scheduler.StepLR(optimizer := torch.optim.SGD(groups, lr=1.0), 30)
    for _ in range(3):
        optimizer.step()
        old.step()
    scheduler = attach(torch.optim.SGD(groups, lr=1.0), Linear(1.0, 0.0, steps(10)))
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(old.state_dict())
    assert str(error.value) == (
        "this is the state of a torch scheduler after 3 of its steps, and not of a passo "
        f"Scheduler; write attach(..., base={base}) with what the run began with, and then "
        "scheduler.seek(steps(3)) if that was stepped after each update, or "
        "scheduler.seek(epochs(3)) if once an epoch"
    )
    assert scheduler.clock == 0


def test_a_later_version_is_refused_whole_text():
    scheduler = attach(sgd(), Linear(1.0, 0.0, steps(10)))
    state = scheduler.state_dict() | {"version": 3}
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(state)
    assert str(error.value) == "this state has version 3; this passo reads 1 and 2"


def spoiled():
    """States with one thing in them that cannot be."""
    for key, value in {
        "clock": -5,
        "at": float("nan"),
        "run": {"length": 3},
        "tracks": [],
        "fields": [[0, "lr", 7, 0.1]],
    }.items():
        yield pytest.param({key: value}, id=key)
    yield pytest.param({"clock": "5"}, id="clock is text")
    yield pytest.param({"clock": 2.5}, id="clock is no whole number")
    yield pytest.param({"fields": [[0, "lr", 0, float("inf")]]}, id="base is infinite")
    yield pytest.param({"fields": [[0, "lr"]]}, id="a field is short")
    yield pytest.param({"tracks": [{"begin": 0.0}]}, id="a track lacks its schedule")
    yield pytest.param({"fields": [[[], "lr", 0, 0.1]]}, id="a group is a list")
    yield pytest.param({"fields": None}, id="fields are nothing")
    yield pytest.param({"groups": 0}, id="fewer groups than fields")
    yield pytest.param({"groups": []}, id="fewer names than groups")
    yield pytest.param({"groups": ["a", 1]}, id="a name is a number")


@pytest.mark.parametrize("change", list(spoiled()))
def test_a_spoiled_state_is_refused_and_changes_nothing(change):
    optimizer = adam()
    scheduler = attach(optimizer, base * Linear(1.0, 0.0, steps(10)) * Plateau("loss"))
    update(optimizer, 3)
    before, values = scheduler.state_dict(), scheduler.values()
    with pytest.raises(PassoError):
        scheduler.load_state_dict(before | change)
    assert scheduler.state_dict() == before
    assert scheduler.values() == values
    assert optimizer.param_groups[0]["lr"] == values["lr"][0]


# -- files that somebody else wrote (issue 12, kind 5)


def at(place):
    return f"state.tracks[0].plateaus[0].{place}"


CANNOT_BE = {
    "reductions=-3": f"{at('reductions')} must be a whole number of at least 0, got -3",
    "reductions=1.9": f"{at('reductions')} must be a whole number of at least 0, got 1.9",
    "bad=-5": f"{at('bad')} must be a whole number of at least 0, got -5",
    "bad=None": f"{at('bad')} must be a whole number of at least 0, got None",
    "bad=3": f"{at('bad')} is at most the patience of 2, got 3",
    "cooling=2": f"{at('cooling')} is at most the cooldown of 1, got 2",
    "best='x'": f"{at('best')} must be the repr of a float such as '0.25', got 'x'",
    "best='1_0'": f"{at('best')} must be the repr of a float such as '0.25', got '1_0'",
    "best='nan'": f"{at('best')} must be the repr of a float such as '0.25', got 'nan'",
    "best='inf'": f"{at('best')} of mode 'min' is never 'inf'",
    "fell=2.0": f"{at('fell')} is 2.0, and there were no reductions",
    "fell=10**400": f"{at('fell')} must be finite, got {'1' + '0' * 56}...",
    "reductions=10**400": (
        f"{at('reductions')} must be at most 1,000,000,000,000,000,000, got {'1' + '0' * 56}..."
    ),
    "clock=10**400": (
        f"state.clock must be at most 1,000,000,000,000,000,000, got {'1' + '0' * 56}..."
    ),
    "at=5.0": "state.at is the clock where steps are counted, and the clock is 3, got 5.0",
    "offset='1'": "state.offset must be a number, got '1'",
    "end=[[]]": (
        "state has no 'end'; it has version, clock, at, run, tracks, fields, groups, offset, "
        "cooldown"
    ),
    "version=True": "this state has version True; this passo reads 1 and 2",
    "fields=[[True, 'lr', 0, 1.0]]": (
        "state.fields[0].group must be a whole number of at least 0, got True"
    ),
    "fields=[[0, 'lr', 0, 1.0], [0, 'lr', 0, 1.0]]": (
        "state.fields[1] says again what 'lr' of group 0 follows"
    ),
    "fields=[[1, 'lr', 0, 1.0], [0, 'lr', 0, 1.0]]": (
        "state.groups must be at least 2, as its fields are, got 1"
    ),
    "fields=[[0, 'lr', 0, -1.0]]": (
        "the state cannot be gone on with: from base -1, lr of group 0 would go from -1 to -0, and "
        "it must stay at least 0; load the state of another time"
    ),
    "fields=[[0, 'lr', 0, 1e300]]": (
        "the state cannot be gone on with: from base 1e+300, lr of group 0 would go from 0 to "
        "1e+300, and it must stay within 3.4e+38; load the state of another time"
    ),
}


@pytest.mark.parametrize("change", CANNOT_BE)
def test_what_cannot_be_is_refused_with_its_place_and_the_next_updates_are_as_ever(change):
    plan = base * Linear(1.0, 0.0, steps(10)) * Plateau("loss", patience=2, cooldown=1)
    alike = [sgd(), sgd()]
    one, other = (attach(optimizer, plan, on_change="keep") for optimizer in alike)
    for optimizer in alike:
        update(optimizer, 3)
    state = copy.deepcopy(one.state_dict())
    name, value = change.split("=")
    memory = state["tracks"][0]["plateaus"][0]
    (memory if name in memory else state)[name] = eval(value)
    with pytest.raises(PassoError) as error:
        one.load_state_dict(state)
    assert str(error.value) == CANNOT_BE[change]
    assert one.state_dict() == other.state_dict()
    for optimizer in alike:
        update(optimizer, 2)
    assert one.values() == other.values()


def test_a_base_from_which_a_field_would_leave_its_upper_bound_is_refused():
    optimizer = adam()
    scheduler = attach(
        optimizer, {"betas[1]": base * Linear(1.0, 0.5, steps(10))}, on_change="keep"
    )
    state = copy.deepcopy(scheduler.state_dict())
    state["fields"][0][3] = 1.5
    with pytest.raises(PassoError, match=r"from base 1.5, betas\[1\] of group 0 would go from"):
        scheduler.load_state_dict(state)


@pytest.mark.parametrize("given", [None, [], 3, "state"])
def test_what_is_no_mapping_is_no_state(given):
    scheduler = attach(optimizer := sgd(), base)
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(given)
    assert str(error.value) == f"a state is what scheduler.state_dict() gave, got {given!r}"
    update(optimizer)


def test_a_load_that_the_trace_refuses_leaves_the_scheduler_as_it_was(tmp_path):
    optimizer, path = sgd(), tmp_path / "run.jsonl"
    scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10)), record=path)
    state = scheduler.state_dict()
    update(optimizer, 3)
    before = scheduler.state_dict()
    held = path.read_bytes()
    path.write_bytes(b"x" + held)
    with pytest.raises(PassoError, match="does not begin with the whole header line of a trace"):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before
    update(optimizer)
    assert scheduler.get_last_lr() == [0.6]


def test_a_clock_before_a_groups_begin_gives_the_groups_first_value():
    optimizer = sgd()
    scheduler = attach(optimizer, InversePower(1.0, steps(2)), join="now")
    update(optimizer, 10)
    optimizer.add_param_group({"params": [weight()]})
    update(optimizer, 2)
    scheduler.seek(0)
    assert scheduler.get_last_lr() == [1.0, 1.0]
    scheduler.load_state_dict(scheduler.state_dict())
    update(optimizer, 2)
    assert scheduler.get_last_lr() == [2**-0.5, 1.0]


def test_what_another_rule_counted_is_kept_within_what_todays_counts():
    patient = base * Plateau("loss", patience=9, cooldown=9)
    scheduler = attach(sgd(), patient)
    for _ in range(6):
        scheduler.report(loss=1.0)
    optimizer = sgd()
    hasty = attach(optimizer, base * Plateau("loss", patience=2), on_change="replace")
    hasty.load_state_dict(scheduler.state_dict())
    hasty.load_state_dict(hasty.state_dict())
    assert hasty.get_last_lr() == [1.0]
    hasty.report(loss=1.0)
    assert hasty.get_last_lr() == [0.1]


def test_loading_forgets_what_was_counted_for_an_update_that_never_came():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0, tokens(1000)), Run(tokens(1000), axis="token"))
    state = scheduler.state_dict()
    scheduler.count(tokens=500)
    scheduler.load_state_dict(state)
    scheduler.count(tokens=100)
    update(optimizer)
    assert scheduler.get_last_lr() == [0.9]


def test_after_loading_nothing_is_told_that_no_update_here_used():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10)))
    update(optimizer, 5)
    state = scheduler.state_dict()
    assert scheduler.last_used() == {"lr": [0.6]}
    fresh = attach(other := sgd(), Linear(1.0, 0.0, steps(10)))
    fresh.load_state_dict(state)
    assert fresh.last_used() in (None, {"lr": [0.6]})
    update(other)
    assert fresh.last_used() == {"lr": [0.5]}
    fresh.seek(2)
    assert fresh.last_used() in (None, {"lr": [0.9]})


def test_a_group_that_no_plan_covers_is_not_in_the_state():
    optimizer = torch.optim.SGD([{"params": [weight()], "name": n} for n in "ab"], lr=1.0)
    scheduler = attach(optimizer, by_group({"a": base, "b": None}))
    assert "[1," not in json.dumps(scheduler.state_dict()["fields"])
