"""The demo's parts: its schedules, sums, screen, workers, and what it refuses."""

from __future__ import annotations

import io
import math
import os
import re
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from rich.console import Console

from passo.demo import STORIES, Cell, DemoResult, Outcome, Settings, run_demo
from passo.demo.crew import Crew
from passo.demo.files import publish, workshop
from passo.demo.pictures import compared
from passo.demo.report import said
from passo.demo.screen import Screen
from passo.demo.stories import COMPARED, chosen
from passo.demo.values import Task, cells
from passo.schedules import PassoError
from passo.trace import Trace

TINY = Settings(epochs=1)


def outcome(accuracy, validation=0.9, *, schedule="cosine", times=1.0, seed=0):
    return Outcome(Task(schedule, times, seed), accuracy, 0.1, validation, 1.0)


# -- the schedules


def test_every_story_has_a_name_of_its_own_and_two_lines_of_words():
    assert len({story.name for story in STORIES}) == len(STORIES) == 13
    assert [story.name for story in STORIES if not 80 < len(story.words) < 200] == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_plan_keeps_its_shape_in_the_quick_demo(story):
    full, quick = Settings(), Settings.of(quick=True, seeds=None)
    shapes = [
        [
            schedule.on(each.run).with_base(1.0)(round((each.run.updates - 1) * part / 7))
            for part in range(8)
        ]
        for each in (full, quick)
        for schedule in [story.schedules()["lr"]]
    ]
    assert shapes[0] == pytest.approx(shapes[1], abs=0.1 * max(shapes[0]))


def test_what_is_compared_has_a_story():
    assert [story.name for story in chosen(COMPARED)] == list(COMPARED)


# -- the sums


def test_cells_are_the_schedules_and_rates_whose_seeds_are_all_there_in_one_order():
    settings = Settings(seeds=2, rate=0.07)
    runs = [
        outcome(0.9, 0.95, times=2.0, seed=1),
        outcome(0.8, times=2.0),
        outcome(0.7, times=0.5, seed=1),
        outcome(0.5, 0.6, times=0.5),
        outcome(0.1, schedule="constant"),
    ]
    found = cells(runs, settings)
    assert found == cells(reversed(runs), settings)
    assert [(each.title, each.base) for each in found] == [("cosine", 0.035), ("cosine", 0.14)]
    assert (found[0].mean, found[0].band) == (60.0, (50.0, 70.0))
    assert found[1].validation == (90.0, 95.0)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (Settings(seeds=2), "2 seeds are too few"),
        (Settings.of(quick=True, seeds=None), "145 updates and 1 seed are too few"),
        (Settings.of(quick=True, seeds=3), "145 updates are too few"),
    ],
)
def test_a_small_demo_ranks_nothing_and_says_why(settings, text):
    accuracies = (99.0,) * settings.seeds, (50.0,) * settings.seeds
    pair = zip(("cosine", "constant"), accuracies, strict=True)
    several = tuple(Cell(title, 0.1, each, each) for title, each in pair)
    result = DemoResult(Path("demo"), settings, several, (), 1.0)
    assert said(result) == [f"{text} to compare schedules: the picture is a sketch."]


def test_a_demo_that_is_not_small_says_what_its_numbers_say():
    several = tuple(Cell(title, 0.1, (97.0,) * 3, (97.0,) * 3) for title in ("cosine", "constant"))
    result = DemoResult(Path("demo"), Settings(), several, (), 1.0)
    assert len(said(result)) == 3


def test_a_loss_that_is_not_finite_stays_plain_json():
    assert replace(outcome(0.1), loss=math.nan).as_plain()["loss"] == "nan"


# -- the training


def test_a_seed_decides_everything(tmp_path):
    task = Task("plateau", 1.5, 3)
    found = []
    for name in ("one", "two"):
        (tmp_path / name / "traces").mkdir(parents=True)
        with Crew(1, tmp_path / "log") as crew:
            folder, settings = str(tmp_path / name), asdict(TINY)
            crew.put(
                {"kind": "train", "folder": folder, "settings": settings, "task": asdict(task)}
            )
            found.append(replace(Outcome.of(wait(crew)), seconds=0))
    assert found[0] == found[1]
    assert Trace.load(tmp_path / "one" / task.trace) == Trace.load(tmp_path / "two" / task.trace)


def test_no_image_is_in_two_parts_and_all_are_in_one():
    from passo.demo.training import digits, split

    data = split(Settings(), seed=1)
    sizes = [len(part[1]) for part in (data.train, data.validation, data.test)]
    assert sizes == [900, 297, Settings().test]
    total = sum(part[0].sum().item() for part in (data.train, data.validation, data.test))
    assert total == pytest.approx(digits()[0].sum().item(), rel=1e-5)


# -- the screen


CELL = Cell("cosine", 0.07, (96.0, 98.0), (96.0, 98.0))


def begun(console, name="cosine"):
    screen = Screen(console, chosen([name, "wsd"]))
    screen.phase("training", 4)
    screen.rates([0.035, 0.07])
    return screen


