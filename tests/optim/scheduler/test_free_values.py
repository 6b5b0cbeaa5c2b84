"""Numbers that no optimizer holds: beside a plan, with an optimizer as their clock, with none."""

from __future__ import annotations

import copy
import gc
import json

import pytest
import torch

from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    Table,
    Trace,
    attach,
    base,
    doctor,
    draw,
    steps,
    tokens,
)
from tests.optim.tools import adam, rates, said, sgd, update, weight

RUN = Run(steps(8))
EMA = Linear(0.5, 1.0)
SIZE = Linear(8, 64).round(8)
SIZES = [8, 16, 24, 32, 32, 40, 48, 56]  # half to even
VALUES = {"ema": EMA, "size": SIZE, "temperature": 2.0 * Plateau("loss", patience=0)}


def plain(state):
    return json.loads(json.dumps(state))


# -- what the last update used


def test_used_is_what_the_last_update_used():
    scheduler = attach(optimizer := sgd(), base, RUN, values=VALUES)
    assert scheduler.used("ema") is scheduler.used("lr") is None
    for t in range(8):
        assert scheduler["ema"] == EMA.on(RUN)(t)
        update(optimizer)
        assert (scheduler.used("ema"), scheduler.used("lr")) == (EMA.on(RUN)(t), 1.0)
    scheduler.seek(3)
    assert scheduler.used("ema") is None


def test_used_names_one_number():
    groups = [{"params": [weight()]}, {"params": [weight()]}]
    scheduler = attach(torch.optim.SGD(groups, lr=1.0), base, RUN, values=VALUES)
    for ask, one, every in (
        (scheduler.used, "scheduler.used('ema')", "last_used()"),
        (scheduler.__getitem__, "scheduler['ema']", "values()"),
    ):
        with pytest.raises(PassoError) as caught:
            ask("lr")
        text = f"'lr' names 2 numbers, one of each param group; write scheduler.{every}['lr'][0]"
        assert str(caught.value) == text
        with pytest.raises(PassoError) as caught:
            ask("emma")
        assert str(caught.value) == (
            f"no number is called 'emma', the plan has lr, ema, size, temperature; write {one}"
        )
    with pytest.raises(PassoError) as caught:
        scheduler.used(0)
    assert str(caught.value) == "a scheduler is read by the name of a number such as 'lr', got 0"


# -- ints


def ints(numbers):
    """Whether all of them are, and no floats that equal them."""
    return all(type(each) is int for each in numbers)


@pytest.mark.parametrize("optimizer", [sgd, lambda: None])
def test_a_schedule_of_ints_gives_ints_wherever_it_is_read(optimizer, tmp_path):
    optimizer = optimizer()
    path = tmp_path / "run.jsonl"
    plan = None if optimizer is None else base
    scheduler = attach(optimizer, plan, RUN, values={"size": SIZE}, record=path)
    found, after = [], []
    for _ in range(8):
        found += [scheduler["size"], scheduler.values()["size"][0]]
        scheduler.advance()
        after += [scheduler.used("size"), scheduler.last_used()["size"][0]]
    assert found == after == [size for size in SIZES for _ in range(2)]
    assert ints(found + after)
    scheduler.detach()
    trace = Trace.load(path)
    assert trace.used("size", None) == (list(range(8)), SIZES)
    assert ints(trace.used("size", None)[1])
    trace.write(tmp_path / "again.jsonl")
    assert Trace.load(tmp_path / "again.jsonl") == trace
    assert ints(Trace.load(tmp_path / "again.jsonl").used("size", None)[1])


def test_ints_stay_ints_over_a_resume_a_seek_and_a_copy():
    optimizers = [sgd(), sgd()]
    first, second = (attach(each, base, RUN, values={"size": SIZE}) for each in optimizers)
    first.seek(3)
    second.load_state_dict(plain(first.state_dict()))
    assert second.state_dict() == first.state_dict()
    for each in (first, second, copy.deepcopy(first)):
        assert (each["size"], type(each["size"])) == (32, int)


