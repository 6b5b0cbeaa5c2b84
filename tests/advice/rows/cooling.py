"""What is advised where a run is ended on demand, or branched."""

from __future__ import annotations

from typing import Any

import pytest

import passo
from passo import Constant, Run, attach, base, steps
from passo.optim.scheduler import cool_down
from tests.advice.table import Table, Told
from tests.optim.tools import rates, sgd, update

RUN = Run(steps(10))
FLAT = Constant(1.0)
tried = Table()


def trained(plan: Any = FLAT, run: Run | None = RUN, updates: int = 4, **settings: Any) -> Any:
    """An optimizer and its Scheduler after some updates."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, run, **settings)
    update(optimizer, updates)
    return optimizer, scheduler


def gone_on(state: Any, plan: Any, on_change: Any) -> Any:
    """An optimizer that takes up a state."""
    optimizer = sgd()
    attach(optimizer, plan, RUN, on_change=on_change).load_state_dict(state)
    return optimizer


@tried("scheduler.cool_down(over=steps(1000))")
def it_is_called_with_a_span(told: Told) -> None:
    _, scheduler = trained()
    text = told(scheduler.cool_down, scheduler=scheduler)
    text.put("@")
    assert scheduler.cooldown.until == 1004


@tried(
    "{} cools down already, from update {} to {}{}, and a run ends once; call it only where "
    "scheduler.cooldown is None, or load a state from before that update to end it otherwise"
)
def a_run_ends_once(told: Told) -> None:
    optimizer, scheduler = trained()
    before = scheduler.state_dict()
    for _ in range(2):
        if scheduler.cooldown is None:
            scheduler.cool_down(over=steps(4))
    text = told(lambda: scheduler.cool_down(over=steps(2)))
    text.words("only where scheduler.cooldown is None", "load a state from before that update")
    scheduler.load_state_dict(before)
    scheduler.cool_down(over=steps(2))
    assert rates(optimizer, 2) == [1.0, 0.5]


@tried("this Scheduler was detached, and drives nothing; attach the plan again to cool down")
def what_was_detached_is_attached_again(told: Told) -> None:
    optimizer, scheduler = trained(run=None)
    scheduler.detach()
    told(lambda: scheduler.cool_down(over=steps(2))).words("attach the plan again")
    attach(optimizer, FLAT).cool_down(over=steps(2))
    assert rates(optimizer, 2) == [1.0, 0.5]


@tried("the value {} has no base: write a number for the end, got {}")
def a_value_ends_at_a_number(told: Told) -> None:
    _, scheduler = trained(values={"noise": 0.5})
    told(lambda: scheduler.cool_down(over=steps(2), end=0.1 * base, key="noise")).words(
        "write a number for the end"
    )
    scheduler.cool_down(over=steps(2), end=0.1, key="noise")
    assert scheduler.cooldown.end == 0.1


@tried("nothing is left of {} at {}, and the cooldown is over rest; write over=steps(500)")
def what_is_past_its_end_has_no_rest(told: Told) -> None:
    _, scheduler = trained(updates=10)
    (code,) = told(lambda: scheduler.cool_down(over=passo.rest)).code()
    scheduler.cool_down(**eval(f"dict({code})", {"steps": steps}))
    assert scheduler.cooldown.until == 510


@tried(
    "{} of param group {} must stay {}, and the cooldown would end at {}; write an end within "
    "that, such as end=0.0"
)
def an_end_is_what_the_field_can_hold(told: Told) -> None:
    _, scheduler = trained()
    text = told(lambda: scheduler.cool_down(over=steps(2), end=-0.1))
    text.words("end=0.0")
    scheduler.cool_down(over=steps(2), end=0.0)
    assert scheduler.cooldown.until == 6


@tried(
    "update {} is past the end of {}; write while scheduler.position < scheduler.cooldown.until: "
    "around it, or strict=False to hold the last value"
)
def a_strict_run_ends_with_its_cooldown(told: Told) -> None:
    optimizer, scheduler = trained(strict=True)
    scheduler.cool_down(over=steps(2))
    update(optimizer, 2)
    text = told(lambda: update(optimizer))
    text.words("while scheduler.position < scheduler.cooldown.until:", "strict=False")
    while scheduler.position < scheduler.cooldown.until:
        update(optimizer)
    assert scheduler.clock == 6
    optimizer, scheduler = trained()
    scheduler.cool_down(over=steps(2))
    with pytest.warns(passo.PassoWarning, match="past the end"):
        update(optimizer, 3)
    assert scheduler.get_last_lr() == [0.0]


@tried(
    "the ranks cool down differently: {}; call it with the same arguments after the same update "
    "on each"
)
def ranks_call_it_alike(told: Told) -> None:
    _, scheduler = trained()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cool_down.ranks, "several", lambda: True)
        patch.setattr(cool_down.ranks, "gathered", lambda mine: [mine, ("another", "")])
        text = told(lambda: scheduler.cool_down(over=steps(2)))
        text.words("with the same arguments after the same update on each")
        patch.setattr(cool_down.ranks, "gathered", lambda mine: [mine, mine])
        scheduler.cool_down(over=steps(2))
    assert scheduler.cooldown.until == 6


@tried(
    "{} cools down since update {}, and there is no share of a run that was ended on demand; "
    'write on_change="replace" or "keep"'
)
def a_run_that_was_ended_has_no_share(told: Told) -> None:
    _, scheduler = trained()
    scheduler.cool_down(over=steps(2))
    state = scheduler.state_dict()
    text = told(lambda: gone_on(state, Constant(0.5), "rescale"))
    text.words('on_change="replace" or "keep"')
    assert rates(gone_on(state, Constant(0.5), "replace"), 2) == [0.5, 0.25]
    assert rates(gone_on(state, Constant(0.5), "keep"), 2) == [1.0, 0.5]


@tried(
    "{} cools down since update {} in the checkpoint, and the plan has a cooldown of its own; "
    "load a checkpoint from before it to branch, or attach the trunk to go on"
)
def a_run_that_was_ended_is_not_branched(told: Told) -> None:
    _, scheduler = trained()
    before = scheduler.state_dict()
    scheduler.cool_down(over=steps(2))
    after, branch = scheduler.state_dict(), FLAT.cooldown(steps(5), steps(2))
    text = told(lambda: gone_on(after, branch, "replace"))
    text.words("load a checkpoint from before it to branch", "attach the trunk to go on")
    assert rates(gone_on(before, branch, "replace"), 3) == [1.0, 1.0, 0.5]
    assert rates(gone_on(after, FLAT, "error"), 2) == [1.0, 0.5]


@tried(
    "the cooldown of {} begins at {}, and the checkpoint stands at {}, after {} updates of its "
    "trunk; load a checkpoint from before, or write .cooldown(at={}({}), ...)"
)
def a_branch_begins_after_its_checkpoint(told: Told) -> None:
    early, branch = trained(updates=3)[1].state_dict(), FLAT.cooldown(steps(3), steps(2))
    late = trained(updates=4)[1].state_dict()
    text = told(lambda: gone_on(late, branch, "replace"))
    text.words("load a checkpoint from before")
    at = text.quoted(r"\.cooldown\(at=(.*), \.\.\.\)")
    assert rates(gone_on(early, branch, "replace"), 2) == [1.0, 0.5]
    other = FLAT.cooldown(at=eval(at, {"steps": steps}), over=steps(2))
    assert rates(gone_on(late, other, "replace"), 2) == [1.0, 0.5]