def test_a_terminal_shows_a_table_that_fills():
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=30)
    with begun(console) as screen:
        screen.advance()
        screen.show([CELL])
        with console.capture() as capture:
            console.print(screen._render())
    plain = re.sub(r"\x1b\[[\d;]*m", "", capture.get())
    shown = [line.split() for line in plain.splitlines()]
    assert shown[0][:1] == ["training"]
    assert shown[0][-2] == "1/4"
    assert shown[2][-2:] == ["0.035", "0.07"]
    assert shown[3] == ["cosine", "97.0"]


def test_without_a_terminal_there_is_a_line_for_each_new_number():
    console = Console(file=io.StringIO(), width=80)
    with begun(console) as screen:
        screen.show([CELL])
        screen.show([CELL])
    assert console.file.getvalue().splitlines() == [
        "training: 4",
        "  cosine               0.07      97.0 %",
    ]


def test_a_terminal_without_unicode_gets_ascii():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=file, width=100)
    with begun(console, "too-high") as screen:
        screen.show([replace(CELL, title="constant × 10")])
        console.print(screen._render())
    file.flush()
    assert file.buffer.getvalue().count(b"constant x 10") == 2


def test_the_picture_shows_a_line_a_band_and_where_it_works_for_each_schedule(tmp_path):
    """Also of more schedules than there are colours."""
    several = [
        Cell(story.title, base, (90 + n / 2, 96.0, 97.0), (90.0,) * 3)
        for n, story in enumerate(STORIES)
        for base in (0.05, 0.1)
    ]
    figure = compared(several, Settings())
    above, below = figure.axes
    assert [line.get_ydata().tolist() for line in above.lines[: len(STORIES)]] == [
        [pytest.approx((283 + n / 2) / 3)] * 2 for n in range(len(STORIES))
    ]
    assert len(above.collections) == len(STORIES)
    assert [label.get_text() for label in below.get_yticklabels()] == [s.title for s in STORIES]
    filled = [line for line in below.lines if line.get_markerfacecolor() != "white"]
    dots = [line for line in filled if line.get_marker() == "o"]
    fit = sum(round((283 + n / 2) / 3, 1) >= 95 for n in range(len(STORIES)))
    assert 0 < fit < len(STORIES)
    assert len(dots) == 2 * fit
    looks = {(line.get_color(), line.get_linestyle()) for line in above.lines[: len(STORIES)]}
    assert len(looks) == len(STORIES)


# -- the workers


def test_what_fails_in_a_worker_fails_in_the_demo_and_says_where(tmp_path):
    job = {"kind": "train", "folder": str(tmp_path), "settings": {}, "task": {}}
    with Crew(1, tmp_path / "log") as crew:
        crew.put(job)
        with pytest.raises(RuntimeError, match="a worker of the demo failed") as caught:
            wait(crew)
    assert "TypeError" in str(caught.value)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_a_worker_that_dies_is_noticed(tmp_path):
    with Crew(1, tmp_path / "log") as crew:
        os.kill(crew._workers[0].pid, signal.SIGKILL)
        crew.put({"kind": "facts", "folder": "", "settings": {}})
        with pytest.raises(RuntimeError, match="it ended by itself"):
            wait(crew)


def wait(crew):
    """What the first job brought."""
    while True:
        event = crew.get()
        if event is not None and event.kind == "done":
            return event.what


# -- the folder


def test_a_folder_that_cannot_be_written_into_is_refused_before_the_work(tmp_path):
    """Issue 19."""
    (tmp_path / "results.json").mkdir()
    path = str((tmp_path / "results.json").resolve())
    with pytest.raises(PassoError) as caught, workshop(tmp_path):
        pytest.fail("the work began")
    assert str(caught.value) == (
        f"{path!r} is a folder, and a file is written; give the path of a file in it"
    )


def test_a_new_folder_appears_at_once_and_the_workshop_is_gone(tmp_path):
    with workshop(tmp_path / "deep" / "out") as folder:
        (folder / "report.html").write_text("new")
        publish(folder, tmp_path / "deep" / "out")
    assert (tmp_path / "deep" / "out" / "report.html").read_text() == "new"
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["out"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(PassoError) as caught:
        run_demo(tmp_path / "out")
    assert str(caught.value) == (
        f"the demo writes a folder, and {str(tmp_path / 'out')!r} is a file; give another name"
    )


# -- what is refused


@pytest.mark.parametrize("name", ["torch", "sklearn", "matplotlib"])
def test_a_missing_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PassoError) as caught:
        run_demo(Path("nowhere"))
    assert str(caught.value) == (
        f'the demo needs {name}, which is not installed; write pip install "passo[demo]"'
    )
    assert not Path("nowhere").exists()


def test_an_unknown_schedule_is_refused_with_the_names_there_are():
    with pytest.raises(PassoError) as caught:
        run_demo(Path("nowhere"), only=["cosin"])
    names = ", ".join(story.name for story in STORIES)
    assert str(caught.value) == (
        f"the demo has no schedule 'cosin'; did you mean 'cosine'?; it has {names}"
    )


@pytest.mark.parametrize("seeds", [0, -1, 101, 2.5])
def test_seeds_are_a_small_number(seeds):
    with pytest.raises(PassoError, match="seeds must be from 1 to 100, got"):
        run_demo(Path("nowhere"), seeds=seeds)
