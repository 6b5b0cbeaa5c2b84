"""What a Scheduler advises while a run goes on: who else writes, who else steps, where to seek."""

from __future__ import annotations

from typing import Any

import torch

from passo import Cosine, Linear, Run, attach, base, epochs, steps, tokens
from tests.advice.table import Table, Told
from tests.optim.tools import graded, said, sgd, update, weight
from tests.optim.wrapped import Apart

LINE, RUN = Linear(1.0, 0.0), Run(steps(10))
tried = Table(torch=torch, attach=attach, RUN=RUN)


def stepped_inside(optimizer: Any) -> None:
    graded(optimizer)
    optimizer.base_optimizer.step()


@tried("attach(...) with the optimizer whose step() the loop calls, such as the one inside")
def the_one_inside_is_attached(told: Told) -> None:
    def never() -> None:
        optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
        scheduler = attach(optimizer, base * LINE, RUN)
        for _ in range(20):
            stepped_inside(optimizer)
            scheduler.step()

    told(never).words("such as the one inside", 'clock="calls" and scheduler.step() after each')
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    inside = attach(optimizer.base_optimizer, base * LINE, RUN)
    for _ in range(10):
        stepped_inside(optimizer)
    assert (inside.clock, said(inside.detach)) == (10, [])
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    called = attach(optimizer, base * LINE, RUN, clock="calls")
    for _ in range(10):
        stepped_inside(optimizer)
        called.step()
    assert (called.clock, said(called.detach)) == (10, [])


@tried(
    "the other value into the plan and take the other writer away (a scheduler of torch, SWA, a "
    "line in the loop), or leave the field out of the plan"
)
def the_other_value_is_in_the_plan(told: Told) -> None:
    def by_hand(plan: Any, *, writes: bool) -> Any:
        optimizer = sgd(momentum=0.9)
        scheduler = attach(optimizer, plan, RUN)
        for _ in range(10):
            if writes:
                optimizer.param_groups[0]["lr"] = 0.25
            update(optimizer)
        scheduler.detach()

    told(lambda: by_hand(LINE, writes=True)).words("leave the field out of the plan")
    assert said(lambda: by_hand(0.25, writes=False)) == []
    assert said(lambda: by_hand({"momentum": 0.5}, writes=True)) == []


@tried(
    "how many {} an update consumes varies, so that {} is no update; write seek(steps(...)), or "
    "seek with the number of the update"
)
def an_update_is_sought_by_its_number(told: Told) -> None:
    optimizer = sgd()
    scheduler = attach(optimizer, base, Run(tokens(100), axis="token"))
    text = told("scheduler.seek(tokens(50))", scheduler=scheduler)
    text.put("scheduler.@", fill="3", seek=scheduler.seek, scheduler=scheduler)
    assert scheduler.clock == 3
    scheduler.seek(4)
    assert scheduler.clock == 4


@tried("{} is {} updates of {}, and seek goes to a whole one; write seek({}) or seek({})")
def a_whole_update_is_sought(told: Told) -> None:
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, Run.of(3, epochs=10))
    text = told(lambda: scheduler.seek(epochs(0.5)))
    text.put("scheduler.@", seek=scheduler.seek, scheduler=scheduler)
    assert scheduler.clock == 2


@tried(
    "{} in values= is a field of the param groups; write it into the plan, {{}: ...}, or give the "
    'value a name of its own such as "my_{}"'
)
def a_value_has_a_name_of_its_own(told: Told) -> None:
    text = told(lambda: attach(sgd(), LINE, RUN, values={"weight_decay": 0.5}))
    plan = eval(text.quoted(r"into the plan, (\{.*?\})").replace("...", "0.5"))
    assert attach(sgd(), plan, RUN).values() == {"weight_decay": [0.5]}
    name = text.quoted(r'such as "(\w+)"')
    assert attach(sgd(), LINE, RUN, values={name: 0.5})[name] == 0.5


@tried(
    "the param groups hold lr_scale, from {} to {}, and nobody reads it: each group gets the rate "
    'without its scale; write before attach: for group in optimizer.param_groups: group["lr"] *= '
    'group.get("lr_scale", 1){}',
    ", and make the plan relative to base",
)
def the_scales_are_in_the_bases(told: Told) -> None:
    def layered() -> Any:
        groups = [{"params": [weight()], "lr_scale": scale} for scale in (0.1, 1.0)]
        return torch.optim.SGD(groups, lr=1.0)

    text = told(lambda: attach(layered(), Cosine(1.0, 0.0), RUN))
    line = text.quoted(r"before attach: (for .* 1\))")
    text.words("make the plan relative to base")
    exec(line, {"optimizer": (optimizer := layered())})
    assert said(lambda: attach(optimizer, Cosine(base, 0.0), RUN)) == []
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 1.0]
