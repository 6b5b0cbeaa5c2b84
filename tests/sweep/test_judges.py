"""Who is given up, and by which numbers: the shares of a run, and what a law is asked with."""

from __future__ import annotations

from types import SimpleNamespace

from passo import Constant, Plateau, Run, base, by_group, steps, wsd
from passo.sweep import judges
from passo.sweep.judges import Rungs, foreseen, peak_of

RUN = Run(steps(100))


def heard(*reports):
    """What Optuna is told of a run that reports so, in order."""
    told = []
    trial = SimpleNamespace(
        report=lambda value, step: told.append((step, value)), should_prune=lambda: False
    )
    rungs = Rungs(trial, RUN, None, RuntimeError)
    for update, loss in reports:
        rungs(update, {"loss": loss})
    return told


def test_the_loss_at_a_share_is_on_the_line_between_the_two_reports_around_it():
    bent = ((0, 8.0), (20, 4.0), (30, 2.0), (40, 9.0), (60, 1.0), (100, 5.0))
    assert heard(*bent) == [(25, 3.0), (50, 5.0), (75, 2.5)]


def test_a_share_that_is_reported_at_is_told_once():
    assert heard((25, 1.0), (30, 2.0), (75, 3.0), (80, 9.0)) == [
        (25, 1.0),
        (50, 2.0 + 20 / 45),
        (75, 3.0),
    ]


def test_the_peak_is_the_highest_rate_that_an_update_uses():
    assert peak_of(Constant(0.3), RUN) == 0.3
    assert peak_of(wsd(peak=2 * base), RUN) == 2.0  # of base
    assert peak_of({"lr": wsd(peak=0.5), "momentum": Constant(0.9)}, RUN) == 0.5
    assert peak_of(base * Plateau("val_loss"), RUN) is None
    assert peak_of({"lr": by_group({"a": Constant(0.1)})}, RUN) is None
    assert peak_of({"momentum": Constant(0.9)}, RUN) is None


def test_a_law_is_fitted_on_the_latest_traces_and_on_a_few_of_them(tmp_path, monkeypatch):
    asked = []

    class Law:
        @classmethod
        def fit(cls, traces, metric):
            asked.append((traces, metric))
            return SimpleNamespace(predict=lambda schedule, run: (schedule, run))

    found = SimpleNamespace(Law=Law, NotPredictable=ValueError)
    monkeypatch.setattr(judges, "need", lambda *_: found)
    monkeypatch.setattr(judges.Trace, "load", lambda path: path.parent.name)
    folders = [tmp_path / f"trial-{number}" for number in range(12)]
    for each in folders:
        each.mkdir()
        if each.name != "trial-10":  # a run that was not recorded
            (each / judges.TRACE).touch()
    plan = wsd(peak=0.1)
    assert foreseen(None, plan, RUN, folders, "error") == (plan, RUN)
    latest = [3, 4, 5, 6, 7, 8, 9, 11]
    assert asked == [([f"trial-{number}" for number in latest], "error")]
