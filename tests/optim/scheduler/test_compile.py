"""A compiled step is compiled once, however its rates move, and uses the values of the plan."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

from passo import (
    Exponential,
    Linear,
    PassoWarning,
    Run,
    attach,
    one_cycle_momentum,
    percent,
    steps,
    warmup_cosine,
)
from passo.optim import tensorize
from tests.optim.tools import graded, sgd, weight

# torch's own modules are deprecated to themselves when it first compiles
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
RUN = Run(steps(50))
RATE = warmup_cosine(peak=0.5, warmup=steps(5), floor=0.01)
BETAS = {"momentum": one_cycle_momentum(), "betas[1]": Linear(0.9, 0.999)}
PLANS = {
    "Adam": {"lr": RATE, **BETAS},
    "AdamW": {"lr": RATE, **BETAS},
    "SGD": {"lr": RATE},
    "NAdam": {"lr": RATE},
    "RAdam": {"lr": RATE},
}


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def made(name, **settings):
    """An optimizer of two weights, its rates as Tensors where torch allows them."""
    kind = getattr(torch.optim, name)
    optimizer = kind([weight(2), weight(3)], lr=torch.tensor(0.1), **settings)
    return tensorize(optimizer) if name.startswith("Adam") else optimizer


def compiled(optimizer, backend):
    counter = CompileCounterWithBackend(backend)

    @torch.compile(backend=counter)
    def step():
        optimizer.step()

    return step, counter


def trained(optimizer, step, updates, by_hand=()):
    """The weights after, and what each field held before each of the updates."""
    used = []
    for t in range(updates):
        graded(optimizer, 0.5 + t / 100)
        group = optimizer.param_groups[0]
        held = [group["lr"], *group.get("betas", ())]
        for slot, schedule in zip(held, by_hand, strict=False):
            slot.fill_(schedule(t))
        used.append([float(number) for number in held])
        step()
    return [p.detach().clone() for p in optimizer.param_groups[0]["params"]], used


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("foreach", [None, False])
def test_fifty_updates_are_compiled_in_the_first_two(name, foreach):
    optimizer, twin = (made(name, foreach=foreach) for _ in range(2))
    scheduler = attach(optimizer, PLANS[name], RUN)
    plan = [schedule.on(RUN) for schedule in PLANS[name].values()]
    step, counter = compiled(optimizer, "aot_eager")
    graphs = []
    weights, used = trained(optimizer, lambda: (step(), graphs.append(counter.frame_count)), 50)
    assert graphs == [1, *[graphs[1]] * 49]
    assert scheduler.clock == 50
    assert [row[: len(plan)] for row in used] == [
        [as_float32(schedule(t)) for schedule in plan] for t in range(50)
    ]
    by_hand, _ = trained(twin, compiled(twin, "aot_eager")[0], 50, plan)
    assert all(map(torch.equal, weights, by_hand))


def as_float32(number):
    return float(torch.tensor(number, dtype=torch.float32))


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_lr_and_both_betas_follow_the_plan_in_a_single_graph(name):
    optimizer = made(name)
    attach(optimizer, PLANS[name], RUN)
    step, counter = compiled(optimizer, "aot_eager")
    _, used = trained(optimizer, step, 50)
    assert counter.frame_count == 1
    plan = [schedule.on(RUN) for schedule in PLANS[name].values()]
    assert used == [[as_float32(schedule(t)) for schedule in plan] for t in range(50)]


@pytest.mark.skipif(not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="no compiler")
def test_inductor_compiles_once_too():
    optimizer = made("AdamW")
    attach(optimizer, PLANS["AdamW"], RUN)
    step, counter = compiled(optimizer, "inductor")
    _, used = trained(optimizer, step, 50)
    assert counter.frame_count == 1
    assert used[-1][0] == as_float32(RATE.on(RUN)(49))


def test_a_step_that_is_compiled_by_itself_counts_too():
    optimizer = made("SGD")
    scheduler = attach(optimizer, RATE, RUN)
    step = torch.compile(optimizer.step, backend="aot_eager")
    trained(optimizer, step, 5)
    assert scheduler.clock == 5
    assert float(optimizer.param_groups[0]["lr"]) == as_float32(RATE.on(RUN)(5))


# -- what torch cannot compile once is said


def told_by(optimizer, plan):
    """What attach says."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        attach(optimizer, plan, RUN)
    return told


MOVING = {
    "weight_decay": ("SGD", Linear(0.01, 0.1)),
    "momentum": ("SGD", Linear(0.5, 0.9)),
    "alpha": ("RMSprop", Linear(0.5, 0.9)),
}


@pytest.mark.parametrize("field", MOVING)
def test_a_float_that_moves_beside_tensors_is_compiled_again_and_warned_about(field):
    name, schedule = MOVING[field]
    optimizer = made(name, foreach=True)
    told = told_by(optimizer, {"lr": RATE, field: schedule})
    step, counter = compiled(optimizer, "aot_eager")
    trained(optimizer, step, 10)
    assert counter.frame_count > 7
    assert [each.category for each in told] == [PassoWarning]
    assert [Path(each.filename).name for each in told] == ["test_compile.py"]
    assert str(told[0].message) == (
        f"{field!r} is a float and takes 64 values or more: a compiled step would compile again "
        "for each, and fall back after 8; write .staircase(percent(20)), or do not compile the step"
    )


def test_the_warning_comes_also_where_only_that_float_is_driven():
    assert len(told_by(made("AdamW"), {"weight_decay": Linear(0.01, 0.1)})) == 1


def test_without_a_run_the_stairs_are_of_the_plan_and_one_field_speaks_for_all():
    with pytest.warns(PassoWarning, match="'weight_decay' is a float") as told:
        attach(
            made("AdamW"),
            {key: Linear(0.01, 0.1, steps(50_000)) for key in ("weight_decay", "eps")},
        )
    assert len(told) == 1
    with pytest.warns(PassoWarning, match=r"write \.staircase\(steps\(20000\)\),"):
        attach(made("AdamW"), {"weight_decay": Exponential(0.1, 0.9999)})
    assert "write .staircase(steps(10000))," in str(told[0].message)


@pytest.mark.parametrize(
    ("make", "plan"),
    [
        (lambda: made("AdamW"), PLANS["AdamW"]),
        (lambda: made("AdamW"), {"weight_decay": Linear(0.1, 0.9).staircase(percent(12.5))}),
        (lambda: made("AdamW"), {"lr": RATE, "weight_decay": 0.1}),
        (sgd, {"lr": RATE, "weight_decay": Linear(0.01, 0.1)}),
        (lambda: made("AdamW"), {"weight_decay": Linear(0.0, 0.1).staircase(steps(10))}),
    ],
    ids=[
        "Tensors move",
        "eight values and one at the end",
        "a float stands",
        "no Tensors",
        "five values",
    ],
)
def test_what_compiles_well_or_not_at_all_is_not_warned_about(make, plan):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        attach(make(), plan, RUN)