@pytest.mark.parametrize(
    ("schedule", "kind"),
    [
        (Constant(8).round(), int),
        (Table([(steps(0), 32), (steps(4), 64)], kind="step").round(8).clip(low=40), int),
        (Linear(8, 64).round(8.0), float),
        (Constant(8), float),
        (SIZE * Plateau("loss"), float),
    ],
)
def test_a_value_is_of_the_kind_that_its_schedule_gives(schedule, kind):
    given = type(schedule.on(RUN)(0))
    assert given is kind
    assert type(attach(sgd(), base, RUN, values={"size": schedule})["size"]) is kind


def test_a_field_keeps_its_own_type():
    optimizer = sgd()
    optimizer.param_groups[0]["every"] = 10
    attach(optimizer, {"every": SIZE, "lr": Linear(3, 1).round()}, RUN)
    for size in SIZES:
        group = optimizer.param_groups[0]
        assert (group["every"], type(group["every"]), type(group["lr"])) == (size, int, float)
        update(optimizer)


# -- the optimizer as a clock only


@pytest.mark.parametrize("plan", [{}, None])
def test_an_optimizer_may_be_a_clock_and_nothing_more(plan):
    optimizer = adam(0.1)
    groups = copy.deepcopy({k: v for k, v in optimizer.param_groups[0].items() if k != "params"})
    scheduler = attach(optimizer, plan, RUN, values=VALUES)
    torchs = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)  # another hand, which may
    found = []
    for _ in range(8):
        found.append(scheduler["size"])
        update(optimizer)
        optimizer.zero_grad()
        optimizer.step()  # no update
    assert (found, scheduler.clock, scheduler.get_last_lr()) == (SIZES, 8, [0.1])
    torchs.step()
    assert scheduler.get_last_lr() == [0.05]
    scheduler.detach(restore=True)
    left = {k: v for k, v in optimizer.param_groups[0].items() if k in groups and k != "lr"}
    assert left == {k: v for k, v in groups.items() if k != "lr"}


def test_a_clock_beside_a_plan_leaves_the_plan_its_fields():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    clock = attach(optimizer, {}, RUN, values={"ema": EMA})
    assert rates(optimizer, 8) == [Linear(1.0, 0.0).on(RUN)(t) for t in range(8)]
    assert (clock.clock, clock.used("ema")) == (8, EMA.on(RUN)(7))


@pytest.mark.parametrize("plan", [{}, None])
def test_neither_plan_nor_values_are_refused(plan):
    with pytest.raises(PassoError) as caught:
        attach(optimizer := sgd(), plan, RUN)
    text = 'a plan names at least one field; write {"lr": warmup_cosine()}'
    assert str(caught.value) == text
    assert optimizer._optimizer_step_post_hooks == {}


def test_a_base_without_a_field_is_refused():
    with pytest.raises(PassoError) as caught:
        attach(sgd(), {}, RUN, values=VALUES, base=0.1)
    assert str(caught.value) == "base names 'lr', which the plan does not; it names nothing"


# -- no optimizer


def test_without_an_optimizer_step_is_the_clock(tmp_path):
    path = tmp_path / "run.jsonl"
    scheduler = attach(None, values=VALUES, run=RUN, record=path)
    assert scheduler.get_last_lr() == scheduler.base_lrs == []
    found = []
    for t in range(8):
        found.append((scheduler["ema"], scheduler["size"]))
        scheduler.step()
        assert scheduler.used("ema") == EMA.on(RUN)(t)
    assert found == [(EMA.on(RUN)(t), SIZES[t]) for t in range(8)]
    assert (scheduler.clock, scheduler.position) == (8, 8.0)
    assert repr(scheduler).splitlines()[:2] == [
        "Scheduler at update 8 of Run(steps(8))",
        "  ema of no group: Linear(0.5, 1); last 0.9375, next 1",
    ]
    assert said(scheduler.detach) == [
        (
            "Plateau('loss') got no metric in 8 updates; it can only reduce the rate when it is "
            "told how training goes; write: scheduler.report({'loss': ...}) after each validation"
        )
    ]
    trace = Trace.load(path)
    assert trace.used("ema", None)[1] == [ema for ema, _ in found]
    assert draw(trace).lines


