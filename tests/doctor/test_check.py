"""`passo check`: a plan before anything is paid for."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from passo import Run, cli, parse, steps
from passo.doctor import check
from passo.doctor.check import read_plan
from passo.ground.errors import PassoError

RUN = Run(steps(1000), steps_per_epoch=100)

WRONG = [
    ("Linear(0, 0.1, steps(50)).then(Cosine(1.0, 0))", "P013"),
    ("Linear(0, 0.1, steps(2000))", "P007"),
    ("Linear(0, 0.1, steps(2000)).then(Cosine(0.1, 0, steps(10)))", "P007"),
    ("Cosine(0.1, 1e-5, steps(310))", "P006"),
    ("Exponential(0.1, 0.5, every=epochs(0.2))", "P006"),
    ("Constant(0.0, steps(40)).then(Constant(0.1))", "P018"),
    ("warmup_cosine(peak=0.1, warmup=percent(0.3))", "P006"),
    ("Linear(0.1, -0.1)", "P019"),
    ("Cosine(-0.1, 0)", "P019"),
    ("step_decay(epochs(30), gamma=0.1)", "P007"),
    ("multistep_decay([epochs(12), epochs(40)], peak=0.1)", "P007"),
    ("cosine_decay(peak=100)", "P019"),
    ("cosine_decay(over=percent(0.3), peak=0.1)", "P006"),
    ("wsd(peak=0.1, warmup=percent(0.05), cooldown=percent(0.2))", "P006"),
]
RIGHT = [
    "one_cycle(peak=3.0)",
    "Cosine(30, 0)",
    "warmup_cosine(peak=3e-4, warmup=percent(5))",
    "wsd(peak=0.1)",
    "multistep_decay([epochs(3), epochs(8)], peak=0.1)",
    "step_decay(epochs(3), peak=0.1)",
    "warm_restarts(first=epochs(1), grow=2.0, peak=0.1)",
    "one_cycle(peak=0.1)",
    "Constant(0.1)",
    "inverse_sqrt(peak=0.1)",
]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_a_wrong_plan_is_told(text, code):
    assert [each.code for each in check(parse(text), RUN)] == [code]


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_plan_is_left_in_peace(text):
    assert check(parse(text), RUN) == []


def test_a_momentum_has_bounds_of_its_own():
    (found,) = check(parse("Linear(0.9, 1.0)"), RUN, key="momentum")
    assert found.code == "P019"
    assert found.seen == "momentum goes from 0.9 to 1, outside of 0 to 1"


def test_a_file_may_hold_text_or_fields(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"lr": "Cosine(1, 0)", "momentum": "Constant(0.9)"}')
    assert list(read_plan(str(path))) == ["lr", "momentum"]
    path.write_text("Cosine(1, 0)\n")
    assert read_plan(str(path), "lr") == {"lr": parse("Cosine(1, 0)")}
    with pytest.raises(PassoError, match="the plan begins as JSON and is none"):
        read_plan("{lr: 1}")


def test_the_command_tells_and_may_fail():
    runner = CliRunner()
    arguments = ["check", WRONG[0][0], "--run", "1000 steps"]
    done = runner.invoke(cli.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.startswith("P013\n  seen  the value jumps from 0.1 to 1 at 50 steps")
    assert runner.invoke(cli.app, [*arguments, "--strict"]).exit_code == 1
    done = runner.invoke(cli.app, ["check", RIGHT[0], "--run", "1000 steps", "--strict"])
    assert (done.exit_code, done.output) == (0, "nothing found\n")


@pytest.mark.parametrize(
    ("text", "seen", "write"),
    [
        (
            "warmup_cosine(peak=0.1, warmup=percent(0.05))",
            "percent(0.05) is 0.05 % of the run, 0.5 of 1,000 steps",
            "percent(5) for 5 % of the run",
        ),
        (
            "Cosine(-0.1, 0)",
            "lr goes from -0.1 to 0, below 0",
            "the lr without its minus: 0.1 where it says -0.1",
        ),
        (
            "Linear(0.1, -0.1)",
            "lr goes from -0.1 to 0.1, below 0",
            "an end at 0 instead of -0.1, or .clip(low=0.0)",
        ),
    ],
)
def test_the_texts_fit_what_was_found(text, seen, write):
    (found,) = check(parse(text), RUN)
    assert found.write == write
    assert found.seen == seen


FAR = [("cosine_decay(peak=100)", 0.1), ("Constant(10)", 1e-3), ("one_cycle(peak=31)", 0.31)]
NEAR = [
    ("cosine_decay(peak=2.5)", 0.1),
    ("one_cycle(peak=1.0)", 1e-3),
    ("Constant(30)", 30.0),
    ("Constant(30)", 0.01),
    ("Constant(1.0)", 1.0),
    ("Constant(100)", 30.0),
    ("base * Linear(0, 1)", 0.1),
]


@pytest.mark.parametrize(("text", "base", "far"), [(*e, 1) for e in FAR] + [(*e, 0) for e in NEAR])
def test_a_rate_far_above_the_base_was_a_length_or_a_factor(text, base, far):
    found = check(parse(text), RUN, base=base)
    assert [each.code for each in found] == ["P019"] * far
    assert check(parse(text), RUN, base=base, key="weight_decay") == []


def test_a_rate_far_above_the_base_says_what_was_probably_meant():
    (found,) = check(parse("cosine_decay(peak=100)"), RUN, base=0.1)
    assert found.seen == "lr goes up to 100, 1,000 times the base of 0.1"
    assert found.write == (
        "over=steps(100) for a length, base * ... for a factor, or the rate as the optimizer's "
        "lr, where it is meant"
    )
    assert check(parse("cosine_decay(over=steps(1000))"), RUN, base=0.1) == []


def test_two_slips_of_one_kind_are_one_finding():
    (found,) = check(parse("wsd(peak=0.1, warmup=percent(0.05), cooldown=percent(0.2))"), RUN)
    assert found.seen == (
        "percent(0.05) is 0.05 % of the run, 0.5 and percent(0.2) is 0.2 % of the run, 2 "
        "of 1,000 steps"
    )
    assert found.write == "percent(5) for 5 % of the run and percent(20) for 20 % of the run"


def test_what_two_fields_have_in_common_is_told_once(tmp_path):
    path = tmp_path / "plan.json"
    slip = "warmup_cosine(peak=0.1, warmup=percent(0.3))"
    path.write_text(f'{{"lr": "{slip}", "weight_decay": "{slip}"}}')
    done = CliRunner().invoke(cli.app, ["check", str(path), "--run", "1000 steps"])
    assert done.output.count("P006") == 1


def test_what_is_no_plan_says_what_it_is():
    with pytest.raises(PassoError, match=r"there is no file 'missing\.json'"):
        read_plan("missing.json")
    with pytest.raises(PassoError, match="passo show StepLR says what to write"):
        read_plan("StepLR")


# -- files that somebody else wrote (issue 12, kind 5)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xef\xbb\xbfConstant(0.1)", {"lr": parse("Constant(0.1)")}),
        (b'\xef\xbb\xbf{"lr": "base"}', {"lr": parse("base")}),
        (b'{"is": "Base"}', {"lr": parse("base")}),
    ],
)
def test_a_plan_in_a_file_is_read_also_after_a_mark(tmp_path, content, found):
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    assert read_plan(str(path)) == found


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Constant(0.1)".encode("utf-16"), "is not text in UTF-8: byte 0 is 0xff; save it as"),
        (b"Constant(0.1)  # caf\xe9", "is not text in UTF-8: byte 20 is 0xe9; save it as UTF-8"),
        (b"{}", 'the plan names no field; write {"lr": "warmup_cosine()"}'),
        (b'{"lr": "base", "lr": "base"}', "the plan begins as JSON and is none: 'lr' is there"),
        (b'{"a":' * 100_000, "the plan begins as JSON and is none: it is nested too deep"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_words(tmp_path, content, text):
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PassoError, match=re.escape(text)):
        read_plan(str(path))
