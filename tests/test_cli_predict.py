"""`passo predict`: recorded runs in, a loss that was never seen out, or why not."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from passo import Run, cli, percent, steps, wsd
from passo.law import Law
from tests.law.recorded import traces
from tests.test_cli import passo, refused

RECORDED = {name: replace(each, run="Run(steps(2000))") for name, each in traces().items()}
LAW = Law.fit([RECORDED["linear"], RECORDED["wsd20"]])
HALF = "wsd(cooldown=percent(50))"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The files that are typed."""
    monkeypatch.chdir(tmp_path)
    RECORDED["linear"].write("linear.jsonl")
    RECORDED["wsd20"].write("wsd.jsonl")
    RECORDED["const"].write("const.jsonl")
    return ("linear.jsonl", "wsd.jsonl")


def not_foreseen(capsys, monkeypatch, *arguments):
    """The line on stderr of a command that ends with status 1."""
    monkeypatch.setattr(sys, "argv", ["passo", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    return err.removeprefix("passo: ").rstrip("\n")


def test_a_schedule_is_predicted_on_the_run_that_was_recorded(runs):
    shown = passo("predict", *runs, HALF)
    made = LAW.predict(wsd(cooldown=percent(50)), Run(steps(2000)))
    assert shown.startswith(
        "Predicted validation loss over 2,000 updates\nthe end is 1.782 ± 0.026\n"
    )
    assert "░ band" in shown
    assert shown.splitlines()[-4:] == [
        repr(made.schedule),
        "  val_loss 1.782 ± 0.026 after 2,000 updates",
        "",
        (
            "Law of val_loss from 2 runs of 2,000 updates at peak 0.012: residual 0.72%, "
            "variety 0.36"
        ),
    ]


def test_the_run_and_what_makes_it_less_sure(runs):
    shown = passo("predict", *runs, HALF, "--run", "3 epochs", "--steps-per-epoch", "1000")
    assert shown.splitlines()[-1] == (
        "less sure: 3,000 updates are 1.50 times the longest fitted run; twice as far was up to "
        "5 % wrong"
    )
    shown = passo("predict", "const.jsonl", runs[0], "wsd")
    assert shown.splitlines()[-1].startswith("less sure: a run at a constant rate was fitted, ")


def test_without_a_schedule_the_best_is_looked_for(runs):
    shown = passo("predict", *runs)
    found = LAW.best(Run(steps(2000)))
    assert f"\n\n{found}\n\nLaw of val_loss" in shown
    assert f"{found.best.name} ends lowest, at 1.781 ± 0.026" in shown


def test_several_schedules_are_put_side_by_side(runs):
    shown = passo("predict", *runs, HALF, "wsd(cooldown=percent(5))")
    rows = [line for line in shown.splitlines() if line.startswith("wsd(cooldown=")]
    assert [row.split()[0] for row in rows[-2:]] == [HALF, "wsd(cooldown=percent(5))"]
    assert rows[-1].endswith("0.0503")


def test_a_prediction_is_written_into_files(runs, tmp_path):
    pytest.importorskip("plotly")
    names = ("law.json", "a.png", "a.html", "a.json")
    options = ("--keep", "--png", "--html", "--json")
    typed = [each for pair in zip(options, names, strict=True) for each in pair]
    said = passo("predict", *runs, HALF, *typed)
    assert said.splitlines()[-4:] == [
        "written into law.json",
        "drawn into a.png",
        "drawn into a.html",
        "written into a.json",
    ]
    assert Law.load("law.json") == LAW
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<html" in (tmp_path / "a.html").read_text("utf-8")
    spec = json.loads((tmp_path / "a.json").read_text("utf-8"))
    made = LAW.predict(wsd(cooldown=percent(50)), Run(steps(2000)))
    assert Law.from_spec(spec["law"]) == LAW
    assert spec["prediction"] == made.to_spec()
    passo("predict", *runs, "--json", "b.json")
    spec = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert [each["name"] for each in spec["comparison"]["outcomes"]] == [
        each.name for each in LAW.best(Run(steps(2000))).outcomes
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("const.jsonl", HALF),
            (
                "the runs are too alike: 0.000 of the noise is told apart from progress, and a law "
                "needs 0.1; add a run that ends low: linear to 0, or wsd(cooldown=percent(20))"
            ),
        ),
        (
            ("linear.jsonl", "--metric", "loss"),
            (
                "linear.jsonl has no reports of 'loss'; it has 'val_loss', write --metric with one "
                "of them, or scheduler.report(val_loss=...) in the loop"
            ),
        ),
        (
            ("linear.jsonl", "wsd", "--start", "50 steps"),
            (
                "linear.jsonl warms up for 98 updates, and losses from update 50 on are used; "
                'write --start "steps(98)", or give a run with a shorter warm-up'
            ),
        ),
        (
            ("linear.jsonl", "wsd", "--start", "9000 steps"),
            (
                '--start "steps(9000)" leaves nothing of linear.jsonl, which has 2,000 updates; '
                'write --start "percent(20)"'
            ),
        ),
        (
            ("linear.jsonl", "wsd(peak=0.1)"),
            (
                "the rates go from 0 to 0.1, and the fitted runs had a peak of 0.012: another one "
                "is predicted wrong by 3 to 14 %; write a schedule with that peak, base stands "
                "for it"
            ),
        ),
        (
            ("linear.jsonl", "wsd", "--run", "5000 steps"),
            (
                "5,000 updates are 2.5 times the longest fitted run of 2,000, and 2 times is the "
                "most that holds; give a longer run"
            ),
        ),
    ],
)
def test_what_the_runs_do_not_foresee_ends_with_status_1(
    runs, capsys, monkeypatch, arguments, text
):
    assert not_foreseen(capsys, monkeypatch, "predict", *arguments) == text


