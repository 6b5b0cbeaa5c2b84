"""What the doctor's rules advise of plateaus: P011, P012 and P022."""

from __future__ import annotations

import math
from typing import Any

import pytest
from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo import Plateau, attach, base
from passo.doctor import diagnose
from passo.trace import Trace
from tests.advice.rows.rules import UPDATE, advised, last, loop, of, well
from tests.advice.table import Table, Told
from tests.doctor.test_rules import noise

tried = Table()


# -- P011, P012, P022: plateaus

TELL = f"{UPDATE}\nmetric = metrics[min(t, len(metrics) - 1)]\nscheduler.step(metric)"
FLAT = [1.0] * 60


def told_of(metrics: list[float], body: str = TELL, **given: Any) -> list[Trace]:
    """A plateau that is told these after the updates."""
    return loop(of(ReduceLROnPlateau, **given), body, metrics=metrics)


def healthy(metrics: list[float], body: str = TELL, **given: Any) -> bool:
    """Whether nothing is found there."""
    found = diagnose(told_of(metrics, body, **given))
    assert found == [], found
    return True


def falling(count: int = 60) -> list[float]:
    """A loss that falls, and is flat from its middle on."""
    return [0.3 + 0.5**k for k in range(count)]


@tried("scheduler.step(val_loss)")
def a_plateau_is_told_the_loss(told: Told) -> None:
    for wrong in (UPDATE, f"{UPDATE}\nscheduler.step(t)"):
        line = advised(told, told_of([], wrong), "P011").quoted(r"^(scheduler\.step\(val_loss\))$")
        body = f"{UPDATE}\nval_loss = metrics[min(t, 59)]\n{line}"
        assert healthy(falling(), body)


@tried("scheduler.report({{}: ...}) after each validation")
def a_plateau_of_passo_is_told(told: Told) -> None:
    def build(optimizer: Any) -> Any:
        return attach(optimizer, base * Plateau("val_loss"))

    text = advised(told, loop(build, UPDATE), "P011")
    line = text.quoted(r"^(scheduler\.report\(.*\)) after").replace("...", "0.3 + 0.5**t")
    assert well(build, f"{UPDATE}\n{line}")


@tried("find out why the metric is NaN, and do not report it")
def a_nan_is_not_reported(told: Told) -> None:
    odd = [math.nan if k % 5 == 4 else each for k, each in enumerate(falling())]
    advised(told, told_of(odd), "P012").words("do not report it")
    assert healthy(odd, TELL.replace("scheduler", "if metric == metric: scheduler"))


@tried("ReduceLROnPlateau(optimizer, mode={})")
def a_mode_fits_its_metric(told: Told) -> None:
    score = [1 - 0.9**k for k in range(60)]
    body = f"{UPDATE}\nval_acc = metrics[t]\nif t % 5 == 4: scheduler.step(val_acc)"
    call = advised(told, told_of(score, body, patience=3), "P012").quoted(r"^(.*)$")
    build = lambda optimizer: eval(call, {**globals(), "optimizer": optimizer})  # noqa: E731
    assert well(build, body, metrics=score)


@tried("threshold_mode='abs'")
def a_metric_below_zero_has_an_absolute_threshold(told: Told) -> None:
    below = [-1.0] * 60
    text = advised(told, told_of(below, patience=2), "P012")
    given = eval(f"dict({text.quoted(r'^(.*)$')})")
    assert healthy(below, patience=9, **given)


@tried("eps={}, or 0")
def a_reduction_is_larger_than_eps(told: Told) -> None:
    text = advised(told, told_of(FLAT, patience=9, eps=1.0), "P012")
    for eps in (float(text.quoted(r"^eps=(\S+),")), 0):
        trace = told_of(FLAT, patience=9, eps=eps)
        assert [each.code for each in diagnose(trace)] in ([], ["P006"])
        assert last(trace) < 0.1


@tried("a min_lr below the rate that training begins with")
def a_floor_is_below_the_start(told: Told) -> None:
    text = advised(told, told_of(FLAT, patience=9, min_lr=0.1), "P012")
    text.words("a min_lr below the rate")
    trace = told_of(FLAT, patience=9, min_lr=0.01)
    assert diagnose(trace) == []
    assert last(trace) == pytest.approx(0.01)


@tried("patience={}, in reports")
def a_patience_is_shorter_than_the_run(told: Told) -> None:
    text = advised(told, told_of(falling(), patience=100), "P012")
    given = eval(f"dict({text.quoted(r'^(patience=.*), in')})")
    assert healthy(falling(), **given)


@tried(
    "a smoothed metric (the mean of an epoch), or a longer patience; a larger threshold makes "
    "reductions come sooner"
)
def a_noisy_metric_is_smoothed(told: Told) -> None:
    loud = [3 - 0.01 * k + 0.4 * each for k, each in enumerate(noise(3))][:60]
    text = advised(told, told_of(loud, patience=2), "P022")
    text.words("a smoothed metric", "a longer patience")
    mean = f"{UPDATE}\nif t % 10 == 9: scheduler.step(sum(metrics[t - 9 : t + 1]) / 10)"
    assert healthy(loud, mean, patience=2)
    assert healthy(loud, patience=20)
