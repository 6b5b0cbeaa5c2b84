"""The demo's parts: its schedules, sums, screen, workers, and what it refuses."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from rich.console import Console

from passo.demo import STORIES, Outcome, Row, Settings, run_demo
from passo.demo.crew import Crew
from passo.demo.files import publish, workshop
from passo.demo.screen import Screen
from passo.demo.sparkline import planned
from passo.demo.stories import chosen
from passo.demo.values import Task, caution, marked
from passo.schedules import PassoError
from passo.trace import Trace

TINY = Settings(epochs=1)


def outcome(accuracy, reached=None, *, schedule="cosine", optimizer="SGD", seed=0):
    return Outcome(Task(schedule, optimizer, seed), accuracy, 0.1, reached, 1.0)


def row(accuracy, schedule="cosine", optimizer="SGD"):
    (story,) = chosen([schedule])
    return Row.of(story, optimizer, [outcome(accuracy, schedule=schedule, optimizer=optimizer)])


# -- the schedules


def test_every_story_has_a_name_of_its_own_and_two_lines_of_words():
    assert len({story.name for story in STORIES}) == len(STORIES) == 13
    assert [story.name for story in STORIES if not 80 < len(story.words) < 200] == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_plan_keeps_its_shape_in_the_quick_demo(story):
    full, quick = Settings(), Settings.of(quick=True, seeds=None)
    shapes = [planned(story, each.run, 8) for each in (full, quick)]
    assert shapes[0] == pytest.approx(shapes[1], abs=0.1)


# -- the sums


def test_a_row_is_the_mean_and_deviation_over_seeds():
    runs = [outcome(a, r, seed=s) for s, (a, r) in enumerate([(0.9, 30), (0.92, None), (0.94, 10)])]
    found = Row.of(STORIES[0], "SGD", runs)
    assert (found.accuracy, found.clock) == ("92.0 ± 2.0", "30")


def test_where_most_seeds_never_arrive_there_is_no_median():
    found = Row.of(STORIES[0], "SGD", [outcome(0.9, 30), outcome(0.9), outcome(0.9)])
    assert (found.reached, found.clock) == (None, "-")


def test_one_seed_has_no_deviation():
    assert row(0.975).accuracy == "97.5"


def test_best_and_worst_are_marked_for_each_optimizer_and_equals_alike():
    rows = [row(0.97), row(0.9701, "wsd"), row(0.1, "step"), row(0.5, optimizer="AdamW")]
    assert [each.mark for each in marked(rows)] == ["best", "best", "worst", ""]


def test_short_runs_are_ranked_only_where_the_lead_is_more_than_chance():
    close = [row(0.95), row(0.947, "wsd"), row(0.10, "step")]
    assert [each.mark for each in marked(close, 2.5)] == ["", "", "worst"]
    clear = [row(0.95), row(0.92, "wsd"), row(0.91, "step")]
    assert [each.mark for each in marked(clear, 2.5)] == ["best", "", ""]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (Settings(), ""),
        (
            Settings(seeds=1),
            (
                "580 updates and one seed are too few to rank schedules: best and worst are "
                "only those that lead or trail all others by more than 2.5 %."
            ),
        ),
        (
            Settings.of(quick=True, seeds=3),
            (
                "145 updates are too few to rank schedules: best and worst are only those "
                "that lead or trail all others by more than 2.5 %."
            ),
        ),
    ],
)
def test_why_there_are_few_marks_is_said(settings, text):
    assert caution(settings) == text


def test_a_loss_that_is_not_finite_stays_plain_json():
    plain = Row.of(STORIES[0], "SGD", [replace(outcome(0.1), loss=math.nan)]).as_plain()
    assert plain["runs"][0]["loss"] == "nan"


# -- the training


def test_a_seed_decides_everything(tmp_path):
    task = Task("plateau", "AdamW", 3)
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
    assert sizes == [900, 297, 600]
    total = sum(part[0].sum().item() for part in (data.train, data.validation, data.test))
    assert total == pytest.approx(digits()[0].sum().item(), rel=1e-5)


# -- the screen


def show(console):
    with Screen(console, chosen(["cosine", "wsd"]), TINY) as screen:
        screen.phase("training", 4)
        screen.share(Task("wsd", "SGD", 0), 0.5)
        screen.finished(outcome(0.97))
        screen.row(row(0.97))
    return console.file.getvalue()


def test_a_terminal_shows_a_table_that_fills():
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=30)
    with Screen(console, chosen(["cosine", "wsd"]), TINY) as screen:
        screen.phase("training", 4)
        screen.share(Task("wsd", "SGD", 0), 0.5)
        screen.row(row(0.97))
        with console.capture() as capture:
            console.print(screen._render())
    assert "training 17%" in capture.get()  # half of one seed of three
    assert "97.0" in capture.get()
    assert "██▇" in capture.get()


def test_without_a_terminal_there_is_a_line_for_each_finished_row():
    said = show(Console(file=io.StringIO(), width=80))
    assert said.splitlines() == ["training: 4", "  cosine · SGD                             97.0 %"]


def test_a_terminal_without_unicode_gets_ascii():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=file, width=100)
    with Screen(console, chosen(["too-high"]), TINY) as screen:
        screen.row(row(0.1, "too-high"))
        console.print(screen._render())
    file.flush()
    assert b"constant x 10 - SGD" in file.buffer.getvalue()


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
