"""The rules: each has its file, its page and its thresholds; what they leave in peace."""

from __future__ import annotations

import inspect
import math
import re
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, StepLR

from passo.doctor import Finding, compare_ranks, diagnose, rules
from passo.doctor.rules import RULES
from passo.optim import Recorder
from passo.trace import Column, Event, Report, Trace

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")


def train(updates, *, build=None, each=None, rate=0.1):
    """The trace of a small run; `each` is called after every update."""
    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=rate)
        scheduler = build(optimizer) if build else None
        for k in range(updates):
            weight.grad = torch.ones(2)
            optimizer.step()
            if each:
                each(k, optimizer, scheduler)
    (trace,) = recorder.traces()
    return trace


def codes(trace):
    return [finding.code for finding in diagnose(trace)]


@pytest.mark.parametrize("rule", RULES, ids=[rule.CODE for rule in RULES])
def test_each_rule_explains_itself_and_has_a_row(rule):
    file = Path(rule.__file__).name
    assert file == f"{rule.CODE.lower()}.py", f"{file}: CODE is its name in capitals"
    assert rule.__doc__.startswith(f"{rule.CODE}: "), f'{file} begins with """{rule.CODE}: what"""'
    assert inspect.getdoc(rule.look), f"{file}: look says what it looks for"
    row = re.search(rf"^\| {rule.CODE} \| .+ \| .+ \|$", PAGE, flags=re.MULTILINE)
    assert row, f"docs/doctor.md needs a row: | {rule.CODE} | finding | told when |"


def test_every_file_of_the_room_is_a_rule():
    room = Path(rules.__file__).parent
    files = {path.stem for path in room.glob("*.py")} - {"__init__"}
    assert {rule.CODE.lower() for rule in RULES} == files


def test_each_threshold_has_its_reason():
    for rule in RULES:
        for line in inspect.getsource(rule).splitlines():
            named = re.match(r"([A-Z]+) = [\d.(]", line)
            assert not named or "  # " in line, f"{rule.CODE}, its reason on the line: {line}"


def test_codes_are_stable_and_in_order():
    for number, rule in enumerate(RULES, 1):
        said = f"{rule.__name__} has CODE {rule.CODE}; the next free one is P{number:03d}"
        assert rule.CODE == f"P{number:03d}" == rule.__name__.rpartition(".")[2].upper(), said


def test_a_finding_names_all_four_things():
    (finding,) = diagnose(train(20, build=lambda o: StepLR(o, 5)))
    assert finding == Finding(
        "P002",
        "20 updates were made and StepLR never advanced; the rate was 0.1 at the end",
        "the schedule has no effect: the rate stays where building the scheduler left it",
        "scheduler.step() after optimizer.step(), or once after each epoch",
        finding.where,
        20,
    )
    assert re.fullmatch(r".*test_rules\.py:\d+", finding.where)


def test_an_interrupted_run_is_not_blamed_for_what_was_to_come():
    with pytest.raises(KeyboardInterrupt), Recorder() as recorder:  # noqa: PT012
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        CosineAnnealingLR(optimizer, 100)
        for _ in range(10):
            weight.grad = torch.ones(2)
            optimizer.step()
        raise KeyboardInterrupt
    assert diagnose(recorder.traces()) == []


def test_accelerates_advances_are_legal():
    trace = train(
        10, build=lambda o: StepLR(o, 30), each=lambda k, o, s: [s.step() for _ in "12345678"]
    )
    assert codes(trace) == ["P003"]
    events = [
        Event(e.clock, e.kind, {**e.detail, "through": "accelerate"}) if e.kind == "advance" else e
        for e in trace.events
    ]
    legal = Trace(
        trace.updates, trace.groups, trace.columns, trace.reports, tuple(events), meta=trace.meta
    )
    assert "P003" not in codes(legal)


def test_a_plan_counted_in_micro_batches_is_left_in_peace():
    trace = train(
        25,
        build=lambda o: CosineAnnealingLR(o, 100),
        each=lambda k, o, s: [s.step() for _ in "1234"],
    )
    assert codes(trace) == []


