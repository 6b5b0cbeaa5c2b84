"""The demo from end to end, once, and what happens when it is interrupted."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import signal
import subprocess
import sys
import time

from PIL import Image
from rich.console import Console

from passo.demo import STORIES, run_demo
from passo.demo.values import OPTIMIZERS, Task, range_figure, range_file
from passo.trace import RangeTest, Trace

PROGRAM = """
import sys
from pathlib import Path
from passo.demo import run_demo
try:
    run_demo(Path(sys.argv[1]), quick=True)
except KeyboardInterrupt:
    sys.exit(130)
"""
TASKS = [Task(story.name, optimizer, 0) for story in STORIES for optimizer in OPTIMIZERS]


def test_the_quick_demo_writes_all_that_it_promises(tmp_path):
    """One story in one test, since it takes half a minute."""
    out = tmp_path / "passo-demo"
    out.mkdir()
    (out / "mine.txt").write_text("foreign")
    (out / "report.html").write_text("old")
    said = io.StringIO()
    result = run_demo(out, quick=True, console=Console(file=said, width=100))
    assert list(tmp_path.iterdir()) == [out]
    files = {str(each.relative_to(out)) for each in out.rglob("*") if each.is_file()}
    promised = {task.figure for task in TASKS} | {task.trace for task in TASKS}
    promised |= {name(each) for name in (range_file, range_figure) for each in OPTIMIZERS}
    tops = {"report.html", "poster.png", "results.json", "results.csv"}
    assert files == promised | tops | {"mine.txt"}
    assert (out / "mine.txt").read_text() == "foreign"
    for task in TASKS:
        check_trace(out, task, result.settings)
        check_picture(out / task.figure)
    check_picture(out / "poster.png")
    check_range_tests(result)
    check_page(result)
    check_results(result)
    assert all(story.title in said.getvalue() for story in STORIES)
    few = "145 updates and one seed are too few to rank schedules"
    assert few in said.getvalue()
    assert few in result.report.read_text("utf-8").replace("\n", " ")


def check_trace(out, task, settings):
    """Each update used exactly what the pure schedule says."""
    trace = Trace.load(out / task.trace)
    assert trace.complete
    assert trace.updates == settings.run.updates
    assert trace.metrics == ("train_loss", "val_loss", "val_accuracy")
    (story,) = [each for each in STORIES if each.name == task.schedule]
    reports = [(report.clock, dict(report.metrics)) for report in trace.reports]
    for key, schedule in story.schedules().items():
        pure = schedule.on(settings.run).with_base(settings.rate(task.optimizer))
        value = pure.with_reports(reports)
        used = [trace.value(t, key) for t in range(trace.updates)]
        assert used == [value(t) for t in range(trace.updates)], (task, key)


def check_range_tests(result):
    """The base rates are what the range tests suggest."""
    for optimizer in OPTIMIZERS:
        test = RangeTest.load(result.folder / range_file(optimizer))
        assert len(test.runs) == 3
        best = test.suggestion().best
        assert result.settings.rate(optimizer) == float(f"{best:.1g}")
        check_picture(result.folder / range_figure(optimizer))


def check_picture(path):
    """It is a PNG, and something is drawn on it."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) > 400
        assert len(image.convert("L").getcolors()) > 50


def check_page(result):
    """It has all figures inside, names every schedule, and asks for nothing from elsewhere."""
    page = result.report.read_text("utf-8")
    assert page.count("data:image/png;base64,") == len(TASKS) + 3
    text = re.sub(r'"data:image/png;base64,[A-Za-z0-9+/=]*"', '""', page)
    assert re.findall(r"https?:|//|<script|<link|@import|url\(", text) == []
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {
        "",
        *(f"#{story.name}" for story in STORIES),
    }
    assert "old" not in text[:10]
    for row in result.rows:
        assert f">{row.accuracy}</span>" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert 'name="viewport"' in text
    assert f"{result.settings.run.updates:,} updates" in text


def check_results(result):
    """The rows, as JSON and as CSV, are what was found."""
    whole = json.loads((result.folder / "results.json").read_text("utf-8"))
    assert [row["test_accuracy_mean"] for row in whole["rows"]] == [r.mean for r in result.rows]
    assert whole["settings"]["updates"] == result.settings.run.updates
    assert whole["data"]["images"] == 1797
    assert set(whole["versions"]) >= {"passo", "torch", "scikit-learn"}
    with (result.folder / "results.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(TASKS)
    assert [float(line["test_accuracy"]) for line in lines] == [r.mean for r in result.rows]
    for optimizer in OPTIMIZERS:
        found = {row.story.name: row for row in result.rows if row.optimizer == optimizer}
        assert found["too-high"].mark == "worst"
        assert found["too-low"].mean < found["cosine"].mean
        for best in result.best(optimizer):
            rivals = [row.percent for row in found.values() if row.percent != best.percent]
            assert best.percent - max(rivals) > 2.5


def test_an_interrupt_at_any_moment_leaves_nothing_half_written(tmp_path):
    out = tmp_path / "passo-demo"
    out.mkdir()
    (out / "report.html").write_text("old")
    demo = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(out)], stdout=subprocess.PIPE, text=True
    )
    assert demo.stdout.readline().startswith("finding")
    time.sleep(random.uniform(0, 8))
    demo.send_signal(signal.SIGINT)
    begin = time.monotonic()
    said, _ = demo.communicate(timeout=60)
    assert time.monotonic() - begin < 20  # the workers do not finish first
    assert demo.returncode == 130
    assert re.search(r"stopped: \d+ of 26 training runs were finished", said)
    assert list(tmp_path.iterdir()) == [out]
    assert [(each.name, each.read_text()) for each in out.iterdir()] == [("report.html", "old")]
