"""What a Scheduler advises where a state, a base or an optimizer under way does not fit."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from passo import Constant, Cosine, Linear, Plateau, Run, attach, base, steps
from tests.advice.table import Table, Told
from tests.optim.checkpoints import COSINE, LINEAR, TEN, TWENTY, loaded, saved
from tests.optim.tools import rates, sgd, update, weight

FALLING = base * Linear(1.0, 0.0, steps(10))
BOTH = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, steps(10))}
tried = Table(loaded=loaded, FALLING=FALLING, LINEAR=LINEAR)


def taken_up(state: Any, plan: Any, run: Run | None, on_change: str) -> Any:
    """The Scheduler that went on from that state, three updates further."""
    optimizer, scheduler = loaded(state, plan, run, on_change)
    update(optimizer, 3)
    return scheduler


# -- a plan that changed


@tried(
    "write {} {}",
)
def a_changed_plan_is_taken_up_in_each_way_that_is_offered(told: Told) -> None:
    floored = Cosine(base, 0.1 * base, steps(10))
    cases = [
        ((COSINE, TEN), (LINEAR, TWENTY), ["keep", "replace", "rescale"]),
        ((BOTH, TEN), (COSINE, TEN), ["replace", "rescale"]),
        ((COSINE, TEN), (BOTH, TEN), ["keep", "replace", "rescale"]),
        ((FALLING, None), (floored, None), ["keep", "replace"]),
        ((FALLING, TEN), (floored, None), ["keep", "replace"]),
        ((FALLING, None), (floored, TEN), ["keep", "replace"]),
        (({"lr": FALLING, "weight_decay": Constant(0.1)}, None), (floored, None), ["replace"]),
    ]
    for before, today, ways in cases:
        state = saved(*before)
        text = told(lambda: loaded(state, *today))  # noqa: B023 (called at once)
        offered = text.quoted(r"write attach\(\.\.\., on_change=(.*)$")
        assert re.findall(r'"(\w+)"\)? for', offered) == ways
        for way in ways:
            assert taken_up(state, *today, way).clock in (8, 13)


@tried(
    'on_change="rescale" needs a run on both sides; write {}',
)
def what_is_rescaled_has_a_run_today(told: Told) -> None:
    state = saved(FALLING, TEN)
    plan = Cosine(base, 0.0, steps(20))
    told(lambda: loaded(state, plan, None, "rescale")).words("write attach(..., run)")
    assert taken_up(state, plan, TWENTY, "rescale").clock == 13


@tried(
    'on_change="rescale" needs a run on both sides, and the checkpoint has none; write '
    'on_change="replace"',
)
def what_is_rescaled_had_a_run_before(told: Told) -> None:
    state = saved(FALLING)
    plan = Cosine(base, 0.0, steps(20))
    (code,) = told(lambda: loaded(state, plan, TWENTY, "rescale")).code()
    assert taken_up(state, plan, TWENTY, **eval(f"dict({code})")).clock == 8


@tried(
    "the checkpoint drives {}, and nothing does today, so its plan cannot be kept; {}, or write "
    'on_change="replace"',
    "write a plan that drives it",
)
def what_is_kept_is_driven_today(told: Told) -> None:
    state = saved(BOTH, TEN)
    text = told(lambda: loaded(state, COSINE, TEN, "keep"))
    text.words("write a plan that drives it", 'write on_change="replace"')
    assert taken_up(state, COSINE, TEN, "replace").values().keys() == {"lr"}
    kept = taken_up(state, {"lr": COSINE, "weight_decay": Constant(0.5)}, TEN, "keep")
    assert kept.values()["weight_decay"] == [pytest.approx(0.02)]


def two(rate: float | None = 0.1) -> torch.optim.SGD:
    """An optimizer of two groups, or of the first."""
    more = [] if rate is None else [{"params": [weight()], "lr": rate}]
    return torch.optim.SGD([{"params": [weight()]}, *more], lr=1.0)


@tried(
    "add that group before loading",
    "there is no such group; where it is added later, add it before loading",
)
def a_group_is_added_before_loading(told: Told) -> None:
    state = attach(two(), FALLING).state_dict()
    keep = {"on_change": "keep"} if "that" in told.template else {}
    scheduler = attach(optimizer := two(None), FALLING, **keep)
    told(lambda: scheduler.load_state_dict(state)).words("before loading")
    optimizer.add_param_group({"params": [weight()], "lr": 0.1})
    scheduler.load_state_dict(state)
    update(optimizer)
    assert scheduler.get_last_lr() == [0.9, pytest.approx(0.09)]


# -- a state that cannot be


@tried(
    "the state cannot be gone on with: from base {}, {} would go from {} to {}, and it must stay "
    "{}; load the state of another time"
)
def a_state_of_another_time_is_loaded(told: Told) -> None:
    plan = base * Plateau("loss", factor=0.5)
    good = saved(plan, base=1.0)
    text = told(lambda: loaded(with_base(good, -1.0), plan, on_change="keep"))
    text.words("load the state of another time")
    assert loaded(good, plan, on_change="keep")[1].clock == 5


def with_base(state: dict[str, Any], number: float) -> dict[str, Any]:
    """The state with other bases."""
    fields = [[*each[:-1], number] for each in state["fields"]]
    return {**state, "fields": fields}


@tried("{} must be the repr of a float such as '0.25', got {}")
def what_was_best_is_a_float_in_quotes(told: Told) -> None:
    plan = base * Plateau("loss", patience=0)
    state = saved(plan, reports=[{"loss": 0.5}])
    (track,) = state["tracks"]
    (memory,) = track["plateaus"]

    def of(best: Any) -> dict[str, Any]:
        return {**state, "tracks": [{**track, "plateaus": [{**memory, "best": best}]}]}

    example = eval(told(lambda: loaded(of(0.5), plan)).quoted(r"such as ('.*?')"))
    _, scheduler = loaded(of(example), plan)
    scheduler.report(loss=0.3)
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


# -- bases


@tried(
    "{} of param group {} holds {}, which a plan that is detached wrote last; its base was"
    " {}. Write {} to begin from that again, base={} to begin from what is there, or "
    "detach(restore=True) before",
)
def a_base_after_a_plan_is_told(told: Told) -> None:
    def detached(**given: Any) -> Any:
        optimizer = sgd()
        scheduler = attach(optimizer, FALLING)
        update(optimizer, 4)
        scheduler.detach(**given)
        return optimizer

    text = told("attach(optimizer, FALLING)", optimizer=detached())
    found = []
    for code in re.findall(r"(base=\S+?)\)? to begin", text):
        optimizer = detached()
        eval(f"attach(optimizer, FALLING, {code})", {**tried.world, "optimizer": optimizer})
        found.append(rates(optimizer, 2))
    assert found == [[1.0, 0.9], [pytest.approx(0.6), pytest.approx(0.54)]]
    optimizer = eval(text.quoted(r"or (detach\(.*?\)) before"), {"detach": detached})
    attach(optimizer, FALLING)
    assert rates(optimizer, 2) == [1.0, 0.9]


@tried(
    "the plan of {} is relative to base, and the optimizer was under way when it was "
    "attached: {} was {} there, which is probably not its base; write {} with the value "
    "that the run began with",
)
def an_optimizer_under_way_is_told_its_base(told: Told) -> None:
    optimizer = sgd(momentum=0.9)
    update(optimizer, 3)
    scheduler = attach(optimizer, FALLING)
    text = told(lambda: scheduler.seek(3))
    scheduler.detach()
    call = text.quoted(r"write (attach\(\.\.\., base=0\.1\))").replace("...", "optimizer, FALLING")
    again = eval(call, {**tried.world, "optimizer": optimizer})
    again.seek(3)
    assert again.get_last_lr() == [pytest.approx(0.07)]


@tried(
    "param group {} is {}, and {} in the state that is to be loaded; torch pairs param groups by "
    "their place, so each would get what belongs to another; give the groups in the order of the "
    "state: {}"
)
def groups_are_given_in_the_order_of_the_state(told: Told) -> None:
    def named(names: list[str]) -> torch.optim.SGD:
        rates = {"head": 1.0, "neck": 0.5}
        groups = [{"params": [weight()], "name": each, "lr": rates[each]} for each in names]
        return torch.optim.SGD(groups)

    first = named(["head", "neck"])
    attach(first, FALLING)
    update(first, 2)
    other = named(["neck", "head"])
    attach(other, FALLING)
    text = told(lambda: other.load_state_dict(first.state_dict()))
    names = text.quoted(r"in the order of the state: (.*)$").split(", ")
    again = named(names)
    attach(again, FALLING)
    again.load_state_dict(first.state_dict())
    assert [group["name"] for group in again.param_groups] == ["head", "neck"]
