"""What the doctor's rules advise of states and values: P013 to P021."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from passo.doctor import compare_ranks, diagnose
from passo.trace import Trace
from tests.advice.rows.rules import BOTH, UPDATE, advised, loop, of, well
from tests.advice.table import Table, Told
from tests.doctor.test_each_rule import ranks, scaled
from tests.doctor.test_rules import losses

tried = Table()


# -- P013: a hand-over


@tried("let the first side end at {}, or the second begin at {}")
def two_sides_meet(told: Told) -> None:
    def build(end: float, begin: float) -> Any:
        def made(o: Any) -> Any:
            after = LambdaLR(o, lambda t: begin / 0.1 * (1 - t / 50))
            return SequentialLR(o, [LinearLR(o, 0.01, end / 0.1, 10), after], [10])

        return made

    text = advised(told, loop(build(0.01, 0.1)), "P013")
    end = float(text.quoted(r"side end at (\S+), or"))
    begin = float(text.quoted(r"second begin at (\S+)$"))
    assert well(build(end, 0.1))
    assert well(build(0.01, begin))


# -- P014, P015: a state that is loaded


SAVE = """
if t == 29:
    saved = {"o": optimizer.state_dict(), "s": scheduler.state_dict()}
    optimizer = torch.optim.SGD(weights, lr=0.1)
"""
OPTIMIZER, SCHEDULER = (
    "optimizer.load_state_dict(saved['o'])",
    "scheduler.load_state_dict(saved['s'])",
)


FUNCTION = (LambdaLR, lambda t: 0.9**t)


def resumed(*lines: str, kind: tuple[Any, Any] = (ExponentialLR, 0.9)) -> list[Trace]:
    """A run that was saved at its middle, and these lines that take it up."""
    body = BOTH + SAVE + "".join(f"    {line}\n" for line in lines)
    return loop(of(*kind), body, kind=kind[0])


def taken_up(*lines: str, kind: tuple[Any, Any] = (ExponentialLR, 0.9)) -> bool:
    """Whether nothing is found there."""
    found = diagnose(resumed(*lines, kind=kind))
    assert found == [], found
    return True


BUILD = "scheduler = kind(optimizer, gamma=0.9)"


@tried("build the scheduler first, then load the optimizer, then the scheduler")
def the_scheduler_is_built_first(told: Told) -> None:
    build = BUILD.replace("gamma=0.9", "lambda t: 0.9**t")
    text = advised(told, resumed(OPTIMIZER, build, SCHEDULER, kind=FUNCTION), "P014")
    text.words("build the scheduler first", "then load the optimizer", "then the scheduler")
    assert taken_up(build, OPTIMIZER, SCHEDULER, kind=FUNCTION)


@tried(
    "save optimizer.state_dict() with the scheduler's, and load it after the scheduler was built: "
    "the scheduler's state alone does not write the rate"
)
def the_optimizer_is_saved_too(told: Told) -> None:
    text = advised(told, resumed(BUILD, SCHEDULER), "P014")
    text.words("save optimizer.state_dict()", "load it after the scheduler was built")
    assert taken_up(BUILD, OPTIMIZER, SCHEDULER)
    assert taken_up(BUILD, SCHEDULER, OPTIMIZER)


@tried(
    "save scheduler.state_dict() with the others, and when they are loaded "
    "scheduler.load_state_dict(...) too"
)
def the_scheduler_is_saved_too(told: Told) -> None:
    text = advised(told, resumed(BUILD, OPTIMIZER), "P014")
    line = text.quoted(r"loaded (scheduler\.load_state_dict\(\.\.\.\)) too")
    assert taken_up(BUILD, OPTIMIZER, line.replace("...", "saved['s']"))


ANEW = """
for group in optimizer.param_groups:
    group['lr'] = 0.05
    group.pop('initial_lr')
"""


@tried(
    "build it as it was saved; to train on by another plan, do not load the scheduler: set "
    "'lr' in each of optimizer.param_groups, remove 'initial_lr' there, and build a new one"
    " for the advances that are left",
)
def a_plan_is_as_it_was_saved_or_new(told: Told) -> None:
    other = "scheduler = kind(optimizer, gamma=0.8)"
    text = advised(told, resumed(other, OPTIMIZER, SCHEDULER), "P015")
    text.words("build it as it was saved", "set 'lr'", "remove 'initial_lr'", "build a new one")
    assert taken_up(BUILD, OPTIMIZER, SCHEDULER)
    anew = [line for line in ANEW.splitlines() if line]
    assert taken_up(OPTIMIZER, *anew, other)


# -- P016, P017: what was skipped, and ranks


@tried(
    "before = scaler.get_scale() above scaler.step(optimizer), and below scaler.update() if "
    "scaler.get_scale() >= before: scheduler.step()"
)
def a_skipped_update_is_no_advance(told: Told) -> None:
    text = advised(told, scaled(guarded=False), "P016")
    first = text.quoted(r"^(before = .*) above scaler\.step")
    last = text.quoted(r"below scaler\.update\(\) (if .*)$")
    body = f"""