def test_the_start_that_a_refusal_names_is_right(runs):
    assert "val_loss" in passo("predict", "linear.jsonl", "wsd", "--start", "steps(98)")
    assert "val_loss" in passo("predict", "linear.jsonl", "wsd", "--start", "percent(20)")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            (HALF,),
            (
                "predict needs recorded runs, got 'wsd(cooldown=percent(50))'; write passo predict "
                "run.jsonl \"wsd()\", with the file of attach(..., record='run.jsonl')"
            ),
        ),
        (
            ("none.jsonl", HALF),
            (
                "cannot read the trace 'none.jsonl': No such file or directory; "
                "attach(..., record='run.jsonl') makes one"
            ),
        ),
        (
            ("linear.jsonl", HALF, "--steps-per-epoch", "10"),
            (
                "--steps-per-epoch says how a run is counted, and there is none; "
                'write --run "90 epochs" too'
            ),
        ),
        (
            ("linear.jsonl", HALF, "--run", "3 epochs"),
            "epochs(3) needs the run's steps_per_epoch; write --steps-per-epoch 391",
        ),
        (
            ("linear.jsonl", HALF, "--group", "head"),
            "one group must be called 'head', 0 are; write its place, the groups are '0'",
        ),
        (
            ("linear.jsonl", HALF, "--group", "3"),
            "the trace has no 'lr' of group 3; it has 'lr' of group 0",
        ),
    ],
)
def test_what_was_typed_wrong_ends_with_status_2(runs, capsys, monkeypatch, arguments, text):
    assert refused(capsys, monkeypatch, "predict", *arguments) == text


def test_no_result_goes_over_a_recorded_run_or_over_another(runs, capsys, monkeypatch):
    """Issue 19: the run would be gone."""
    before = [Path(each).read_bytes() for each in runs]
    for options, text in (
        (
            ("--json", "./wsd.jsonl"),
            "'wsd.jsonl' is read here, and a result would replace it; give another file",
        ),
        (
            ("--keep", "a.json", "--json", "a.json"),
            "'a.json' is given for two results; give each a file of its own",
        ),
    ):
        assert refused(capsys, monkeypatch, "predict", *runs, HALF, *options) == text
    assert [Path(each).read_bytes() for each in runs] == before


def test_a_file_that_cannot_be_written_is_one_line(runs, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["passo", "predict", *runs, HALF, "--keep", "no/law.json"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""  # before the work
    assert told.err == (
        "passo: cannot write 'no/law.json': there is no folder 'no'; make it first\n"
    )