@pytest.mark.parametrize(
    ("build", "found"),
    [
        (lambda o: CosineAnnealingLR(o, 80), ["P003"]),  # as long as the updates, over at a quarter
        (lambda o: OneCycleLR(o, 0.1, total_steps=80), ["P003"]),
        (lambda o: CosineAnnealingLR(o, 240, eta_min=0.01), []),  # counted in micro-batches
    ],
)
def test_a_plan_that_is_left_alone_at_its_end_was_counted_in_updates_if_it_is_as_long(build, found):
    def guarded(_, __, scheduler):
        plan = scheduler.state_dict()
        length = plan.get("T_max") or plan["total_steps"] - 1
        for _ in "1234":
            if scheduler.last_epoch < length:
                scheduler.step()

    assert codes(train(80, build=build, each=guarded)) == found


@pytest.mark.parametrize(
    ("length", "found"), [(100, []), (101, []), (103, ["P007"]), (97, ["P005"])]
)
def test_the_end_of_a_cosine_may_be_missed_by_one(length, found):
    trace = train(100, build=lambda o: CosineAnnealingLR(o, length), each=lambda k, o, s: s.step())
    assert codes(trace) == found


def test_edits_where_no_scheduler_owns_the_rate_are_a_schedule_by_hand():
    def by_hand(k, optimizer, _):
        optimizer.param_groups[0]["lr"] = 0.1 / (k + 2)

    assert codes(train(30, each=by_hand)) == []


NAN = float("nan")


def losses(values):
    """A trace with these losses and one rate."""
    column = Column(0, "lr", (0,), (0.5,))
    kept = [k for k, each in enumerate(values) if not k or repr(each) != repr(values[k - 1])]
    reports = tuple(Report.of(k, {"loss": values[k]}) for k in kept)  # as a recorder keeps them
    return Trace(len(values), ("all",), (column,), reports, meta={"ended": "end"})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.0, 0.5, 0.4, 0.6, 2.0, 50.0, 1e4, 1e8], ["P019"]),
        ([1.0, 0.8, 0.9, 3.0, 1e9, float("inf")], ["P019"]),
        ([2.4, 82, 3e4, 8e4, 2.6e6, 70, 73, 50, 77, 99, 104, 98, 96, 89, 98], ["P019"]),
        ([2.4, 82, 3e4, 8e4, 2.6e6, 70, 9, 7, 5, 4, 3, 2.5, 2, 2, 2, 2], []),
        ([1.0, float("inf"), 0.9, 0.8, 0.7, 0.6], []),
        ([-1.0, -5.0, -3.0, -80.0, -90.0, -300.0], []),
        ([0.7, 0.6, 1.5, 4.0, 6.0, 8.0, 9.0, 9.5], []),
        ([2.4, 3.2e6, 1.8e27, NAN, NAN, NAN], ["P019"]),
        ([2.4, float("inf"), NAN, NAN, NAN], ["P019"]),
        ([2.4, float("inf"), float("inf"), float("inf"), float("inf")], ["P019"]),
        ([2.4, NAN, NAN, NAN, NAN, NAN], []),  # a batch with a NaN does that too
        ([2.4, 2.2, NAN, NAN, NAN, NAN], []),
        ([NAN, NAN, NAN, NAN, NAN], []),
        ([2.4, 3.2e6, NAN], []),  # too few updates
    ],
)
def test_divergence_is_a_loss_that_ends_far_above_its_beginning(values, found):
    assert codes(losses(values)) == found


def test_the_rate_at_which_it_began_is_told():
    (finding,) = diagnose(losses([1.0, 0.5, 0.4, 0.6, 2.0, 50.0, 1e4, 1e8]))
    assert "it began to rise at update 3, at a rate of 0.5" in finding.seen


def test_ranks_are_compared_update_by_update():
    traces = [
        Trace(9, ("all",), (Column(0, "lr", (0, 5), (0.1, last)),), meta={"rank": rank})
        for rank, last in enumerate((0.01, 0.02))
    ]
    (finding,) = compare_ranks([[trace] for trace in traces])
    assert finding.seen == "from update 5 on rank 0 used the rate 0.01 and rank 1 0.02"
    assert compare_ranks([[traces[0]], [traces[0]]]) == []


