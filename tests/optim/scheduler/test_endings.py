"""When a run ends: in a function, by the collector, with the process; how it fails (issue 13)."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from passo import Linear, PassoError, PassoWarning, Plateau, Run, attach, base, steps
from tests.optim.tools import ROOT, on_ranks, python, said, sgd, update

DOWN, RUN = Linear(1.0, 0.1), Run(steps(10))
EARLY = (
    "the run ended early: planned 10 updates, made 4; lr was 0.73 last, 7.3 times the 0.1 that its "
    "plan ends at"
)


def training(updates=4, error=None, **settings):
    """As people write it: all in a function."""
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN, **settings)
    update(optimizer, updates)
    if error is not None:
        raise error("no more")
    return scheduler.clock


def test_a_function_that_ends_early_says_so_at_the_line_that_attached():
    with pytest.warns(PassoWarning) as told:
        training()
    assert [str(each.message) for each in told] == [EARLY]
    assert [each.filename for each in told] == [__file__]
    line = Path(__file__).read_text("utf-8").splitlines()[told[0].lineno - 1]
    assert line == "    scheduler = attach(optimizer, DOWN, RUN, **settings)"


@pytest.mark.parametrize("updates", [0, 10])
def test_a_function_that_does_what_was_planned_says_nothing(updates):
    assert said(lambda: training(updates)) == []


def test_what_the_collector_frees_says_so():
    def story():
        optimizer = sgd()
        optimizer.itself = optimizer
        attach(optimizer, DOWN, RUN)
        update(optimizer, 4)

    assert said(story) == [EARLY]


def test_each_fold_says_it_for_itself_and_once():
    def story():
        for updates in (4, 10, 4):
            optimizer = sgd()
            scheduler = attach(optimizer, DOWN, RUN)
            update(optimizer, updates)
            scheduler.detach()
            scheduler.conclude()
            del optimizer, scheduler

    assert said(story) == [EARLY, EARLY]


def test_two_plans_on_one_optimizer_are_two_schedulers():
    def story():
        optimizer = sgd(momentum=0.9)
        attach(optimizer, DOWN, RUN)
        attach(optimizer, {"momentum": 0.9}, RUN)
        update(optimizer, 4)

    assert len(said(story)) == 2


def test_with_strict_it_is_a_warning_too_for_an_end_may_be_meant():
    assert said(lambda: training(strict=True)) == [EARLY]
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN, strict=True)
    update(optimizer, 4)
    assert said(scheduler.detach) == [EARLY]


def test_nothing_is_raised_where_nobody_could_catch_it(capfd):
    def story():
        optimizer = sgd()
        attach(optimizer, base * Plateau("val_loss"), RUN, strict=True)
        update(optimizer, 10)

    (text,) = said(story)
    assert text.startswith("Plateau('val_loss') got no metric in 10 updates")
    assert capfd.readouterr().err == ""


# -- a run that fails


def caught(error):
    try:
        training(error=error)
    except error:
        return


def caught_by_name(error):
    try:
        training(error=error)
    except error as found:
        str(found)


def caught_outside(error):
    def inside():
        model = torch.nn.Linear(1, 1)
        training(error=error)
        return model

    try:
        inside()
    except error:
        gc.collect()


def suppressed(error):
    with contextlib.suppress(error):
        training(error=error)


def expected(error):
    with pytest.raises(error):
        training(error=error)


def retried(error):
    for attempt in range(2):
        try:
            training(10 if attempt else 4, None if attempt else error)
        except error:
            continue


WAYS = [caught, caught_by_name, caught_outside, suppressed, expected, retried]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, torch.OutOfMemoryError])
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_an_error_ended_is_not_called_early(way, error):
    assert said(lambda: way(error)) == []


def test_a_detach_on_the_way_out_of_an_error_hides_nothing():
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, base * Plateau("loss"), RUN, strict=True)
        try:
            update(optimizer, 4)
            raise KeyError("batch")
        finally:
            scheduler.detach()

    with pytest.raises(KeyError, match="batch"):
        story()


def test_a_run_that_was_let_go_is_not_judged_again():
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, DOWN, RUN)
        update(optimizer, 4)
        try:
            {}["batch"]
        except KeyError:
            scheduler.detach()
        scheduler.detach()

    assert said(story) == []


def test_a_run_that_begins_in_an_except_is_a_run():
    def story():
        try:
            import no_such_library  # noqa: F401  # type: ignore[import-not-found]
        except ImportError:
            optimizer = sgd()
            scheduler = attach(optimizer, DOWN, RUN)
            update(optimizer, 4)
            scheduler.detach()

    assert said(story) == [EARLY]


# -- copies, loads


def test_a_copy_repeats_nothing():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN)

    def story():
        update(optimizer, 11)
        twin = copy.deepcopy(scheduler)
        update(twin.optimizer, 3)
        twin.detach()

    told = said(story)
    assert [text.split(":")[0] for text in told] == [
        "update 10 is past the end of Run(steps(10))",
        "the run ended late",
    ]


def test_a_copy_that_makes_no_update_has_no_end():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN)
    update(optimizer, 4)

    def story():
        twin = copy.deepcopy(scheduler)
        twin.values()

    assert said(story) == []


def test_a_script_that_only_loads_made_no_run():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN)
    update(optimizer, 4)
    state = scheduler.state_dict()

    def story():
        attach(other := sgd(), DOWN, RUN).load_state_dict(state)
        assert other.param_groups[0]["lr"] == DOWN.on(RUN)(4)

    assert said(story) == []


def test_a_resumed_run_ends_where_both_parts_end():
    def story(first, second):
        optimizer = sgd()
        scheduler = attach(optimizer, DOWN, RUN)
        scheduler.seek(first)
        update(optimizer, second)

    assert said(lambda: story(4, 6)) == []
    assert said(lambda: story(2, 2)) == [EARLY]


def test_an_attach_that_fails_has_no_end():
    def story():
        optimizer = sgd()
        with pytest.raises(PassoError):
            attach(optimizer, DOWN, RUN, record="/nowhere/run.jsonl")
        update(optimizer, 4)

    assert said(story) == []


# -- processes

STORY = """
import os, sys
from passo import Linear, Run, attach, steps
from tests.optim.tools import sgd, update

