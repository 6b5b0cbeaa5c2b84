"""Each rule on a loop that it is for, and on the same loop put right."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from passo.doctor import DoctorWarning, compare_ranks, diagnose, diagnosis
from passo.doctor.case import Case
from passo.doctor.command import examine
from passo.doctor.rules import RULES
from passo.law import Law
from passo.optim import Recorder
from passo.trace import Column, Trace
from tests.doctor.test_rules import group, losses, noise, plateau_on, resumed, train, warmed

PLENTY = 60  # updates
LAW = Law("loss", 0.1, PLENTY, 0.2, 0.01, 0.4, (1.3, 2, 0.1), 0.1, (1.4, 4, 0.4), 2)


def run(build, *, epochs=1, batches=PLENTY, before=None, after=None, at_end=None, sgd=None):
    """The trace of a loop within a loop; `build` makes what the three functions are given."""
    with Recorder() as recorder:
        groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": 0.1} for _ in range(2)]
        optimizer = torch.optim.SGD(groups, **(sgd or {}))
        made = build(optimizer)
        for epoch in range(epochs):
            for batch in range(batches):
                if before:
                    before(made)
                for each in groups:
                    each["params"][0].grad = torch.ones(2)
                optimizer.step()
                if after:
                    after(made, batch)
            if at_end:
                at_end(made, epoch)
    (trace,) = (each for each in recorder.traces() if each.updates)
    return trace


def step(scheduler, *_):
    scheduler.step()


def stepped(build, times=1):
    """What advances after each update, so many times."""
    return run(build, after=lambda scheduler, _: [scheduler.step() for _ in range(times)])


def two(first, second):
    """Two schedulers on one optimizer."""

    def each(schedulers, _):
        for scheduler in schedulers:
            scheduler.step()

    return run(lambda o: (first(o), second(o)), after=each)


def edited(at):
    """A scheduler that advances, and a line that writes the rate at these updates."""

    def after(scheduler, batch):
        scheduler.step()
        if batch in at:
            scheduler.optimizer.param_groups[0]["lr"] = 0.05

    return run(lambda o: StepLR(o, 50), after=after)


def by_hand(moved):
    """So many of two groups move by hand."""

    def after(optimizer, batch):
        for each in optimizer.param_groups[:moved]:
            each["lr"] = 0.1 * (1 - batch / 100)

    return run(lambda o: o, after=after)


def plateau(*metrics, **given):
    """What is told a metric after each update, from the first on, and the last one again."""

    def after(scheduler, batch):
        if metrics:
            value = metrics[min(batch, len(metrics) - 1)]
            scheduler.step(value)

    return run(lambda o: ReduceLROnPlateau(o, **given), after=after)


def after_warm_up(end):
    def build(optimizer):
        parts = [LinearLR(optimizer, 0.01, end, 10), CosineAnnealingLR(optimizer, PLENTY - 10)]
        return SequentialLR(optimizer, parts, [10])

    return stepped(build)


def loaded(gamma):
    def build(optimizer):
        scheduler = StepLR(optimizer, 50, gamma=0.5)
        other = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)
        scheduler.load_state_dict(StepLR(other, 50, gamma=gamma).state_dict())
        return scheduler

    return stepped(build)


def scaled(*, guarded):
    """A loop with a scaler that skips each fourth update."""
    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = StepLR(optimizer, 50)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        for k in range(40):
            loss = weight.sum() * (float("inf") if k % 4 == 3 else 1.0)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scale = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            if not guarded or scaler.get_scale() >= scale:
                scheduler.step()
    (trace,) = recorder.traces()
    return trace


def ranks(*rates):
    return [
        Trace(9, ("all",), (Column(0, "lr", (0, 5), (0.1, rate)),), meta={"rank": rank})
        for rank, rate in enumerate(rates)
    ]


def together(*scheduled):
    """Traces of optimizers that step after one backward pass, some with a scheduler."""
    with Recorder() as recorder:
        weights = [torch.nn.Parameter(torch.ones(2)) for _ in scheduled]
        optimizers = [torch.optim.SGD([weight], lr=0.1) for weight in weights]
        pairs = zip(optimizers, scheduled, strict=True)
        schedulers = [ExponentialLR(each, 0.9) for each, has_one in pairs if has_one]
        for _ in range(30):
            sum(weight.square().sum() for weight in weights).backward()
            for each in (*optimizers, *schedulers):
                each.step()
    return recorder.traces()


def stopped(patience):
    """The trace of a loop that is left after six bad reports, beside a plateau."""
    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = ReduceLROnPlateau(optimizer, patience=patience)
        best, bad = 9.0, 0
        for epoch in range(50):
            for _ in range(4):
                weight.grad = torch.ones(2)
                optimizer.step()
            value = max(1.0, 3.0 - epoch)
            scheduler.step(value)
            best, bad = (value, 0) if value < best else (best, bad + 1)
            if bad >= 6:
                break
    (trace,) = recorder.traces()
    return trace


def one_cycle(**given):
    return run(lambda o: OneCycleLR(o, 0.1, PLENTY, **given), after=step, sgd={"momentum": 0.5})


def cosine(length):
    return lambda optimizer: CosineAnnealingLR(optimizer, length)


def function(of):
    return lambda optimizer: LambdaLR(optimizer, of)


LOOPS = {
    "P001": (
        lambda: run(cosine(100), before=step),
        lambda: run(cosine(100), after=step),
    ),
    "P002": (
        lambda: run(lambda o: StepLR(o, 5)),
        lambda: stepped(lambda o: StepLR(o, 5)),
    ),
    "P003": (
        lambda: stepped(lambda o: StepLR(o, 50), times=8),
        lambda: stepped(lambda o: StepLR(o, 50)),
    ),
    "P004": (
        lambda: run(cosine(300), epochs=10, batches=30, at_end=step),
        lambda: run(cosine(10), epochs=10, batches=30, at_end=step),
    ),
    "P005": (
        lambda: stepped(cosine(PLENTY // 2)),
        lambda: stepped(cosine(PLENTY)),
    ),
    "P006": (
        lambda: stepped(lambda o: ExponentialLR(o, 0.5)),
        lambda: stepped(lambda o: ExponentialLR(o, 0.95)),
    ),
    "P007": (
        lambda: stepped(cosine(2 * PLENTY)),
        lambda: stepped(cosine(PLENTY)),
    ),
    "P008": (
        lambda: two(cosine(PLENTY), cosine(PLENTY)),
        lambda: two(lambda o: StepLR(o, 20), lambda o: ExponentialLR(o, 0.99)),
    ),
    "P009": (lambda: edited({20}), lambda: edited(())),
    "P010": (lambda: by_hand(1), lambda: by_hand(2)),
    "P011": (plateau, lambda: plateau(0.5)),
    "P012": (
        lambda: plateau(-1.0, patience=2),
        lambda: plateau(-1.0, patience=2, threshold_mode="abs"),
    ),
    "P013": (lambda: after_warm_up(0.1), lambda: after_warm_up(1.0)),
    "P014": (lambda: resumed(warmed, saved=group(0.07)), lambda: resumed(warmed, own=True)),
    "P015": (lambda: loaded(0.1), lambda: loaded(0.5)),
    "P016": (lambda: scaled(guarded=False), lambda: scaled(guarded=True)),
    "P017": (lambda: ranks(0.01, 0.02), lambda: ranks(0.01, 0.01)),
    "P018": (
        lambda: stepped(function(lambda t: float(t > 4))),
        lambda: stepped(function(lambda t: float(t > 0))),
    ),
    "P019": (
        lambda: losses([1.0, 0.5, 0.4, 0.6, 2.0, 50.0, 1e4, 1e8]),
        lambda: losses([1.0, 0.5, 0.4, 0.6, 2.0, 1.0, 0.9, 0.8]),
    ),
    "P020": (one_cycle, lambda: one_cycle(cycle_momentum=False)),
    "P021": (
        lambda: run(cosine(10), epochs=10, batches=30, after=step),
        lambda: run(cosine(10), epochs=10, batches=30, at_end=step),
    ),
    "P022": (
        lambda: plateau(
            *(3 - 0.01 * k + 0.4 * value for k, value in enumerate(noise(3))), patience=2
        ),
        lambda: plateau_on(lambda k: 0.3 + 0.5**k, patience=3),
    ),
    "P023": (lambda: together(True, False), lambda: together(True, True)),
    "P024": (lambda: stopped(10), lambda: stopped(2)),
    "P025": (
        lambda: run(lambda o: StepLR(o, 100), after=step),
        lambda: run(lambda o: LambdaLR(o, lambda t: 1 - t / PLENTY), after=step),
    ),
}


def looked(rule, traces):
    """What a rule says; where it looks at several ranks or optimizers, of these."""
    if isinstance(traces, list):
        several = getattr(rule, "across", None) or rule.beside
        return list(several([Case(trace, LAW) for trace in traces]))
    return list(rule.look(Case(traces, LAW)))


def test_each_rule_has_loops_of_its_own():
    missing = {rule.CODE for rule in RULES} - set(LOOPS)
    assert missing == set(), "LOOPS of this file needs a wrong loop and a right one for each"


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
@pytest.mark.parametrize("rule", RULES, ids=[rule.CODE for rule in RULES])
def test_a_rule_finds_what_it_is_for_and_nothing_where_it_was_put_right(rule):
    wrong, right = LOOPS[rule.CODE]
    (found,) = looked(rule, wrong())
    assert found.code == rule.CODE
    assert found.seen
    assert found.why
    assert found.write
    assert looked(rule, right()) == []


def failing(_):
    raise KeyError("nobody thought of it")


# 11: a rule that raised ended the run that live() watched, and took the other rules' word
def test_a_rule_that_fails_is_told_and_the_others_look_on(monkeypatch):
    monkeypatch.setattr(diagnosis, "RULES", (SimpleNamespace(CODE="P999", look=failing), *RULES))
    trace = train(20, build=lambda o: StepLR(o, 5))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = diagnose(trace)
    assert [each.code for each in found] == ["P002"]
    (warning,) = caught
    assert warning.category is DoctorWarning
    line = failing.__code__.co_firstlineno + 1
    assert str(warning.message) == (
        f"P999 failed at test_each_rule.py:{line} (KeyError('nobody thought of it')), and the "
        "other rules looked on; that is a fault of passo: write an issue, with the trace that "
        "passo doctor --record FOLDER keeps"
    )


def test_a_comparison_of_ranks_that_fails_is_told_too(monkeypatch):
    monkeypatch.setattr(diagnosis.p017, "across", failing)
    with pytest.warns(DoctorWarning, match="^P017 failed at test_each_rule"):
        assert compare_ranks([[trace] for trace in ranks(0.01, 0.02)]) == []


def test_a_rule_that_fails_is_told_once_by_the_command_though_the_script_hides_warnings(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(diagnosis, "RULES", (SimpleNamespace(CODE="P999", look=failing), *RULES))
    script = tmp_path / "train.py"
    script.write_text(
        "import torch, warnings; warnings.simplefilter('ignore')\n"
        "optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)\n"
        "for k in range(3):\n"
        "    optimizer.param_groups[0]['params'][0].grad = torch.ones(2)\n"
        "    optimizer.step()\n"
    )
    with pytest.warns(DoctorWarning) as caught:
        assert examine(str(script), [], html=tmp_path / "report.html") == 0
    assert [str(each.message)[:11] for each in caught] == ["P999 failed"]
