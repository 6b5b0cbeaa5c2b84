"""torch: the classes of torch.optim.lr_scheduler, and SWALR; the clock is the calls of `step()`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from passo.catalogue.like.chain import chained
from passo.catalogue.like.common import (
    LONGEST,
    above_zero,
    choice,
    count,
    counted,
    each_of,
    expression,
    left,
    length,
    listed,
    within,
)
from passo.catalogue.like.plateau import PLATEAU, reduce_on_plateau
from passo.catalogue.like.registry import Either, Library, Past, Plan
from passo.ground.calls import called_like
from passo.ground.checks import brief, one_of, real
from passo.ground.errors import PassoError
from passo.schedules import Constant, Cosine, Exponential, Schedule, base, steps, torchs
from passo.schedules.recipes.cycles import Height
from passo.schedules.torchs import Anneal

TORCH: Final = Library(
    "torch",
    {"optimizer": ..., "last_epoch": -1, "verbose": ...},
    by_group=(
        "lr_lambda",
        "base_lr",
        "max_lr",
        "min_lr",
        "base_momentum",
        "max_momentum",
        "swa_lr",
    ),
)
_CYCLE: Final = (
    "Building it writes a rate, and a momentum where it moves one; members of a SequentialLR or a "
    "ChainedScheduler that are built later begin from there. Here each begins from its own."
)


@called_like('like.torch("CosineAnnealingLR", T_max=100)')
def torch(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Any:
    """A schedule of torch.optim.lr_scheduler or torch.optim.swa_utils, by its class.

        the rates of name(optimizer, ...), called once an update, as an expression

    Lengths are in calls of `step()`; `schedulers` are values that `like.torch` gave. OneCycleLR and
    CyclicLR give a mapping of "lr" and "momentum", unless cycle_momentum=False. `past` "theirs"
    climbs again where theirs does, "hold" holds the last value. Raises PassoError for a name or a
    value without meaning, WrongCall for arguments that the class does not take. Source: torch
    2.13.0.

    >>> torch("LinearLR", start_factor=0.1, total_iters=5)
    Linear(0.1 * base, base, steps(5))
    """
    return TORCH.answer(name, arguments, past)


@TORCH.schedule("LambdaLR", example={"lr_lambda": Exponential(1, 0.95)})
def _lambda(lr_lambda: Any) -> Schedule:
    return base * expression(lr_lambda, "lr_lambda")


@TORCH.schedule(
    "MultiplicativeLR",
    example={"lr_lambda": Constant(0.95)},
    remarks=("Only a constant factor has a closed form; passo.optim.lift reads any other.",),
)
def _multiplicative(lr_lambda: Any) -> Schedule:
    factor = expression(lr_lambda, "lr_lambda")
    if not isinstance(factor, Constant) or not isinstance(factor.value, float):
        msg = (
            "the product of what a function gives has no closed form: lr_lambda must be a constant "
            f"such as Constant(0.95), got {brief(lr_lambda)}; passo.optim.lift reads the scheduler "
            "itself"
        )
        raise PassoError(msg)
    return Exponential(base, factor.value)


@TORCH.schedule(
    "StepLR",
    example={"step_size": 30},
    remarks=(
        "A step_size with a fraction falls at the whole numbers among its multiples: 2.5 at 5, 10.",
    ),
)
def _step(step_size: Any, gamma: Any = 0.1) -> Schedule:
    every = count(step_size, "step_size", least=1)
    if every.denominator != 1:  # theirs asks whether t % step_size is 0
        whole = Fraction(step_size) if isinstance(step_size, float) else every
        every = Fraction(whole.numerator)
        if every > LONGEST:
            return Constant(base)
    return torchs.stairs(base, every, gamma)


@TORCH.schedule("MultiStepLR", example={"milestones": [30, 80]})
def _multi_step(milestones: Any, gamma: Any = 0.1) -> Schedule:
    passed = Counter(
        counted(each, "a milestone", least=0) for each in listed(milestones, "milestones")
    )
    return torchs.milestones_passed(base, passed, real(gamma, "gamma"))


@TORCH.schedule(
    "ConstantLR",
    example={"factor": 0.5, "total_iters": 5},
    remarks=(
        "With total_iters=0 it stays at the factor for ever.",
        "With factor=0 theirs raises at total_iters; this goes on at the rate.",
    ),
)
def _constant(factor: Any = 1 / 3, total_iters: Any = 5) -> Schedule:
    share, iters = within(factor, "factor", 0, 1), counted(total_iters, "total_iters", least=0)
    if iters == 0:
        return Constant(torchs.times_peak(share, base))
    return torchs.factor_at_first(base, share, iters)


@TORCH.schedule(
    "LinearLR",
    example={"start_factor": 0.1, "total_iters": 5},
    remarks=("With total_iters=0 it stays at start_factor for ever.",),
)
def _linear(start_factor: Any = 1 / 3, end_factor: Any = 1.0, total_iters: Any = 5) -> Schedule:
    start, end = real(start_factor, "start_factor"), within(end_factor, "end_factor", 0, 1)
    if not 0 < start <= 1:
        msg = f"start_factor must be above 0 and at most 1, got {brief(start_factor)}"
        raise PassoError(msg)
    iters = counted(total_iters, "total_iters", least=0)
    if iters == 0:
        return Constant(torchs.times_peak(start, base))
    return torchs.line(base, start, end, iters)


@TORCH.schedule("ExponentialLR", example={"gamma": 0.95})
def _exponential(gamma: Any) -> Schedule:
    return torchs.each_step(base, gamma)


@TORCH.schedule("PolynomialLR", example={"total_iters": 100, "power": 2.0})
def _polynomial(total_iters: Any = 5, power: Any = 1.0) -> Schedule:
    return torchs.polynomial(base, counted(total_iters, "total_iters", least=0), power)


@TORCH.schedule(
    "CosineAnnealingLR", example={"T_max": 100}, remarks=("Past T_max it climbs again.",)
)
def _cosine(T_max: Any, eta_min: Any = 0.0) -> Either:  # noqa: N803
    half, floor = count(T_max, "T_max", least=1), real(eta_min, "eta_min")
    return Either(torchs.swing(base, floor, half), Cosine(base, floor, steps(half)))


@TORCH.schedule(
    "CosineAnnealingWarmRestarts",
    example={"T_0": 10, "T_mult": 2},
    remarks=(
        (
            "step(epoch) finds the cycle by a logarithm that is rounded: at epoch 1210 with "
            "T_0=10 and T_mult=3 it gives eta_min, not the rate. Called without an epoch it is "
            "right, as this is."
        ),
    ),
)
def _restarts(T_0: Any, T_mult: Any = 1, eta_min: Any = 0.0) -> Schedule:  # noqa: N803
    first, mult = counted(T_0, "T_0"), counted(T_mult, "T_mult")
    return torchs.restarts(base, first, mult, real(eta_min, "eta_min"))


@TORCH.schedule(
    "CyclicLR",
    example={"base_lr": 0.001, "max_lr": 0.01, "step_size_up": 20},
    remarks=(_CYCLE,),
)
def _cyclic(  # noqa: PLR0917
    base_lr: Any,
    max_lr: Any,
    step_size_up: Any = 2000,
    step_size_down: Any = None,
    mode: Any = "triangular",
    gamma: Any = 1.0,
    scale_fn: Any = None,
    scale_mode: Any = "cycle",
    cycle_momentum: Any = True,  # noqa: FBT002
    base_momentum: Any = 0.8,
    max_momentum: Any = 0.9,
) -> Plan:
    up = count(step_size_up, "step_size_up", least=1)
    down = up if step_size_down is None else count(step_size_down, "step_size_down")
    scale = None if scale_fn is None else expression(scale_fn, "scale_fn")
    if scale is None:
        one_of(mode, "mode", Height)
    how = choice(scale_mode, "scale_mode", {"cycle": True, "iterations": False})

    def triangles(outer: float, inner: float) -> Schedule:
        return torchs.triangles(
            outer, inner, up, down, mode=mode, gamma=real(gamma, "gamma"), scale=scale, by_cycle=how
        )

    rate = triangles(real(base_lr, "base_lr"), real(max_lr, "max_lr"))
    if not cycle_momentum:
        return rate
    momentum = triangles(real(max_momentum, "max_momentum"), real(base_momentum, "base_momentum"))
    return {"lr": rate, "momentum": momentum}


@TORCH.schedule(
    "OneCycleLR",
    example={"max_lr": 0.01, "total_steps": 100},
    remarks=(
        (
            "Each phase ends one update early: the peak is at pct_start * total_steps - 1, the "
            "end at total_steps - 1."
        ),
        (
            "Past total_steps theirs raises; this holds. At total_steps itself, which no update "
            "uses, theirs turns back."
        ),
        _CYCLE,
    ),
)
def _one_cycle(  # noqa: PLR0917
    max_lr: Any,
    total_steps: Any = None,
    epochs: Any = None,
    steps_per_epoch: Any = None,
    pct_start: Any = 0.3,
    anneal_strategy: Any = "cos",
    cycle_momentum: Any = True,  # noqa: FBT002
    base_momentum: Any = 0.85,
    max_momentum: Any = 0.95,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
    three_phase: Any = False,  # noqa: FBT002
) -> Plan:
    one_of(anneal_strategy, "anneal_strategy", Anneal)
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        msg = "total_steps is needed, or epochs and steps_per_epoch"
        raise PassoError(msg)
    if total_steps is None:
        total = counted(epochs, "epochs") * counted(steps_per_epoch, "steps_per_epoch")
    else:
        total = counted(total_steps, "total_steps")
    rise, peak = float(within(pct_start, "pct_start", 0, 1) * total), real(max_lr, "max_lr")
    first = peak / above_zero(div_factor, "div_factor")
    last = first / above_zero(final_div_factor, "final_div_factor")
    low, high = real(base_momentum, "base_momentum"), real(max_momentum, "max_momentum")
    if three_phase:
        ends = [rise - 1.0, 2.0 * rise - 2.0, total - 1.0]
        rates, momenta = [(first, peak), (peak, first), (first, last)], [(high, low), (low, high)]
        momenta.append((high, high))
    else:
        ends = [rise - 1.0, total - 1.0]
        rates, momenta = [(first, peak), (peak, last)], [(high, low), (low, high)]
    if total == 1 or any(one >= other for one, other in pairwise(ends)):
        msg = f"no update is left for a phase: total_steps={total}, pct_start={brief(pct_start)}"
        raise PassoError(msg)
    rate = torchs.phases(anneal_strategy, ends, rates)
    if not cycle_momentum:
        return rate
    return {"lr": rate, "momentum": torchs.phases(anneal_strategy, ends, momenta)}


@TORCH.schedule("SWALR", example={"swa_lr": 0.05, "anneal_epochs": 10})
def _swa(swa_lr: Any, anneal_epochs: Any = 10, anneal_strategy: Any = "cos") -> Schedule:
    one_of(anneal_strategy, "anneal_strategy", Anneal)
    goal, over = real(swa_lr, "swa_lr"), counted(anneal_epochs, "anneal_epochs", least=0)
    return torchs.anneal(anneal_strategy, base, goal, over) if over else Constant(goal)


TORCH.schedule(
    "ReduceLROnPlateau",
    example={"mode": "min", "factor": 0.1, "patience": 10},
    remarks=PLATEAU,
)(reduce_on_plateau)


@TORCH.schedule(
    "SequentialLR",
    example={"schedulers": [Constant(0.1 * base), Exponential(base, 0.95)], "milestones": [5]},
    remarks=(
        (
            "A SequentialLR or a ChainedScheduler that begins at a milestone raises in torch; "
            "here it begins."
        ),
        "A ReduceLROnPlateau is refused by torch; here it hears the reports of its time.",
        _CYCLE,
    ),
)
def _sequential(schedulers: Any, milestones: Any) -> Plan:
    plans = [_plan(each) for each in each_of(schedulers, "schedulers")]
    if not isinstance(milestones, (list, tuple)) or len(milestones) != len(plans) - 1:
        msg = (
            f"milestones must be one fewer than schedulers, got {brief(milestones)} and "
            f"{len(plans)} schedulers"
        )
        raise PassoError(msg)
    ends = [counted(each, "a milestone", least=0) for each in milestones]
    for one, other in pairwise(ends):
        left(length(other, ""), length(one, ""), "a milestone", "the one before it")
    return joined(plans, lambda parts: torchs.sequence(parts, ends), ends)


@TORCH.schedule(
    "ChainedScheduler",
    example={"schedulers": [Constant(0.1 * base), Exponential(base, 0.95)]},
    remarks=(
        (
            "Members that multiply what is there have the product of their factors. A LambdaLR "
            "or a CosineAnnealingWarmRestarts writes its own value over what was there: as the "
            "last member it is all that is left."
        ),
        "A ReduceLROnPlateau is refused by torch; here it is one more factor.",
        _CYCLE,
    ),
)
def _chained(schedulers: Any) -> Schedule:
    return chained([_schedule(each) for each in each_of(schedulers, "schedulers")])


def _plan(value: Any) -> dict[str, Schedule]:
    plan = value if isinstance(value, dict) else {"lr": value}
    for each in plan.values():
        if not isinstance(each, Schedule):
            msg = (
                "schedulers must be schedules that like gave, got "
                f'{brief(value)}; write like.torch("LinearLR", total_iters=5)'
            )
            raise PassoError(msg)
    return plan


def _schedule(value: Any) -> Schedule:
    plan = _plan(value)
    if set(plan) != {"lr"}:
        msg = (
            "a ChainedScheduler has no momentum of its own; write cycle_momentum=False in the "
            "member that moves it"
        )
        raise PassoError(msg)
    return plan["lr"]


def joined(
    plans: list[dict[str, Schedule]],
    join: Callable[[list[Schedule]], Schedule],
    ends: list[int],
) -> Plan:
    """Plans one after another, for each field that one of them moves.

    A field stays at its first value until it is moved, which building the scheduler writes, and
    afterwards at the last one that was used.
    """
    fields = dict.fromkeys(key for plan in plans for key in plan)
    found = {}
    for key in fields:
        first = next(plan[key] for plan in plans if key in plan)
        parts: list[Schedule] = []
        held = first(0) if key != "lr" else 0.0
        for k, plan in enumerate(plans):
            parts.append(plan.get(key, Constant(held)))
            if key in plan and k < len(ends) and key != "lr":
                held = plan[key](max(ends[k] - (ends[k - 1] if k else 0) - 1, 0))
        found[key] = join(parts)
    return found["lr"] if len(found) == 1 else found
