"""What a Scheduler advises while a run goes on: its clock, its end, its trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from passo import Linear, Run, attach, percent, samples, steps, tokens, warmup_cosine
from passo.trace import Trace
from tests.advice.rows.scheduler import LINE, RUN, attached
from tests.advice.table import Table, Told
from tests.optim.tools import adam, rates, sgd, update

tried = Table(LINE=LINE)


# -- the clock


def by_tokens(**given: Any) -> tuple[Any, Any]:
    """An optimizer whose clock counts tokens."""
    optimizer = sgd()
    return optimizer, attach(
        optimizer, Linear(1.0, 0.0, tokens(100)), Run(tokens(100), axis="token", **given)
    )


@tried(
    "nobody said how many {}s update {} consumed; call scheduler.count({}s=...) before it, or "
    "write Run(..., {}s_per_step=...)"
)
def what_an_update_consumes_is_told(told: Told) -> None:
    optimizer, scheduler = by_tokens()
    text = told(lambda: update(optimizer))
    text.put("@", verb="call", fill="10", scheduler=scheduler)
    update(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.9
    code = text.quoted(r"write Run\(\.\.\., (\w+)=\.\.\.\)")
    optimizer, _ = by_tokens(**{code: 10})
    assert rates(optimizer, 2) == [1.0, 0.9]


@tried(
    "an update cannot consume fewer than 0 {}s, got {}; write what it consumed, or seek(...) to go "
    "back"
)
def a_count_does_not_go_back(told: Told) -> None:
    optimizer, scheduler = by_tokens(tokens_per_step=10)
    update(optimizer, 3)
    text = told("scheduler.count(tokens=-10)", scheduler=scheduler)
    text.put("scheduler.@", verb="or", fill="2", scheduler=scheduler, seek=None)
    assert scheduler.position == 20.0
    text.words("what it consumed")
    scheduler.count(tokens=30)
    update(optimizer)
    assert scheduler.position == 50.0


@tried("write count({}s=...), which may be 0")
def a_count_names_the_axis(told: Told) -> None:
    for given in ("", "samples=5"):
        optimizer, scheduler = by_tokens()
        text = told(f"scheduler.count({given})", scheduler=scheduler)
        for amount in ("10", "0"):
            text.put("scheduler.@", fill=amount, scheduler=scheduler, count=None)
            update(optimizer)
        assert scheduler.position == 10.0


@tried('steps are counted by themselves; leave it out, or write Run({}(...), axis="{}")')
def steps_are_not_counted_by_hand(told: Told) -> None:
    for given, amount in (
        ("samples=5", samples(100)),
        ("tokens=5", tokens(100)),
        ("", samples(100)),
    ):
        scheduler = attach(sgd(), LINE)
        code = told(f"scheduler.count({given})", scheduler=scheduler).code()[0]
        run = eval(code.replace("...", "100"), dict(tried.world))
        optimizer = sgd()
        counted = attach(optimizer, Linear(1.0, 0.0, amount), run)
        counted.count(**(eval(f"dict({given})") or {"samples": 5}))
        update(optimizer)
        assert counted.position == 5.0


# -- the end, and compiled steps


@tried(
    "update {} is past the end of {}; write a longer run, or strict=False to hold the last value"
)
def a_strict_run_ends(told: Told) -> None:
    plan = {"plan": warmup_cosine(floor=0.1), "run": Run(steps(3))}
    attach(optimizer := sgd(), **plan, strict=True)
    update(optimizer, 3)
    text = told(lambda: update(optimizer))
    text.words("a longer run", "strict=False")
    attach(longer := sgd(), plan["plan"], Run(steps(4)), strict=True)
    update(longer, 4)


@tried(
    "{} {} and takes {} values or more: a compiled step would compile again for each, and "
    "fall back after {}; write .staircase({}), or do not compile the step",
)
def a_compiled_step_sees_few_values(told: Told) -> None:
    for run in (RUN, None):
        plan = {"lr": 0.1, "weight_decay": Linear(0.1, 0.0, percent(100) if run else steps(10**5))}

        def make() -> Any:
            return adam(lr=torch.tensor(0.1), weight_decay=0.1)

        text = told("attach(optimizer, plan, run)", optimizer=make(), plan=plan, run=run)
        code = text.quoted(r"write (\.staircase\(\w+\(\d+\)\)), or")
        held = eval(f"schedule{code}", {**tried.world, "schedule": plan["weight_decay"]})
        optimizer = make()
        attach(optimizer, {**plan, "weight_decay": held}, run)
        assert rates(optimizer, 2) == [pytest.approx(0.1)] * 2
    text.words("do not compile the step")


# -- the trace of a run


def recorded(record: Any, updates: int = 3) -> Any:
    """A run that writes its trace."""
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, record=record)
    update(optimizer, updates)
    return scheduler


@tried("record needs the path of a file, got {}; write record='run.jsonl'")
def a_trace_has_a_path(told: Told) -> None:
    text = told("recorded(record=3)", recorded=recorded)
    scheduler = attached(text, "recorded(@)", recorded=recorded)
    scheduler.detach()
    assert Trace.load("run.jsonl").updates == 3


@tried("record needs a file, and {} is a folder; write {}")
def a_trace_is_no_folder(told: Told) -> None:
    Path("runs").mkdir()
    text = told("recorded('runs')", recorded=recorded)
    attached(text, "recorded(@)", recorded=recorded).detach()
    assert [each.name for each in Path("runs").iterdir()] == ["run.jsonl"]


@tried("cannot write {}: there is no folder {}; make it first")
def the_folder_of_a_trace_is_there(told: Told) -> None:
    folder = told("recorded('runs/a.jsonl')", recorded=recorded).quoted(r"no folder '(.*)'; make")
    Path(folder).mkdir()
    recorded("runs/a.jsonl").detach()
    assert Trace.load("runs/a.jsonl").updates == 3


@tried("{} is there already and is {}; write record= with another file")
def a_file_that_is_no_trace_is_kept(told: Told) -> None:
    Path("notes.txt").write_text("a note")
    told("recorded('notes.txt')", recorded=recorded).words("record= with another file")
    recorded("run.jsonl").detach()
    assert Trace.load("run.jsonl").updates == 3
    assert Path("notes.txt").read_text() == "a note"


@tried(
    "{} holds {} updates of an earlier run, and this one begins anew; load its state first "
    "(scheduler.load_state_dict) to go on with the trace, or write record= with another file"
)
def a_trace_of_an_earlier_run_is_kept(told: Told) -> None:
    first = recorded("run.jsonl")
    state = first.state_dict()
    first.detach()
    told("recorded('run.jsonl')", recorded=recorded).words(
        "load its state first", "record= with another file"
    )
    recorded("other.jsonl").detach()
    again = attach(optimizer := sgd(), LINE, record="run.jsonl")
    again.load_state_dict(state)
    update(optimizer, 2)
    again.detach()
    assert Trace.load("run.jsonl").used()[1] == [LINE(t) for t in range(5)]