def main(updates, error=None):
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.1), Run(steps(10)))
    update(optimizer, updates)
    if error:
        raise error

"""
HERE = """
optimizer = sgd()
attach(optimizer, Linear(1.0, 0.1), Run(steps(10)))
update(optimizer, 4)
"""
CYCLE = f"""{HERE}
optimizer.itself = optimizer
"""
THREAD = """
import threading
thread = threading.Thread(target=main, args=(4,))
thread.start()
thread.join()
"""
CHILD = f"""{HERE}
child = os.fork()
if child:
    os.waitpid(child, 0)
"""
WORKER = f"""{HERE}
import multiprocessing
worker = multiprocessing.get_context("fork").Process(target=print)
worker.start()
worker.join()
"""
ENDS = {
    "by itself": (HERE, 1),
    "a function": ("main(4)", 1),
    "kept in a cycle": (CYCLE, 1),
    "sys.exit in the middle": ("main(4, SystemExit(0))", 1),
    "sys.exit after all": ("main(10); sys.exit(0)", 0),
    "on time": ("main(10)", 0),
    "an error": ("main(4, RuntimeError('boom'))", 0),
    "an error outside": (f"{HERE}\nraise RuntimeError('boom')", 0),
    "Ctrl-C": ("main(4, KeyboardInterrupt())", 0),
    "in a thread": (THREAD, 1),
    "in a child of its own": (CHILD, 1),
    "a forked worker": (WORKER, 1),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_process_is_told_once_unless_an_error_is_the_end(end):
    if ("fork" in ENDS[end][0]) and not hasattr(os, "fork"):
        pytest.skip("no fork here")
    code, times = ENDS[end]
    done = python(f"{STORY}\n{code}\n")
    assert done.stderr.count("PassoWarning") == times, done.stderr
    assert done.stderr.count(f"PassoWarning: {EARLY}") == times
    assert done.stderr.count("Traceback") == (1 if "error" in end or "Ctrl" in end else 0)


def test_a_session_by_hand_ends_a_run_only_by_detach():
    code = f"{STORY.replace(chr(10) * 2, chr(10))}\nmain(4)\nprint('still here')\n"
    done = subprocess.run(
        [sys.executable, "-i", "-q", "-c", code],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env=dict(os.environ),
    )
    assert done.stdout.startswith("still here")
    assert "PassoWarning" not in done.stderr


def test_warnings_that_are_errors_do_not_end_a_process_in_another_way():
    code = "import warnings; warnings.simplefilter('error')\nmain(4)\nprint('on it goes')"
    done = python(f"{STORY}\n{code}")
    assert (done.returncode, done.stdout) == (0, "on it goes\n")
    assert done.stderr.count("PassoWarning: the run ended early") == 1


def test_each_of_two_processes_says_its_own():
    story = """
from passo import Linear, Run, attach, steps
from tests.optim.tools import sgd, update
optimizer = sgd()
scheduler = attach(optimizer, Linear(1.0, 0.1), Run(steps(10)))
update(optimizer, 11 if rank else 4)
scheduler.detach()
"""
    first, second = on_ranks({"parted": story}, 2)["parted"]
    assert first == [EARLY]
    assert [text.split(":")[0] for text in second] == [
        "update 10 is past the end of Run(steps(10))",
        "the run ended late",
    ]


def test_no_signal_handler_is_installed():
    code = (
        "import signal\nbefore = [signal.getsignal(s) for s in signal.valid_signals()]\n"
        f"{STORY}\nmain(10)\n"
        "assert before == [signal.getsignal(s) for s in signal.valid_signals()]"
    )
    assert python(code).returncode == 0


def test_nothing_here_keeps_an_optimizer_or_its_weights():
    optimizer = sgd()
    (parameter,) = optimizer.param_groups[0]["params"]
    attach(optimizer, DOWN, RUN).detach()
    update(optimizer)
    del optimizer
    gc.collect()
    assert sys.getrefcount(parameter) == 2