loss = weights[0].sum() * (float("inf") if t % 4 == 3 else 1.0)
optimizer.zero_grad()
scaler.scale(loss).backward()
{first}
scaler.step(optimizer)
scaler.update()
{last}
"""
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    assert well(of(StepLR, 50), body, scaler=scaler)


@tried("the same on every rank: torch.distributed.all_reduce(val_loss) before it is told")
def ranks_agree(told: Told) -> None:
    (finding,) = compare_ranks([[each] for each in ranks(0.01, 0.02)])
    name = told.of(finding.write).quoted(r"torch\.distributed\.(\w+)\(val_loss\)")
    assert callable(getattr(torch.distributed, name))
    assert compare_ranks([[each] for each in ranks(0.015, 0.015)]) == []


# -- P018 to P020: zeros, divergence, momentum


def share(of_t: Any) -> Any:
    """A function of the advances."""
    return of(LambdaLR, of_t)


@tried(
    "a decay that is {} advances long, those of the run, so that 0 comes after the last update and "
    "not at update {}"
)
def a_decay_comes_to_zero_after_the_run(told: Told) -> None:
    def decay(long: int) -> Any:
        return share(lambda t: max(0.0, 1 - t / long))

    text = advised(told, loop(decay(57)), "P018")
    assert well(decay(int(text.quoted(r"decay that is ([\d,]+) advances").replace(",", ""))))


@tried(
    "what was loaded had come to 0: set 'lr' in each of optimizer.param_groups, remove "
    "'initial_lr' there, and build a new scheduler for the advances that are left",
)
def a_rate_that_was_loaded_as_zero_is_set(told: Told) -> None:
    def build(optimizer: Any, *, cure: bool = False) -> Any:
        first = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)
        CosineAnnealingLR(first, 10)
        state = first.state_dict()
        state["param_groups"][0]["lr"] = 0.0
        scheduler = CosineAnnealingLR(optimizer, 60)
        optimizer.load_state_dict(state)
        if not cure:
            return scheduler
        for group in optimizer.param_groups:
            group["lr"] = 0.05
            del group["initial_lr"]
        return CosineAnnealingLR(optimizer, 60)

    text = advised(told, loop(build), "P018")
    text.words("set 'lr'", "remove 'initial_lr'", "build a new scheduler")
    assert well(lambda optimizer: build(optimizer, cure=True))


@tried("a rate above 0 for the optimizer, and the scheduler's step() if one was to set it")
def a_rate_is_above_zero(told: Told) -> None:
    text = advised(told, loop(lambda _: None, UPDATE, sgd={"lr": 0.0}), "P018")
    text.words("a rate above 0", "the scheduler's step()")
    assert well(lambda _: None, UPDATE)
    assert well(of(CosineAnnealingLR, 60), BOTH)


@tried("a value above 0 there: eta_min=, or max(floor, ...) in a function")
def a_floor_is_above_zero(told: Told) -> None:
    def dip(t: int) -> float:
        return 0.01 * abs(t // 10 - 3)

    text = advised(told, loop(share(dip)), "P018")
    name = text.quoted(r"or (max)\(floor, \.\.\.\)")
    assert well(share(lambda t: eval(name)(0.001, dip(t))))
    assert well(of(CosineAnnealingLR, 60, **{text.quoted(r"there: (\w+)="): 0.001}))


@tried("a warm-up that starts above 0 and is counted in updates: (step + 1) / warmup")
def a_warm_up_starts_above_zero(told: Told) -> None:
    text = advised(told, loop(share(lambda t: min(1.0, t // 10 / 3))), "P018")
    code = compile(text.quoted(r"updates: (.*)$"), "there", "eval")
    assert well(share(lambda step: min(1.0, eval(code, {"step": step, "warmup": 30}))))


def decayed(code: str, length: int) -> str:
    """A rate that is written by hand before each update."""
    head = "step = t\noptimizer.param_groups[0]['lr'] = 0.1 * max(0.0, "
    return head + code.replace("LENGTH", str(length)) + f")\n{UPDATE}"


@tried(
    "a decay that comes to 0 when the run ends and not at update {}: 1 - {}, counted from 0",
    "step / {}",
)
def a_decay_by_hand_comes_to_zero_after_the_run(told: Told) -> None:
    text = advised(told, loop(lambda _: None, decayed("1 - step / LENGTH", 50)), "P018")
    assert well(lambda _: None, decayed(text.quoted(r": (1 - .*), counted"), 0))


@tried("epoch / {}")
def a_decay_by_epochs_comes_to_zero_after_the_run(told: Told) -> None:
    given = {"epochs": 12, "batches": 10}
    body = "if batch == 0: optimizer.param_groups[0]['lr'] = 0.1 * max(0.0, {})\n" + UPDATE
    text = advised(told, loop(lambda _: None, body.format("1 - epoch / 11"), **given), "P018")
    assert well(lambda _: None, body.format(text.quoted(r": (1 - .*), counted")), **given)


@tried("iteration / {}")
def a_decay_by_several_epochs_comes_to_zero_after_the_run(told: Told) -> None:
    given = {"epochs": 12, "batches": 10}
    head = "iteration = epoch // 3\nif batch == 0 and epoch % 3 == 0: "
    body = head + "optimizer.param_groups[0]['lr'] = 0.1 * ({})\n" + UPDATE
    text = advised(told, loop(lambda _: None, body.format("1 - iteration / 3"), **given), "P018")
    assert well(lambda _: None, body.format(text.quoted(r": (1 - .*), counted")), **given)


@tried("a peak below {}: a third of it, with a warm-up")
def a_peak_is_below_where_it_diverged(told: Told) -> None:
    text = advised(told, losses([1.0, 0.5, 0.4, 0.6, 2.0, 50.0, 1e4, 1e8]), "P019")
    assert float(text.quoted(r"a peak below (\S+):")) > 0
    steep = "loss = 10 * weights[0].square().sum()\noptimizer.zero_grad(); loss.backward()\n"
    text = advised(told, loop(of(StepLR, 100), steep + BOTH, sgd={"lr": 0.3}), "P019")
    peak = float(text.quoted(r"a peak below (\S+):")) / 3
    warm = share(lambda t: min(1.0, (t + 1) / 10) * 0.99**t)
    assert well(warm, steep + BOTH, sgd={"lr": peak})


@tried("{}(..., cycle_momentum=False), or base_momentum=..., max_momentum=...")
def a_momentum_is_left_or_named(told: Told) -> None:
    given = {"sgd": {"momentum": 0.5}}
    text = advised(told, loop(of(OneCycleLR, 0.1, 60), **given), "P020")
    call = text.quoted(r"^(\w+\(.*?\)), or")
    names = text.quoted(r"or (base_momentum=\.\.\., max_momentum=\.\.\.)$")
    for code in (
        call.replace("...", "o, 0.1, 60"),
        f"OneCycleLR(o, 0.1, 60, {names.replace('...', '0.5')})",
    ):
        assert well(lambda o, code=code: eval(code, {**globals(), "o": o}), **given)


# -- P021: epochs that were counted in batches


@tried(
    "{}, or {}",
    "scheduler.step() once an epoch",
    "gamma={}, which is {} ** (1 / {})",
    "step_size={}, {} batches for each of {}",
    "milestones=[{}], {} batches for each epoch",
    "T_0={}, {}",
)
def what_was_counted_in_epochs_is_counted_in_batches(told: Told) -> None:
    kinds = {
        "scheduler": of(CosineAnnealingLR, 10),
        "gamma": of(ExponentialLR, 0.6),
        "step_size": of(StepLR, 4),
        "milestones": of(MultiStepLR, [4, 8]),
        "T_0": of(CosineAnnealingWarmRestarts, 10),
    }
    name = told.template.split("=")[0].split(".")[0].replace("{}, or {}", "scheduler")
    given = {"epochs": 10, "batches": 130}
    text = advised(told, loop(kinds[name], **given), "P021")
    assert well(kinds[name], UPDATE, text.quoted(r"^(scheduler\.step\(\)) once"), **given)
    code = text.quoted(r"once an epoch, or (\w+=(?:\[.*?\]|[^ ]+)),")
    kind = type(kinds[name](torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)))
    assert well(lambda o: eval(f"kind(o, {code})", {"kind": kind, "o": o}), **given)
