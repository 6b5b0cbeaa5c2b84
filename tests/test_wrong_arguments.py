"""Whatever stands for an argument of a public name: it is taken, or refused in words."""

from __future__ import annotations

import inspect
from functools import partial
from types import SimpleNamespace

import pytest
import torch

import passo
from passo import (
    Curve,
    PassoError,
    Plateau,
    RangeTest,
    Run,
    Trace,
    attach,
    base,
    cosine_decay,
    doctor,
    draw,
    samples,
    steps,
)
from passo.trace import Column, Event, Report

RUN = Run(steps(100))
CURVE = cosine_decay(peak=1).curve(RUN)
LONG = 10**400
WRONG = [
    *(None, "x", "", 0, -1, 3, 0.5, LONG, float("nan"), float("inf"), True, b"x", 1j, object()),
    *([], [1], {}, {"a": 1}, (), (1, 2), int, len, lambda: 0, RUN, steps(3), cosine_decay(), CURVE),
]
TRACE = Trace(3, ("a",), (Column(0, "lr", (0,), (0.1,)),), (Report.of(3, {"loss": 1.0}),))


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)


def model():
    return torch.nn.Linear(1, 1)


def sized():
    return attach(optimizer(), cosine_decay(), RUN, values={"batch_size": 3})


# What each public function and class is given where it is given right; the rest has defaults.
RIGHT = {
    "Curve": dict,
    "RampedBatchSampler": lambda: {"sampler": range(9), "scheduler": sized()},
    "RangeTest": lambda: {"ramp": (0.1, 0.2), "runs": ((1.0, 2.0),)},
    "Fall": lambda: {"metric": "a", "keys": ("lr",), "clock": 3, "before": 1.0, "after": 0.1},
    "Run": lambda: {"length": steps(3)},
    "Span": lambda: {"amount": 3, "unit": "steps"},
    "Trace": lambda: {"updates": 3},
    "attach": lambda: {"optimizer": optimizer(), "plan": cosine_decay(), "run": RUN},
    "attached": lambda: {"optimizer": optimizer()},
    "by_group": lambda: {"schedules": {"a": 0.1}},
    "compare": lambda: {
        "train": lambda _plan, _run, seed, _trial: float(seed),
        "plans": ["Constant(0.1)", "Constant(0.2)"],
        "run": RUN,
    },
    "draw": lambda: {"thing": CURVE},
    "export": lambda: {"schedule": cosine_decay(), "run": RUN},
    "from_json": lambda: {"text": '{"is": "Constant", "value": 0.1, "over": null}'},
    "from_spec": lambda: {"spec": base.to_spec()},
    "loader_step": lambda: {
        "model": model(),
        "optimizer": optimizer(),
        "loss_fn": torch.nn.MSELoss(),
        "loader": [torch.ones(1, 1)],
    },
    "log": lambda: {"scheduler_or_trace": scheduler(), "writer": "run.csv"},
    "parse": lambda: {"text": "base"},
    "parse_span": lambda: {"text": "3 steps"},
    "range_test": lambda: {"train_step": lambda: 1.0, "optimizer": optimizer(), "restore": []},
    "register": lambda: {"name": "a name"},
    "to_json": lambda: {"schedule": base},
    "tune": lambda: {
        "train": lambda _plan, _run, seed, _trial: float(seed),
        "space": "Constant(between(0.0, 1.0))",
        "run": RUN,
        "trials": 1,
        "seeds": 2,
    },
    "untouched": dict,
    "watch": dict,
}
UNITS = ("epochs", "percent", "samples", "steps", "tokens")
ELSEWHERE = {*passo.schedules.recipes.__all__, *passo.schedules.shapes.__all__}  # test_errors.py
NO_CALLS = {"NeedsBase", "NeedsRun", "PassoError", "PassoWarning", "Schedule", "Scheduler"}
NO_CALLS |= {"analysis", "base", "catalogue", "doctor", "like", "rest"}
OWN = {("range_test", "train_step")}  # what a user's own function raises is its own


def test_every_public_name_is_tried():
    assert set(passo.__all__) <= {*RIGHT, *UNITS, *ELSEWHERE, *NO_CALLS}


def refused_or_taken(call, *allowed):
    """Whether it went through; what is raised has words, and names no inside."""
    said = None
    try:
        call()
    except PassoError as error:
        said = str(error)
    except allowed:
        said = "as Python says it"
    assert said is None or (said and "object has no attribute" not in said)
    return said is None


def parameters(function):
    return [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]


@pytest.mark.filterwarnings("ignore::passo.PassoWarning")
@pytest.mark.parametrize("name", sorted(RIGHT))
def test_an_argument_of_any_kind_is_taken_or_refused_in_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a path may be among them
    function, tried = getattr(passo, name), 0
    for parameter in parameters(function) if name != "Curve" else ():
        for wrong in WRONG if (name, parameter) not in OWN else ():
            given = RIGHT[name]() | {parameter: wrong}
            tried += 1
            refused_or_taken(partial(function, **given))
    assert tried or name in ("Curve", "untouched", "watch")


@pytest.mark.parametrize("unit", UNITS)
def test_a_span_of_any_kind_of_amount_is_taken_or_refused(unit):
    taken = [each for each in WRONG if refused_or_taken(partial(getattr(passo, unit), each))]
    assert [each for each in taken if each not in (0, 3, 0.5)] == []


def scheduler(run=RUN):
    return attach(optimizer(), cosine_decay(), run)