def plateau_on(metric, *, patience, reports=60):
    """The trace of a run of 4 updates an epoch whose plateau is told `metric(epoch)`."""

    def each(k, optimizer, scheduler):
        if k % 4 == 3:
            scheduler.step(metric(k // 4))

    def build(optimizer):
        return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=patience)

    return train(4 * reports, build=build, each=each)


def noise(seed):
    """A value for each report, with a spread of 1."""
    return torch.randn(400, generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("tau", "spread"), [(1.0, 0.01), (3.0, 0.03)])
def test_a_plateau_that_fires_on_a_flattened_metric_is_right(seed, tau, spread):
    around = noise(seed)
    trace = plateau_on(lambda k: 0.3 + math.exp(-k / tau) + spread * around[k], patience=3)
    assert "P022" not in codes(trace)


@pytest.mark.parametrize("seed", [2, 5])
def test_a_plateau_that_fires_on_a_metric_that_comes_down_steadily_is_told(seed):
    around = noise(seed)
    trace = plateau_on(lambda k: 20 - 0.08 * k + 0.3 * around[k], patience=5, reports=150)
    found = [each for each in diagnose(trace) if each.code == "P022"]
    assert len(found) == 1
    assert "was improving by 0." in found[0].seen


@pytest.mark.parametrize("threshold", [1e-4, 0.4, 2.0])
def test_a_plateau_that_batches_ruined_is_told_whatever_its_threshold(threshold):
    around = noise(3)

    def build(optimizer):
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
        return plateau(optimizer, patience=5, threshold=threshold, threshold_mode="abs")

    def each(k, _optimizer, scheduler):
        scheduler.step(3.0 - 0.001 * k + 0.4 * around[k])

    [finding] = [f for f in diagnose(train(400, build=build, each=each)) if f.code == "P022"]
    assert "it is told each batch" in finding.seen
    assert finding.write == (
        "a smoothed metric (the mean of an epoch), or a longer patience; a larger threshold makes "
        "reductions come sooner"
    )


def resumed(build, *, saved=None, own=False, forward=0):
    """The trace of a run that begins with an optimizer's state; a scheduler's is not loaded."""
    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        state = optimizer.state_dict()
        scheduler = None if own else build(optimizer)
        optimizer.load_state_dict(state if own else {**state, "param_groups": [saved]})
        scheduler = scheduler or build(optimizer)
        for _ in range(forward):
            scheduler.step()
        for _ in range(40):
            weight.grad = torch.ones(2)
            optimizer.step()
            scheduler.step()
    (trace,) = recorder.traces()
    return trace


def warmed(optimizer, length=40):
    rates = partial(_warmed, num_warmup_steps=8, num_training_steps=length)
    return LambdaLR(optimizer, rates)


def _warmed(step, *, num_warmup_steps, num_training_steps):
    return min(step / num_warmup_steps, max(0, 1 - step / num_training_steps))


def group(rate):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)
    return {**optimizer.state_dict()["param_groups"][0], "lr": rate, "initial_lr": 0.1}


def test_an_optimizers_own_state_put_back_is_no_checkpoint():
    assert codes(resumed(warmed, own=True)) == []


def test_a_schedule_whose_state_was_forgotten_begins_anew():
    (finding,) = diagnose(resumed(warmed, saved=group(0.07)))
    assert finding.code == "P014"
    assert finding.seen == (
        "the optimizer's state was loaded with the rate 0.07, and LambdaLR beside it was not "
        "loaded: it begins at advance 0, where its rate is 0"
    )
    assert finding.write == (
        "save scheduler.state_dict() with the others, and when they are loaded "
        "scheduler.load_state_dict(...) too"
    )


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_schedule_that_was_wound_forward_was_not_forgotten():
    length = 80
    trace = resumed(lambda o: warmed(o, length), saved=group(0.1 * _half()), forward=40)
    assert codes(trace) == []


def _half():
    return _warmed(40, num_warmup_steps=8, num_training_steps=80)


@pytest.mark.parametrize(("updates", "found"), [(40, []), (6, ["P007"])])
def test_a_warm_up_that_the_run_does_not_get_through_is_told(updates, found):
    length = updates  # as transformers' Trainer counts it
    trace = train(updates, build=lambda o: warmed(o, length), each=lambda _k, _o, s: s.step())
    assert codes(trace) == found


@pytest.mark.parametrize(("length", "found"), [(40, []), (15, ["P005"])])
def test_a_cosine_by_a_function_that_was_given_its_length_climbs_again(length, found):
    def cosine(step, *, num_training_steps):
        return max(0.0, 0.5 * (1 + math.cos(math.pi * step / num_training_steps)))

    def build(optimizer):
        return LambdaLR(optimizer, partial(cosine, num_training_steps=length))

    assert codes(train(40, build=build, each=lambda _k, _o, s: s.step())) == found
