"""The demo from end to end, once, and what happens when it is interrupted."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import signal
import time

import pytest
from PIL import Image
from rich.console import Console

from passo.demo import STORIES, run_demo
from passo.demo.stories import COMPARED
from passo.demo.values import RANGE_FIGURE, RANGE_FILE, SENSITIVITY, TIMES, Task
from passo.trace import RangeTest, Trace
from tests.warm import begun

pytestmark = pytest.mark.long
PROGRAM = """
import signal, sys
from pathlib import Path
from passo.demo import run_demo
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
try:
    run_demo(Path(sys.argv[1]), quick=True)
except KeyboardInterrupt:
    sys.exit(130)
"""
ONCE = [Task(story.name, 1.0, 0) for story in STORIES]
TASKS = list(dict.fromkeys([*(Task(n, times, 0) for n in COMPARED for times in TIMES), *ONCE]))


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
    promised = {task.figure for task in ONCE} | {task.trace for task in TASKS}
    promised |= {RANGE_FILE, RANGE_FIGURE, SENSITIVITY}
    tops = {"report.html", "results.json", "results.csv"}
    assert files == promised | tops | {"mine.txt"}
    assert (out / "mine.txt").read_text() == "foreign"
    for task in TASKS:
        check_trace(out, task, result.settings)
    for name in (*(task.figure for task in ONCE), SENSITIVITY, RANGE_FIGURE):
        check_picture(out / name)
    check_range_test(result)
    check_page(result)
    check_results(result)
    shown = said.getvalue()
    assert all(f"  {cell.title:20} {cell.base:<8g}" in shown for cell in result.cells)
    few = "145 updates and 1 seed are too few to compare schedules: the picture is a sketch."
    assert few in shown.replace("\n", " ")
    assert few in result.report.read_text("utf-8")
    assert "best" not in shown


def check_trace(out, task, settings):
    """Each update used exactly what the pure schedule says."""
    trace = Trace.load(out / task.trace)
    assert trace.complete
    assert trace.updates == settings.run.updates
    assert trace.metrics == ("train_loss", "val_loss", "val_accuracy")
    (story,) = [each for each in STORIES if each.name == task.schedule]
    reports = [(report.clock, dict(report.metrics)) for report in trace.reports]
    for key, schedule in story.schedules().items():
        pure = schedule.on(settings.run).with_base(settings.base(task.times))
        value = pure.with_reports(reports)
        used = [trace.value(t, key) for t in range(trace.updates)]
        assert used == [value(t) for t in range(trace.updates)], (task, key)


def check_range_test(result):
    """The base rate is what the range test suggests."""
    test = RangeTest.load(result.folder / RANGE_FILE)
    assert len(test.runs) == 3
    assert result.settings.rate == float(f"{test.suggestion().best:.1g}")


def check_picture(path):
    """It is a PNG, and something is drawn on it."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) > 400
        assert len(image.convert("L").getcolors()) > 50


def check_page(result):
    """It has all figures inside, names every schedule, and asks for nothing from elsewhere."""
    page = result.report.read_text("utf-8")
    assert page.count("data:image/png;base64,") == len(ONCE) + 2
    text = re.sub(r'"data:image/png;base64,[A-Za-z0-9+/=]*"', '""', page)
    assert re.findall(r"https?:|//|<script|<link|@import|url\(", text) == []
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {""}
    assert re.findall(r'<h3 id="([^"]*)">', text) == [story.name for story in STORIES]
    assert "old" not in text[:10]
    shown = re.findall(r"<td(?: class=\"works\")?>([\d.]+)</td>", text)
    assert shown == [f"{cell.mean:.1f}" for cell in result.cells]
    assert text.count('class="works"') == sum(round(cell.mean, 1) >= 95 for cell in result.cells)
    assert 'name="viewport"' in text
    assert f"{result.settings.run.updates:,} updates" in text


def check_results(result):
    """The runs, as JSON and as CSV, are what was found."""
    whole = json.loads((result.folder / "results.json").read_text("utf-8"))
    assert [Task(**run["task"]) for run in whole["runs"]] == TASKS
    assert [run["accuracy"] for run in whole["runs"]] == [run.accuracy for run in result.outcomes]
    assert whole["settings"]["updates"] == result.settings.run.updates
    assert whole["data"]["images"] == 1797
    assert set(whole["versions"]) >= {"passo", "torch", "scikit-learn"}
    with (result.folder / "results.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["test_accuracy"]) for line in lines] == [
        run.accuracy for run in result.outcomes
    ]
    means = {(cell.title, cell.base): cell.mean for cell in result.cells}
    low, high = (result.settings.base(times) for times in (TIMES[0], TIMES[-1]))
    assert means["constant", low] > means["cosine", low]  # a decay from too low a rate learns less
    assert means["constant", high] < means["cosine", high]  # and stands one too high


def test_an_interrupt_at_any_moment_leaves_nothing_half_written(tmp_path):
    out = tmp_path / "passo-demo"
    out.mkdir()
    (out / "report.html").write_text("old")
    with begun("-c", PROGRAM, str(out)) as demo:
        assert demo.line().startswith("finding")
        time.sleep(random.uniform(0, 8))
        demo.send(signal.SIGINT)
        begin = time.monotonic()
        assert demo.wait(60) == 130
        assert time.monotonic() - begin < 20  # the workers do not finish first
        said = demo.out()
    assert re.search(r"stopped: \d+ of 38 training runs were finished", said)
    assert list(tmp_path.iterdir()) == [out]
    assert [(each.name, each.read_text()) for each in out.iterdir()] == [("report.html", "old")]
