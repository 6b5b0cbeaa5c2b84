"""What the command `passo` and the demo advise: their words are typed at the same command."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from passo import PassoError
from passo.cli import app
from passo.cli.names import SPANS
from passo.demo import main as demo_main
from passo.demo.files import workshop
from passo.schedules.text.parser import FUNCTIONS
from tests.advice.rows.planned import SCRIPT
from tests.advice.table import Table, Text, Told, installed

tried = Table(workshop=workshop)


def passo(*arguments: str) -> str:
    """What a command prints; a PassoError stays one."""
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(told: Told, *arguments: str) -> Text:
    """What a command refuses."""
    return told(lambda: passo(*arguments))


@tried('{} needs a run, since {}; write --run "90 epochs"{}, or --run "10000 steps"{}')
def a_schedule_is_shown_on_a_run(told: Told) -> None:
    for schedule in (
        "warmup_cosine()",
        "Exponential(1, 0.9)",
        "step_decay(epochs(30))",
        "Linear(0, 1, tokens(5000)).then(Cosine(1, 0))",
        "Linear(0, 1, samples(5000)).then(step_decay(epochs(30), peak=1.0))",
    ):
        for command in ("show", "check"):
            advice = refused(told, command, schedule).quoted(r"; write (--run .*)$")
            for options in advice.split(", or "):
                assert passo(command, schedule, *shlex.split(options))


@tried('{} has no expression to draw; write passo show "{}" without --png')
def a_name_without_an_expression_is_shown_and_not_drawn(told: Told) -> None:
    text = refused(told, "show", "noise", "--png", "noise.png")
    code = shlex.split(text.quoted(r"write passo (.*) without --png"))
    assert passo(*code).startswith("noise\n")


@tried("write {}")
def a_rate_of_the_run_is_an_option(told: Told) -> None:
    for schedule, run in (
        ("Cosine(1, 0)", "90 epochs"),
        ("step_decay(epochs(30))", "10000 steps"),
        ("Linear(0, 1, tokens(5000))", "10000 steps"),
    ):
        for command in ("show", "check"):
            given = (command, schedule, "--run", run)
            options = refused(told, *given).quoted(r"; write( --[a-z-]+ \d+)$")
            assert passo(*given, *options.split())


@tried("is a span, how long something lasts; write 'Linear(0.1, 0, {})'")
def a_span_is_shown_in_a_schedule(told: Told) -> None:
    for name in (*SPANS, "rest"):
        written = refused(told, "show", name).quoted(r"; write '(.*)'$")
        rates = ("--steps-per-epoch", "9", "--samples-per-step", "2", "--tokens-per-step", "4")
        assert passo("show", written, "--run", "90 steps", *rates)


@tried("needs {}; write {}")
def a_name_is_shown_with_its_arguments(told: Told) -> None:
    shown = 0
    for name in FUNCTIONS:
        try:
            passo("show", name, "--run", "1000 steps")
        except PassoError as error:
            if f"{name} needs" not in str(error):
                continue
            written = eval(refused(told, "show", name).quoted(r"; write ('.*'|\".*\")$"))
            if name != "Function":  # of which somebody has to register one
                assert passo("show", written, "--run", "1000 steps")
                shown += 1
    assert shown > 10


@tried("doctor needs a script; write passo doctor train.py, or passo doctor -m package")
def the_doctor_gets_a_script(told: Told) -> None:
    lines = refused(told, "doctor").quoted(r"; write (.*)$").split(", or ")
    Path("train.py").write_text(SCRIPT)
    Path("package").mkdir()
    Path("package/__main__.py").write_text(SCRIPT)
    sys.path.insert(0, str(Path.cwd()))
    try:
        for line in lines:
            command, *arguments = shlex.split(line)
            done = CliRunner().invoke(app, arguments)
            assert (command, done.exit_code) == ("passo", 0), done.output
    finally:
        sys.path.remove(str(Path.cwd()))


@tried("nothing has {} in its name; write passo list for what there is")
def what_is_not_there_is_looked_for_in_the_list(told: Told) -> None:
    line = refused(told, "list", "--search", "zzz").quoted(r"write passo (\w+) for")
    assert "warm_restarts" in passo(line)


# -- the demo, and extras


@tried('the demo needs {}, which is not installed; write pip install "passo[demo]"')
def the_demo_needs_its_extra(told: Told) -> None:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(demo_main, "EXTRAS", (*demo_main.EXTRAS, "no_such_library"))
    text = told(demo_main.need_extras)
    monkeypatch.undo()
    demo_main.need_extras()
    assert any("scikit-learn" in each for each in installed(text))


@tried("the demo writes a folder, and {} is a file; give another name")
def the_demo_writes_a_folder(told: Told) -> None:
    def made(name: str) -> None:
        with workshop(Path(name)) as folder:
            assert folder.is_dir()

    Path("file").write_text("")
    told(lambda: made("file")).words("give another name")
    made("another")
