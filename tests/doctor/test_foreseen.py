"""P025: a cooldown that a law predicts worse than another, of a plan and of a trace."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

from passo import Constant, Linear, PassoError, Run, attach, base, cli, steps, wsd
from passo.doctor import DoctorWarning, check, diagnose
from passo.doctor.command import examine
from passo.law import Law
from passo.optim import Recorder
from passo.optim.recorder import EnoughUpdates
from passo.trace import Trace
from tests.corpus.stream import LAW as FILE
from tests.test_cli import passo, refused

LAW = Law.load(FILE)  # linear and wsd 20 % on a stream, where a late cooldown is the better one
RUN = Run(steps(1000))
LATE = 'wsd(cooldown=percent(5), shape="linear")'


def codes(found):
    return [each.code for each in found]


def trace_of(build, updates=1000, most=None):
    """The trace of a script with a scheduler of torch; `most` stops it, as --max-updates does."""
    recorder = Recorder(most=most)
    recorder.start()
    with contextlib.suppress(EnoughUpdates):
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = build(optimizer)
        for _ in range(updates):
            weight.grad = torch.ones(2)
            optimizer.step()
            scheduler.step()
    recorder.stop("end" if most is None else "limit")
    (trace,) = (each for each in recorder.traces() if each.updates)
    return trace


# -- a plan


def test_a_cooldown_that_is_predicted_worse_is_found_with_its_numbers():
    (found,) = check(Linear(base, 0), RUN, law=LAW)
    assert found.code == "P025"
    assert found.seen == (
        "with this cooldown val_loss is predicted to end at 0.3404 ± 0.0097, 13.3% above the "
        f"0.3005 ± 0.013 of {LATE}"
    )
    assert found.why == (
        "that is more than the law's error: the same updates would lead to a lower loss"
    )
    assert found.write == f"{LATE}, where base is 0.1"


def test_a_plan_within_the_error_of_the_law_is_left_in_peace():
    for schedule, rate in ((wsd(), None), (wsd(peak=0.1), None), (Constant(base), 0.1)):
        assert check(schedule, RUN, base=rate, law=LAW) == []


def test_the_law_is_of_rates_alone_and_nothing_is_said_without_one():
    assert check(Linear(0.1, 0), RUN, key="weight_decay", law=LAW) == []
    assert check(Linear(base, 0), RUN) == []


def test_what_the_law_cannot_say_is_told_once_with_its_reason():
    with pytest.warns(DoctorWarning) as told:
        assert check(Linear(0.5, 0), RUN, law=LAW) == []
    assert [str(each.message) for each in told] == [
        (
            "P025 is not looked at: the rates go from 0.0005 to 0.5, and the fitted runs had a "
            "peak of 0.1: another one is predicted wrong by 3 to 14 %; write a schedule with that "
            "peak, base stands for it"
        )
    ]


def test_what_is_no_law_is_refused():
    for ask in (
        lambda: check(wsd(), RUN, law="law.json"),
        lambda: diagnose(Trace(3), law="law.json"),
    ):
        with pytest.raises(PassoError) as told:
            ask()
        assert str(told.value) == "'law' must be a Law, got 'law.json'; write law=Law.load(path)"


def test_a_plan_that_is_cut_short_is_told_and_its_unseen_cooldown_is_not():
    assert codes(check(Linear(base, 0, steps(1500)), RUN, law=LAW)) == ["P007"]


# -- a trace


def test_a_schedule_of_torch_is_looked_at_where_it_was_built():
    (found,) = diagnose(trace_of(lambda o: CosineAnnealingLR(o, 1000)), law=LAW)
    assert found.code == "P025"
    assert "test_foreseen.py:" in found.where


def test_a_run_that_was_stopped_is_looked_at_to_the_end_of_its_plan():
    both = [trace_of(lambda o: CosineAnnealingLR(o, 1000), most=most) for most in (None, 120)]
    found = [each for trace in both for each in diagnose(trace, law=LAW)]
    assert [trace.updates for trace in both] == [1000, 120]
    assert codes(found) == ["P025", "P025"]
    ends = [float(each.seen.split("end at ")[1].split()[0]) for each in found]
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


def test_of_a_stopped_run_whose_plan_nobody_knows_nothing_is_said():
    def build(optimizer):
        return LambdaLR(optimizer, lambda t: 1 - t / 1000)

    assert codes(diagnose(trace_of(build), law=LAW)) == ["P025"]
    assert diagnose(trace_of(build, most=120), law=LAW) == []


def test_a_plan_of_passo_is_looked_at_while_it_is_under_way(tmp_path):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scheduler = attach(optimizer, Linear(base, 0), RUN, record=tmp_path / "run.jsonl")
    for update in range(1000):
        weight.grad = torch.ones(1)
        optimizer.step()
        if update == 50:
            scheduler.report(val_loss=1.0)  # which writes what has been done
            torn = Trace.load(tmp_path / "run.jsonl")
    scheduler.detach()
    assert not torn.complete
    assert codes(diagnose(torn, law=LAW)) == ["P025"]
    late = replace(torn, columns=tuple(later(each) for each in torn.columns))
    assert diagnose(late, law=LAW) == []  # what came before, nobody knows


def later(column):
    return replace(column, updates=column.updates[5:], values=column.values[5:])


def test_the_cause_is_told_and_what_it_brings_about_is_not():
    """An epoch cosine that is stepped per batch: its rates are bad, and that is not its plan."""
    whole = trace_of(lambda o: LambdaLR(o, lambda t: max(1e-4, 1 - t / 100)))
    assert codes(diagnose(whole, law=LAW)) == ["P006"]


# -- the commands


def test_check_and_doctor_take_the_file_of_a_law(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    LAW.write("law.json")
    said = passo("check", "Linear(base, 0)", "--run", "1000 steps", "--law", "law.json")
    assert said.startswith(
        "P025\n  seen  with this cooldown val_loss is predicted to end at 0.3404"
    )
    assert passo("check", "wsd()", "--run", "1000 steps", "--law", "law.json") == "nothing found\n"
    trace_of(lambda o: CosineAnnealingLR(o, 1000)).write("0.jsonl")
    assert examine("0.jsonl", [], strict=True, law=LAW) == 1
    assert "P025  test_foreseen.py:" in capsys.readouterr().out
    told = refused(capsys, monkeypatch, "check", "wsd()", "--law", "none.json", "--run", "9 steps")
    assert told == (
        "cannot read the law 'none.json': No such file or directory; "
        "passo predict run.jsonl --keep law.json makes one"
    )


def test_check_says_on_stderr_what_the_law_cannot_say(tmp_path, capsys, monkeypatch):
    LAW.write(tmp_path / "law.json")
    typed = ["check", "wsd(peak=3)", "--run", "1000 steps", "--law", str(tmp_path / "law.json")]
    monkeypatch.setattr("sys.argv", ["passo", *typed])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (0, "nothing found\n")
    assert err.startswith("passo: P025 is not looked at: the rates go from 0 to 3, ")
