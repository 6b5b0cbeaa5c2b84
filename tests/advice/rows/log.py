"""What `passo.log` advises."""

from __future__ import annotations

import contextlib
import pathlib
import types
from typing import Any
from unittest import mock

import passo
from passo import Linear, Run, Trace, attach, base, steps
from passo.trace import Column
from tests.advice.table import Table, Told
from tests.optim.tools import sgd, update, weight

LINE = Linear(1.0, 0.0, steps(10))


class Kept:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, float]] = []

    def write(self, name: str, value: float, update: int) -> None:
        """Keep it."""
        self.rows.append((update, name, value))


tried = Table(Kept=Kept, LINE=LINE)


def logged(path: str, times: int = 2, **more: object) -> None:
    """A run with a log in a file."""
    told = passo.log(attach(optimizer := sgd(), LINE, **more), path)  # type: ignore[arg-type]
    update(optimizer, times)
    told.close()


def lines(path: str) -> int:
    """How many numbers a file has."""
    return len(pathlib.Path(path).read_text("utf-8").splitlines()) - 1


@tried('passo.log(scheduler, "run.csv")')
def a_call_of_log(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    text = told("passo.log(scheduler, writers='run.csv')", scheduler=scheduler)
    (found,) = text.put("@", scheduler=scheduler)
    update(optimizer, 2)
    found.close()
    assert lines("run.csv") == 2


@tried(
    "passo.log needs a Scheduler or a Trace, got {}; write "
    "passo.log(attach(optimizer, plan, run), writer) or passo.log(Trace.load(path), writer)"
)
def a_log_is_of_a_scheduler_or_a_trace(told: Told) -> None:
    Trace(1, ("0",), (Column(0, "lr", (0,), (0.1,)),)).write("t.jsonl")
    given = {"optimizer": sgd(), "plan": LINE, "run": Run(steps(9)), "path": "t.jsonl"}
    text = told("passo.log(optimizer, writer)", writer="run.csv", **given)
    live, after = text.code()
    with eval(live, {**text.world, **given, "writer": "live.csv"}):
        update(given["optimizer"])
    eval(after, {**text.world, **given, "writer": "after.csv"})
    assert lines("live.csv") == lines("after.csv") == 1


@tried("a log in a file is CSV, got {}; write passo.log(scheduler, {})")
def a_log_in_a_file_is_csv(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    text = told("passo.log(scheduler, 'run.txt')", scheduler=scheduler)
    (found,) = text.put("@", scheduler=scheduler)
    update(optimizer)
    found.close()
    assert lines("run.csv") == 1


@tried("{} is a folder; write passo.log(scheduler, {})")
def a_log_is_no_folder(told: Told) -> None:
    pathlib.Path("runs").mkdir()
    scheduler = attach(optimizer := sgd(), LINE)
    text = told("passo.log(scheduler, 'runs')", scheduler=scheduler)
    (found,) = text.put("@", scheduler=scheduler)
    update(optimizer)
    found.close()
    assert lines("runs/run.csv") == 1


@tried("{} is there already; give another file, or remove it")
def a_trace_is_logged_into_a_file_of_its_own(told: Told) -> None:
    trace = Trace(1, ("0",), (Column(0, "lr", (0,), (0.1,)),))
    passo.log(trace, "run.csv")
    told("passo.log(trace, 'run.csv')", trace=trace).words("give another file", "remove it")
    passo.log(trace, "other.csv")
    pathlib.Path("run.csv").unlink()
    passo.log(trace, "run.csv")
    assert lines("run.csv") == lines("other.csv") == 1


@tried(
    "{} holds {} updates of an earlier run, and this one begins anew; load its state first "
    "(scheduler.load_state_dict) to go on with the log, or give passo.log another file"
)
def a_file_of_an_earlier_run_is_gone_on_with_or_left(told: Told) -> None:
    first = attach(optimizer := sgd(), LINE)
    with passo.log(first, "run.csv"):
        update(optimizer, 3)
    text = told(lambda: logged("run.csv"))
    text.words("load its state first (scheduler.load_state_dict)", "give passo.log another file")
    again = attach(other := sgd(), LINE)
    with passo.log(again, "run.csv"):
        again.load_state_dict(first.state_dict())
        update(other, 2)
    assert lines("run.csv") == 5
    logged("other.csv")
    assert lines("other.csv") == 2


@tried(
    "{} is there already and is no log of passo: its first line is {}; give another file",
)
def a_file_that_is_no_log_is_left(told: Told) -> None:
    pathlib.Path("data.csv").write_text("a,b\n", "utf-8")
    told(lambda: logged("data.csv")).words("give another file")
    logged("run.csv")
    assert lines("run.csv") == 2


@tried(
    "{} is already written by another log; give this one another file, or close the other "
    "first: other.close()"
)
def a_file_has_one_log(told: Told) -> None:
    other = passo.log(attach(optimizer := sgd(), LINE), "run.csv")
    scheduler = attach(second := sgd(), LINE)
    text = told("passo.log(scheduler, 'run.csv')", scheduler=scheduler)
    text.words("give this one another file", "other.close()")
    with passo.log(scheduler, "other.csv"):
        update(second)
    other.close()
    pathlib.Path("run.csv").unlink()
    with passo.log(scheduler, "run.csv"):
        update(second)
    update(optimizer)
    assert lines("other.csv") == lines("run.csv") == 1


@tried(
    "another log writes {} to this writer already; close it first, other.close(), or give the "
    'param groups another "name"'
)
def a_name_has_one_log(told: Told) -> None:
    kept = Kept()
    other = passo.log(attach(optimizer := sgd(), LINE), kept)
    scheduler = attach(second := sgd(), LINE)
    text = told("passo.log(scheduler, kept)", scheduler=scheduler, kept=kept)
    text.words("other.close()", 'give the param groups another "name"')
    named = [{"params": [weight()], "name": "second"}]
    passo.log(attach(third := type(second)(named, lr=1.0), LINE), kept)
    update(third)
    other.close()
    passo.log(scheduler, kept)
    update(second)
    update(optimizer)
    assert kept.rows == [(0, "lr/second", 1.0), (0, "lr/0", 1.0)]


@tried("every is a number of updates of at least 1, got {}; write every=10")
def every_is_a_number_of_updates(told: Told) -> None:
    kept, scheduler = Kept(), attach(optimizer := sgd(), base)
    told("passo.log(scheduler, kept, every=0)", scheduler=scheduler, kept=kept).put(
        "passo.log(scheduler, kept, @)", scheduler=scheduler, kept=kept
    )
    update(optimizer, 11)
    assert [t for t, _, _ in kept.rows] == [0, 10]


@tried(
    "names='lightning' has the class of the optimizer in it, which this trace does not know; "
    "write names='passo', or record it with attach(..., record='run.jsonl')"
)
def lightnings_names_need_the_optimizers_class(told: Told) -> None:
    trace = Trace(1, ("0",), (Column(0, "lr", (0,), (0.1,)),))
    kept = Kept()
    text = told("passo.log(trace, kept, names='lightning')", trace=trace, kept=kept)
    text.put("passo.log(trace, kept, @)", trace=trace, kept=kept)
    text.words("record it with attach(..., record='run.jsonl')")
    scheduler = attach(optimizer := sgd(), LINE, record="run.jsonl")
    update(optimizer)
    scheduler.detach()
    passo.log(Trace.load("run.jsonl"), kept, names="lightning")
    assert [name for _, name, _ in kept.rows] == ["lr/0", "lr-SGD"]


@tried("passo.log needs {}; write of {} takes other arguments")
def a_writer_takes_three(told: Told) -> None:
    class Text:
        def write(self, text: str) -> None:
            """Another write."""

    scheduler = attach(optimizer := sgd(), LINE)
    text = told("passo.log(scheduler, given)", scheduler=scheduler, given=Text())
    text.words("an object with write(name, value, update)")
    passo.log(scheduler, kept := Kept())
    update(optimizer)
    assert kept.rows == [(0, "lr/0", 1.0)]


@tried("passo.log writes to a run, got the module {}; write {} for it")
def a_log_is_of_a_run(told: Told) -> None:
    module = types.ModuleType("trackio")
    scheduler = attach(optimizer := sgd(), LINE)
    text = told("passo.log(scheduler, given)", scheduler=scheduler, given=module)
    kept = Kept()
    module.init = lambda: kept  # type: ignore[attr-defined]
    (run,) = text.put("@", trackio=module)
    passo.log(scheduler, run)
    update(optimizer)
    assert kept.rows == [(0, "lr/0", 1.0)]


@tried("{} is damaged at line {}, {}; take the line out, or give another file")
def a_log_has_lines_of_numbers(told: Told) -> None:
    logged("run.csv")
    file = pathlib.Path("run.csv")
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("1,lr", "?,lr"), "utf-8")
    text = told("log(attach(sgd(), LINE), 'run.csv')", log=passo.log, attach=attach, sgd=sgd)
    text.words("take the line out", "give another file")
    broken = int(text.quoted(r"at line (\d+)"))
    kept = [line for k, line in enumerate(whole.splitlines(keepends=True), 1) if k != broken]
    file.write_text("".join(kept), "utf-8")
    passo.log(attach(sgd(), LINE), "run.csv").close()
    logged("other.csv")
    assert lines("other.csv") == 2


def ranked(rank: int | None) -> Any:
    """As rank 0 or 1 of two processes; None where no group has been made yet."""
    there = {"is_initialized": rank is not None, "get_rank": rank, "get_world_size": 2}
    patches = [
        mock.patch(f"torch.distributed.{name}", return_value=value) for name, value in there.items()
    ]
    stack = contextlib.ExitStack()
    for each in patches:
        stack.enter_context(each)
    return stack


@tried(
    "with ranks='each' each of {} ranks writes a file of its own, and the name of {} does not say "
    "that it is of rank {}; write {} there"
)
def each_rank_has_a_file_of_its_own(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE)
    with ranked(1):
        text = told("passo.log(scheduler, 'run.csv', ranks='each')", scheduler=scheduler)
        (told_each,) = text.put("passo.log(scheduler, @, ranks='each')", scheduler=scheduler)
        update(optimizer)
        told_each.close()
    assert lines("run-1.csv") == 1


@tried(
    "passo.log was called before the {} processes knew of each other, so that rank {} would write "
    "what rank 0 writes; call it after init_process_group, or write "
    'passo.log(scheduler, writer, ranks="each") for a log of each rank'
)
def a_log_comes_after_the_group(told: Told) -> None:
    passo.log(attach(optimizer := sgd(), LINE), Kept())

    def late() -> None:
        with ranked(1):
            update(optimizer)

    text = told(late)
    scheduler, writer = attach(other := sgd(), LINE), Kept()
    (made,) = text.put("@", scheduler=scheduler, writer=writer)
    with ranked(1):
        update(other)
        text.words("call it after init_process_group")
        assert not passo.log(scheduler, Kept()).open
    made.close()
    assert len(writer.rows) == 1