def test_plateaus_without_an_optimizer_fall_and_have_a_state():
    scheduler = attach(None, values=VALUES, run=RUN)
    scheduler.step()
    found = [scheduler.report(loss=1.0) for _ in range(2)]
    (fall,) = found[1]
    assert (found[0], fall.keys, fall.clock) == ((), ("temperature",), 1)
    assert scheduler["temperature"] == 0.2
    again = attach(None, values=VALUES, run=RUN)
    again.load_state_dict(plain(scheduler.state_dict()))
    for each in (scheduler, again):
        each.step()
        each.report(loss=1.0)
    assert again.state_dict() == scheduler.state_dict()
    assert again.values() == scheduler.values()
    assert again["temperature"] == pytest.approx(0.02)
    changed = attach(None, values={**VALUES, "ema": 0.5}, run=RUN)
    with pytest.raises(PassoError, match=r"^the plan saved at update 2 is not today's"):
        changed.load_state_dict(scheduler.state_dict())


def test_without_an_optimizer_tokens_are_counted_as_ever():
    run = Run(tokens(800), axis="token")
    scheduler = attach(None, values={"ema": EMA}, run=run)
    scheduler.count(tokens=400)
    scheduler.step()
    assert (scheduler["ema"], scheduler.position) == (0.75, 400.0)
    scheduler.seek(0)
    assert scheduler["ema"] == 0.5


def test_a_copy_counts_by_itself_and_lives_by_itself():
    scheduler = attach(None, values=VALUES, run=RUN)
    scheduler.step()
    held = copy.deepcopy([scheduler.optimizer, scheduler])
    twin = held.pop()
    del held
    gc.collect()
    twin.step()
    assert (twin.clock, scheduler.clock, twin["ema"]) == (2, 1, EMA.on(RUN)(2))


def test_what_is_promised_is_said_without_an_optimizer_too():
    def short():
        scheduler = attach(None, values={"ema": EMA}, run=RUN)
        scheduler.step()

    def long():
        scheduler = attach(None, values={"ema": EMA}, run=RUN)
        scheduler.advance(9)
        scheduler.detach()

    def unseen():
        attached = attach(None, values={"ema": EMA}, run=RUN)
        for _ in range(20):
            weight().square().sum().backward()
        del attached

    assert said(short) == [
        (
            "the run ended early: planned 8 updates, made 1; ema was 0.5 last, 0.5 times the 1 "
            "that its plan ends at"
        )
    ]
    assert [each.partition(":")[0] for each in said(long)] == [
        "update 8 is past the end of Run(steps(8))",
        "the run ended late",
    ]
    assert said(unseen) == [
        (
            "no update was ever seen, while gradients were computed; the clock stays and ema at "
            "0.5, whatever is planned; write: scheduler.step() after each update, as attach(None, "
            "...) wants it"
        )
    ]


def test_strict_holds_without_an_optimizer():
    scheduler = attach(None, values={"ema": EMA}, run=RUN, strict=True)
    scheduler.advance(8)
    with pytest.raises(PassoError, match=r"^update 8 is past the end of Run\(steps\(8\)\)"):
        scheduler.step()
    assert scheduler.clock == 8


def test_a_watcher_without_an_optimizer_hears_the_words_and_records_nothing():
    from passo.optim import recorder

    scheduler = attach(None, values={"ema": EMA}, run=RUN, watch=(watcher := doctor.live()))
    assert recorder.opened() == []
    scheduler.step()
    with pytest.warns(doctor.DoctorWarning, match="^P007 the run ended early"):
        scheduler.detach()
    assert [each.code for each in watcher.findings] == ["P007"]


@pytest.mark.parametrize(
    ("plan", "values"), [(EMA, None), ({"lr": EMA}, {"ema": EMA}), ({}, None), (None, {})]
)
def test_a_field_needs_an_optimizer_and_no_optimizer_needs_values(plan, values):
    with pytest.raises(PassoError) as caught:
        attach(None, plan, RUN, values=values)
    assert str(caught.value) == (
        "attach needs a torch optimizer, got None; for numbers that no optimizer holds write "
        'attach(None, values={"ema": Linear(0.99, 0.999)}, run=run)'
    )


def test_a_value_that_is_a_field_is_refused_and_nothing_stays():
    optimizer = sgd()
    with pytest.raises(PassoError, match=r"^'lr' in values= is a field of the param groups"):
        attach(optimizer, {}, RUN, values={"lr": EMA})
    assert (optimizer.param_groups[0]["lr"], optimizer._optimizer_step_post_hooks) == (1.0, {})