DOORS = {
    "Curve.of, schedule": lambda w: Curve.of(w, RUN),
    "Curve.of, run": lambda w: Curve.of(base, w),
    "Curve.of, points": lambda w: Curve.of(base, RUN, points=w),
    "Curve.of, base": lambda w: Curve.of(base, RUN, base=w),
    "Curve.of, label": lambda w: Curve.of(base, RUN, label=w),
    "RangeTest.load": RangeTest.load,
    "Run.of, batches": lambda w: Run.of(w, epochs=3),
    "Run.of, epochs": lambda w: Run.of(3, epochs=w),
    "Run.measure": RUN.measure,
    "Trace.column": TRACE.column,
    "Trace.column, group": lambda w: TRACE.column("lr", w),
    "Trace.exact": TRACE.exact,
    "Trace.load": Trace.load,
    "Trace.series": TRACE.series,
    "Trace.until": TRACE.until,
    "Trace.value": TRACE.value,
    "analysis.peak": lambda w: passo.analysis.peak(w, RUN),
    "check": lambda w: doctor.check(w, RUN),
    "check, base": lambda w: doctor.check(base, RUN, base=w),
    "check, key": lambda w: doctor.check(base, RUN, key=w),
    "check, run": lambda w: doctor.check(base, w),
    "diagnose": doctor.diagnose,
    "schedule": cosine_decay(peak=1).on(RUN),
    "schedule.clip": base.clip,
    "schedule.minimum": base.minimum,
    "schedule.on": base.on,
    "schedule.repeat": CURVE.schedule.repeat,
    "schedule.skip": base.skip,
    "schedule.staircase": base.staircase,
    "schedule.stretch": base.stretch,
    "schedule.then": cosine_decay().then,
    "schedule.until": base.until,
    "schedule.with_base": base.with_base,
    "schedule.with_reports": (base * Plateau("loss")).with_reports,
    "scheduler, key": lambda w: scheduler()[w],
    "scheduler.count": lambda w: scheduler(Run(samples(9), axis="sample")).count(samples=w),
    "scheduler.load_state_dict": lambda w: scheduler().load_state_dict(w),
    "scheduler.report": lambda w: scheduler().report(loss=w),
    "scheduler.report, mapping": lambda w: scheduler().report(w),
    "scheduler.seek": lambda w: scheduler().seek(w),
}


@pytest.mark.filterwarnings("ignore::passo.PassoWarning")
@pytest.mark.parametrize("door", DOORS)
def test_every_door_takes_or_refuses_in_words(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    allowed = (OSError,) if door.endswith(".load") else ()  # no such file
    taken = [refused_or_taken(partial(DOORS[door], each), *allowed) for each in WRONG]
    assert not all(taken)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: passo.parse_span(3),
            'a span is written "90 epochs" or "epochs(90)", got 3',
        ),
        (lambda: passo.to_json(3), "to_json needs a schedule, got 3; write to_json(Constant(0.1))"),
        (
            lambda: Curve.of(3, RUN),
            "a curve is of a schedule, got 3; write Curve.of(schedule, run)",
        ),
        (lambda: Curve.of(base, RUN, label=3), "label must be text, got 3"),
        (lambda: Trace.load(3), "a trace is read from the path of a file, got 3"),
        (lambda: RangeTest.load(b"x"), "a range test is read from the path of a file, got b'x'"),
        (
            lambda: Trace(3, columns=[1]),
            "the columns of a trace must be a tuple of Column, got [1]",
        ),
        (lambda: Trace("x"), "updates must be a whole number of at least 0, got 'x'"),
        (lambda: TRACE.until("x"), "an update is a whole number, got 'x'"),
        (
            lambda: RangeTest(1, 2),
            (
                "a range test needs a list of values and a list of lists of losses, got 1 and 2; "
                "write RangeTest(values, [losses])"
            ),
        ),
        (
            lambda: doctor.diagnose(3),
            "diagnose needs a Trace, or several, got 3; write Trace.load(path)",
        ),
        (
            lambda: doctor.check(base, RUN, key=3),
            "key must be the name of a field such as 'lr', got 3",
        ),
        (lambda: draw(CURVE, width=-1), "'width' must be above 0 and at most 100000, got -1"),
        (lambda: draw(CURVE, height="x"), "'height' must be a number, got 'x'"),
        (lambda: draw(CURVE, title=3), "'title' must be text, got 3"),
        (lambda: draw(CURVE, ax=3), "'ax' must be matplotlib's Axes, got 3; write ax=plt.gca()"),
        (
            lambda: passo.loader_step(3, None, None, []),
            (
                "loader_step needs a torch module, got 3; "
                "write loader_step(model, optimizer, loss_fn, loader)"
            ),
        ),
        (
            lambda: passo.loader_step(model(), None, None, [], scaler=3),
            "scaler must be a GradScaler, got 3",
        ),
        (
            lambda: passo.loader_step(model(), None, None, [], device="gpu"),
            "device must be a device of torch, got 'gpu'; write device=\"cuda\"",
        ),
        (
            lambda: scheduler()[["lr"]],
            "a scheduler is read by the name of a number such as 'lr', got ['lr']",
        ),
    ],
)
def test_the_words(call, text):
    with pytest.raises(PassoError) as caught:
        call()
    assert str(caught.value) == text


def test_lists_are_taken_for_the_tuples_of_a_trace():
    column, event = Column(0, "lr", (0,), (0.1,)), Event(1, "skipped")
    made = Trace(3, groups=["a"], columns=[column], events=[event])
    assert made == Trace(3, ("a",), (column,), events=(event,))
    assert hash(made) == hash(Trace(3, ("a",), (column,), events=(event,)))


def test_what_only_looks_like_an_optimizer_is_answered_too():
    with pytest.raises(PassoError, match="has no step hook"):
        attach(SimpleNamespace(param_groups=[{"params": [], "lr": 0.1}]), cosine_decay(), RUN)
