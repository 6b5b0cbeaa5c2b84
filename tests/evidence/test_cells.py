"""What is stored stays, what is stored is not made again, and a killed run goes on."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from evidence.frame.arms import Size, arm
from evidence.frame.cells import Cell, Made, Store
from evidence.frame.claims import Claim, Versus
from evidence.frame.crew import Crew
from evidence.frame.making import held_by, make, missing, store_of
from evidence.tasks.loops import torch_scheduler
from evidence.tasks.training import train

from tests.warm import begun

ROOT = Path(__file__).resolve().parents[2]
SMALL = Size(seeds=2, choosing=1, share=0.02)
LINEAR = arm("linear", "digits", "Linear(base, 0)", (0.02, 0.05))
CONSTANT = arm("constant", "digits", "Constant(base)", 0.05)
CLAIM = Claim("small", "Linear is better.", "1.1", (Versus("digits", LINEAR, CONSTANT),))


def cell(seed: int = 0, **settings) -> Cell:
    return Cell.of("digits", "Constant(base)", seed, **settings)


def here(cells):
    """Trained in this process: four seconds less."""
    for each in cells:
        yield each, Made(train(each), 0.5)


def test_a_cell_is_the_same_whatever_order_its_settings_come_in():
    assert cell(rate=0.1, updates=5) == cell(updates=5, rate=0.1)
    assert cell(rate=0.1) != cell(rate=0.2)
    assert cell(0) != cell(1)


def test_what_is_added_is_read_back(tmp_path):
    store = Store(tmp_path / "new" / "a.jsonl")
    store.add(cell(rate=0.1), Made({"error": 2.5}, 1.25))
    store.add(cell(rate=0.2), Made({"error": 3.5}, 1.0))
    assert Store(store.path).held == {
        cell(rate=0.1): Made({"error": 2.5}, 1.25),
        cell(rate=0.2): Made({"error": 3.5}, 1.0),
    }


@pytest.mark.parametrize("left", [1, 20, 90])
def test_a_line_that_a_kill_left_unfinished_is_made_again(tmp_path, left):
    store = Store(tmp_path / "a.jsonl")
    store.add(cell(rate=0.1), Made({"error": 2.5}, 1.0))
    whole = store.path.read_bytes()
    store.add(cell(rate=0.2), Made({"error": 3.5}, 1.0))
    store.path.write_bytes(store.path.read_bytes()[: len(whole) + left])
    again = Store(store.path)
    assert set(again.held) == {cell(rate=0.1)}
    again.add(cell(rate=0.3), Made({"error": 4.5}, 1.0))
    assert set(Store(store.path).held) == {cell(rate=0.1), cell(rate=0.3)}
    assert store.path.read_bytes().startswith(whole)


def test_figures_that_json_cannot_hold_are_refused_and_nothing_is_written(tmp_path):
    store = Store(tmp_path / "a.jsonl")
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.add(cell(), Made({"error": float("nan")}, 1.0))
    assert not store.path.exists()
    assert store.held == {}


def test_a_second_run_does_nothing(tmp_path):
    told = []
    count = make(CLAIM, SMALL, here, tmp_path, tell=told.append)
    assert count == 2 + 2 + 2  # tried, reported, the other arm
    assert told == ["small: 4 trainings", "small: 2 trainings"]
    path = store_of(CLAIM, tmp_path).path
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert make(CLAIM, SMALL, here, tmp_path, tell=told.append) == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert len(told) == 2


def test_a_changed_setting_makes_its_cells_anew_and_no_others(tmp_path):
    make(CLAIM, SMALL, here, tmp_path, tell=str)
    slower = replace(CLAIM, versus=(Versus("digits", LINEAR, CONSTANT.with_(momentum=0.8)),))
    assert {
        each.setting("momentum") for each in missing(slower, SMALL, store_of(CLAIM, tmp_path))
    } == {0.8}
    assert make(slower, SMALL, here, tmp_path, tell=str) == 2
    held = held_by(store_of(CLAIM, tmp_path))
    assert sorted(each.setting("momentum") for each in held) == [0.8] * 2 + [0.9] * 4


def test_the_best_rate_is_chosen_by_seeds_that_are_not_reported(tmp_path):
    make(CLAIM, SMALL, here, tmp_path, tell=str)
    held = held_by(store_of(CLAIM, tmp_path))
    assert not set(SMALL.tried) & set(SMALL.reported)
    tried = LINEAR.over(held, SMALL, SMALL.tried)
    best = LINEAR.chosen(held, SMALL)
    assert tried[best] == min(tried.values())
    assert LINEAR.values(held, SMALL) == [
        held[LINEAR.cell(best, seed, SMALL)]["error"] for seed in SMALL.reported
    ]
    worst = {each: {"error": 99.0 if each.setting("rate") == best.x else 1.0} for each in held}
    assert LINEAR.chosen({**held, **worst}, SMALL) != best


KILLED = """
import sys
from pathlib import Path
from evidence.frame.crew import Crew
from evidence.frame.making import make
from tests.evidence.test_cells import CLAIM, SMALL
with Crew(1) as crew:
    make(CLAIM, SMALL, crew.trained, Path(sys.argv[1]))
"""


def alive(process: str) -> bool:
    """Whether it runs still; one that nobody has asked for its end yet does not."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are looked for in /proc")
def test_a_run_that_is_killed_goes_on_where_it_was_and_leaves_nobody_behind(tmp_path):
    seen = f"{ROOT}{os.pathsep}{ROOT / 'src'}"
    path, deadline = store_of(CLAIM, tmp_path).path, time.monotonic() + 500
    with begun("-c", KILLED, str(tmp_path), cwd=ROOT, PYTHONPATH=seen) as run:
        while not (path.exists() and path.read_bytes().endswith(b"\n")):
            assert time.monotonic() < deadline
            assert not run.is_over(), run.told()
            time.sleep(0.02)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    first = path.read_bytes()
    whole = first[: first.rfind(b"\n") + 1]
    assert len(children) == 1
    assert make(CLAIM, SMALL, here, tmp_path, tell=str) == 6 - whole.count(b"\n")
    assert path.read_bytes().startswith(whole)
    assert len(Store(path).held) == 6
    while any(map(alive, children)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_training_that_fails_says_which_and_why(tmp_path):
    lost = CONSTANT.with_(optimizer="SGDD")
    wrong = Claim("wrong", "It fails.", "1.1", (Versus("x", lost, CONSTANT),))
    with Crew(1) as crew, pytest.raises(RuntimeError) as told:
        make(wrong, SMALL, crew.trained, tmp_path, tell=str)
    first, *_, last = str(told.value).splitlines()
    assert (
        first
        == f"{lost.cell(lost.options[0], 0, SMALL)} failed: Traceback (most recent call last):"
    )
    assert last == (
        "ValueError: no optimizer is called 'SGDD'; "
        "write one of ['Adagrad', 'Adam', 'AdamW', 'SGD']"
    )


def test_a_training_is_a_function_of_its_cell():
    one = LINEAR.cell(LINEAR.options[0], 3, SMALL)
    assert train(one) == train(one)
    assert train(one) != train(replace(one, seed=4))


@pytest.mark.parametrize("text", ["StepLR(3)", "open", "StepLR", "a.b(c=1)"])
def test_a_scheduler_is_a_call_with_named_arguments(text):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    with pytest.raises(ValueError, match="a call with named arguments is needed"):
        torch_scheduler(text, optimizer)
