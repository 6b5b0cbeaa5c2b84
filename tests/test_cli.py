"""The command line: what it prints, and what it says when the input is bad."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from passo import cli, plot
from passo.cli.names import SPANS, example
from passo.schedules import PassoError, recipes
from passo.schedules.from_torch import TWINS
from passo.schedules.text.parser import FUNCTIONS

EXAMPLE = "warmup_cosine(peak=3e-4, warmup=percent(5), floor=3e-5)"
RUN = ("--run", "90 epochs", "--steps-per-epoch", "391")


def passo(*arguments):
    """What a command prints; a PassoError stays one."""
    done = CliRunner().invoke(cli.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(capsys, monkeypatch, *arguments):
    """The line on stderr of a command that ends with status 2."""
    monkeypatch.setattr(sys, "argv", ["passo", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("passo: ")
    return line.removeprefix("passo: ")


# -- show


def test_show_draws_a_branch_over_the_trunk_that_it_left(tmp_path):
    path = tmp_path / "branch.png"
    branch = "warmup_constant(peak=1.0, warmup=steps(500)).cooldown(steps(6000), steps(2000))"
    shown = passo("show", branch, "--run", "10000 steps", "--png", str(path))
    assert shown.startswith("Branch and trunk over the run\n")
    assert "⠉ the branch   · the trunk, had it gone on" in shown
    assert path.read_bytes()[1:4] == b"PNG"


def test_show_draws_a_schedule_and_lists_its_corners():
    shown = passo("show", EXAMPLE, *RUN)
    assert "Run(epochs(90), steps_per_epoch=391): what the updates nearest to each corner" in shown
    rows = [line.strip("│").split("│") for line in shown.splitlines() if line.startswith("│")]
    found = {update.strip(): float(value) for update, value in rows}
    assert found["0"] == 0.0
    assert found["1,759"] == pytest.approx(3e-4 * 1759 / 1759.5)
    assert found["1,760"] == pytest.approx(3e-4, rel=1e-6)
    assert found["35,189"] == pytest.approx(3e-5, rel=1e-4)
    assert shown.splitlines()[-1] == (
        "corners at 1,759.5, 35,190 (steps); at the end, 35,190, it would be 3e-05"
    )
    assert "█" in shown or "⠤" in shown or "─" in shown


@pytest.mark.parametrize("text", ["cosine_decay(over=steps(100))", "Linear(1, 0, steps(100))"])
def test_a_schedule_in_steps_is_its_own_run(text):
    shown = passo("show", text)
    assert "Run(steps(100))" in shown


def test_base_stays_open_until_lr_is_given():
    open_, closed = (
        passo("show", "base * Linear(1, 0, steps(10))", *more) for more in ((), ("--lr", "0.5"))
    )
    assert "value / base" in open_
    assert open_.splitlines()[-1] == (
        "base is open: values are multiples of it; --lr 0.1 gives it a number"
    )
    assert "value / base" not in closed
    assert "0.5" in closed


def test_tokens_and_samples_make_a_run():
    shown = passo(
        "show", "cosine_decay(peak=1.0)", "--run", "1e6 tokens", "--tokens-per-step", "1000"
    )
    assert "Run(tokens(1000000), tokens_per_step=1000)" in shown
    shown = passo("show", "cosine_decay(peak=1.0)", "--run", "1e6 tokens")
    assert shown.splitlines()[-1] == (
        "corners at 1,000,000 (tokens); at the end, 1,000,000, it would be 0"
    )


def test_png_writes_a_picture(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curve.png"
    shown = passo("show", EXAMPLE, *RUN, "--png", str(path))
    assert shown.splitlines()[-1] == f"drawn into {path}"
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("twin", TWINS, ids=[twin.name for twin in TWINS])
def test_a_class_of_torch_is_answered_with_its_twin(twin):
    for name in (twin.name, twin.name.lower()):
        lines = passo("show", name).splitlines()
        assert lines[:2] == [f"torch   {twin.call}", f"passo   {twin.expression}"]
        assert lines[2:] == ([f"        {twin.remark}"] if twin.remark else [])


def test_a_class_of_torch_is_drawn_on_a_run():
    shown = passo("show", "StepLR", "--run", "90 epochs", "--steps-per-epoch", "10", "--lr", "0.1")
    assert shown.startswith("torch   StepLR(optimizer, step_size=30, gamma=0.1)\n")
    assert "corners at 300, 600, 900 (steps)" in shown


def test_list_names_everything_with_one_line_each():
    shown = passo("list")
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        "shapes",
        "recipes",
        "methods",
        "spans",
    ]
    spans = ("steps", "epochs", "samples", "tokens", "percent", "rest")
    for name in ("Cosine", "Plateau", "warmup_cosine", "wsd", ".then", ".repeat", *spans):
        assert f"\n  {name} " in shown
    assert all(len(line) <= 120 for line in shown.splitlines())


def titles(shown):
    return [line for line in shown.splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cosine with hard restarts", ["cosine with hard restarts"]),
        ("COSINE-with_hard restarts", ["cosine with hard restarts"]),
        ("transformers.cosine", ["cosine"]),
        ("torch.StepLR", ["step decay"]),
        ("RexScheduler", ["REX"]),
        ("k-decay", ["k-decay cosine", "k-decay polynomial"]),
        ("noise", ["noise"]),
    ],
)
def test_a_published_schedule_is_shown_by_its_name_in_any_library(name, found):
    assert titles(passo("show", name)) == found


def test_what_is_shown_of_a_published_schedule_is_its_entry():
    lines = passo("show", "get_chebyshev_schedule").splitlines()
    assert lines[0] == "Chebyshev"
    assert lines[1].startswith("  passo      Table([(percent(0), ")
    assert lines[3:] == [
        "  source     Agarwal, Goel and Zhang 2021, arXiv:2103.01338",
        "  also       fractal Chebyshev steps",
        (
            "  elsewhere  pytorch_optimizer: get_chebyshev_schedule; "
            "pytorch_scheduler: ChebyshevScheduler"
        ),
        "  note       pytorch-scheduler's ChebyshevScheduler is a shifted cosine, not this.",
    ]
    several = titles(passo("show", "get_wsd_schedule"))
    assert several[:2] == ["cosine waves", "WSD with a linear cooldown"]
    assert len(several) > 4


def test_a_published_schedule_is_drawn_on_a_run():
    shown = passo("show", "RexScheduler", "--run", "100 steps", "--lr", "0.1")
    assert shown.startswith("REX\n  passo      Rex(base, 0, percent(100))\n")
    assert shown.splitlines()[-1] == "corners at 100 (steps); at the end, 100, it would be 0"
    assert "corners" not in passo("show", "noise", "--run", "100 steps")


@pytest.mark.parametrize(
    ("name", "curves"),
    [
        ("RexScheduler", ["Rex(base, 0, percent(100))"]),
        ("k-decay", ["k-decay cosine", "k-decay polynomial"]),
        ("StepLR", ["Exponential(base, 0.1, every=epochs(30)).staircase(epochs(30))"]),
    ],
)
def test_each_curve_that_a_name_has_is_drawn_into_a_file(tmp_path, monkeypatch, name, curves):
    pytest.importorskip("matplotlib")
    drawn, path = [], tmp_path / "curves.png"
    save = plot.save
    monkeypatch.setattr(plot, "save", lambda ax, *more: (drawn.append(ax), save(ax, *more)))
    shown = passo("show", name, "--run", "90 epochs", "--steps-per-epoch", "10", "--png", str(path))
    assert shown.splitlines()[-1] == f"drawn into {path}"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.get_text() for each in drawn[0].get_legend().get_texts()] == curves


@pytest.mark.parametrize("option", [("--png", "c.png"), ("--lr", "0.1")])
def test_a_name_that_is_to_be_drawn_without_a_run_is_told_what_to_write(
    capsys, monkeypatch, tmp_path, option
):
    monkeypatch.chdir(tmp_path)
    needs = 'write --run "90 epochs" --steps-per-epoch 391, or --run "10000 steps"'
    for name in ("RexScheduler", "StepLR"):
        assert needs in refused(capsys, monkeypatch, "show", name, *option)
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_an_expression_has_nothing_to_draw(capsys, monkeypatch, tmp_path):
    path = tmp_path / "noise.png"
    told = refused(capsys, monkeypatch, "show", "noise", "--png", str(path))
    assert told == "'noise' has no expression to draw; write passo show \"noise\" without --png"
    assert not path.exists()
    assert passo("show", "noise").startswith("noise\n")


@pytest.mark.parametrize("text", ["base - 0.1", "1 - base", "base . clip(0.1)", "0.5 - base"])
def test_an_expression_is_no_name(text):
    assert "value / base" in passo("show", text, "--run", "100 steps")


def test_list_searches_what_there_is_and_what_was_published():
    shown = passo("list", "--search", "restart")
    assert titles(shown) == ["recipes", "published"]
    assert "\n  warm_restarts " in shown
    assert "\n  cosine with hard restarts " in shown
    assert titles(passo("list", "--search", "DINO")) == ["published"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("show", "cosine with hard restart"),
            (
                "no schedule of the catalogue is called 'cosine with hard restart' here or in any "
                "library; did you mean 'cosine with hard restarts' or 'cosine_with_restarts'?"
            ),
        ),
        (
            ("show", "banana"),
            (
                "no schedule of the catalogue is called 'banana' here or in any library; "
                "write passo list --search WORD"
            ),
        ),
        (("show", "warmup_cosin"), "unknown name 'warmup_cosin'; did you mean 'warmup_cosine'?"),
        (
            ("list", "--search", "zzz"),
            "nothing has 'zzz' in its name; write passo list for what there is",
        ),
        (("list", "--search", " "), "a word is searched for, such as \"restart\", got ' '"),
    ],
)
def test_a_name_of_nobody_is_refused_with_what_is_near(capsys, monkeypatch, arguments, text):
    assert refused(capsys, monkeypatch, *arguments) == text


@pytest.mark.parametrize("name", [name for name in recipes.__all__ if example(name)[-2:] == "()"])
def test_a_bare_name_is_shown_where_its_defaults_suffice(name):
    assert passo("show", name, *RUN) == passo("show", f"{name}()", *RUN)
    assert passo("check", name, *RUN) == passo("check", f"{name}()", *RUN)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {*SPANS, "Function"}))
def test_the_example_of_each_name_can_be_shown(name):
    assert passo("show", example(name), *RUN)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Cosine", "Cosine needs start and end; write 'Cosine(0.1, 0.01)'"),
        ("noam", "noam needs d_model and warmup; write 'noam(512, warmup=steps(500))'"),
        ("Plateau", """Plateau needs metric; write 'Plateau("val_loss")'"""),
        ("steps", "steps is a span, how long something lasts; write 'Linear(0.1, 0, steps(50))'"),
        ("rest", "rest is a span, how long something lasts; write 'Linear(0.1, 0, rest)'"),
        (
            "one_cycle",
            (
                "Cosine(0.04 * base, base, percent(30)).then(Cosine(base, 4e-06 * base)) needs a "
                "run, since percent(30) is measured on it; "
                'write --run "90 epochs" --steps-per-epoch 391, or --run "10000 steps"'
            ),
        ),
    ],
)
def test_a_bare_name_that_needs_more_says_what_to_write(capsys, monkeypatch, name, text):
    assert refused(capsys, monkeypatch, "show", name) == text
    assert refused(capsys, monkeypatch, "check", name) == text


# -- what goes wrong


WRITE = 'write --run "90 epochs" --steps-per-epoch 391, or --run "10000 steps"'
LONG = "Linear(0, 0.0003, percent(5)).then(Cosine(0.0003, 3e-05))"
MISSING = [
    (
        f"{LONG} needs a run, since percent(5) is measured on it; {WRITE}",
        (EXAMPLE,),
    ),
    (
        f"Exponential(1, 0.9) needs a run, since it never ends; {WRITE}",
        ("exponential_decay(0.9, peak=1.0)",),
    ),
    (
        "epochs(90) needs the run's steps_per_epoch; write --steps-per-epoch 391",
        ("cosine_decay(peak=1.0)", "--run", "90 epochs"),
    ),
    (
        "tokens(5) needs the run's tokens_per_step; write --tokens-per-step 391",
        ("Linear(1, 0, tokens(5))", "--run", "10 steps"),
    ),
]


@pytest.mark.parametrize(("text", "arguments"), MISSING)
def test_what_is_missing_is_said_in_the_words_of_the_command_line(
    capsys, monkeypatch, text, arguments
):
    assert refused(capsys, monkeypatch, "show", *arguments) == text


@pytest.mark.parametrize(
    "arguments",
    [
        ("warmup_cosine(",),
        ("__import__('os').system('true')",),
        ("1 +",),
        ("",),
        ("(" * 5000,),
        ("cosine_decay(peak=1.0)", "--run", "soon"),
        ("cosine_decay(peak=1.0)", "--run", "0 steps"),
        ("cosine_decay(peak=1.0)", "--run", "10 steps", "--steps-per-epoch", "0"),
    ],
)
def test_bad_input_is_one_line_and_status_two(capsys, monkeypatch, arguments):
    assert refused(capsys, monkeypatch, "show", *arguments)


def test_a_picture_that_cannot_be_written_is_one_line(capsys, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    path = str(tmp_path / "nowhere" / "curve.png")
    monkeypatch.setattr(sys, "argv", ["passo", "show", EXAMPLE, *RUN, "--png", path])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("passo: ")
    assert path in line


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(capsys, monkeypatch):
    text = refused(capsys, monkeypatch, "show", "cosin_decay()")
    assert text == "unknown name 'cosin_decay'; did you mean 'cosine_decay'?"


@pytest.mark.parametrize("arguments", [("shwo",), ("show",), ("show", "x", "--colour", "red")])
def test_what_the_command_line_does_not_know_is_status_two(arguments):
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["show", "check"])
def test_arguments_without_a_name_are_answered_as_in_python(capsys, monkeypatch, command):
    assert refused(capsys, monkeypatch, command, "cosine_decay(100)", "--run", "9 steps") == (
        "cosine_decay takes its arguments by name, got 100; "
        "write cosine_decay(peak=100) or cosine_decay(over=steps(100))"
    )


def test_errors_are_passos_own():
    with pytest.raises(PassoError):
        CliRunner().invoke(cli.app, ["show", "nonsense"], catch_exceptions=False)


COMMANDS = (
    "show",
    "list",
    "check",
    "explain",
    "export",
    "find",
    "predict",
    "demo",
    "doctor",
    "compare",
    "tune",
)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_shows_no_type_of_a_flag_and_every_option(command):
    shown = passo(*filter(None, [command]), "--help")
    assert "bool" not in shown.lower()
    assert "--help" in shown
    assert (command == "check") == ("--strict" in shown and "expression" in shown)


def test_it_says_which_passo_it_is():
    assert passo("--version") == f"passo {version('passo')}\n"


def test_a_shell_completes_the_commands():
    environment = {
        **os.environ,
        "_PASSO_COMPLETE": "complete_bash",
        "COMP_WORDS": "passo ",
        "COMP_CWORD": "1",
    }
    code = "import sys; sys.argv = ['passo']; from passo.cli import app; app(prog_name='passo')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert sorted(done.stdout.split()) == sorted(COMMANDS)


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "passo", "show", EXAMPLE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("passo: Linear(0, 0.0003, percent(5))")
