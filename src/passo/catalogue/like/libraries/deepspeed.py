"""DeepSpeed: the schedulers of its configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, choice, length, share
from passo.catalogue.like.registry import Library, Past, Plan
from passo.ground.calls import called_like
from passo.ground.checks import brief, exact, real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Logarithmic,
    Schedule,
    Span,
    Table,
    base,
    steps,
)
from passo.schedules.algebra.atoms import Value


def _spell(name: str, given: Mapping[str, Any]) -> str:
    return f"like.deepspeed({ {'type': name, 'params': dict(given)}!r})".replace("'", '"')


DEEPSPEED: Final = Library(
    "deepspeed",
    {"optimizer": ..., "last_batch_iteration": -1},
    by_group=("warmup_min_lr", "warmup_max_lr", "lr_range_test_min_lr"),
    spell=_spell,
)
_STAIRS: Final = 1000  # those of the way down are written one by one
_LATE: Final = (
    "Its clock is one late: updates 0 and 1 use the first value, and a warm-up of n is over at "
    "update n + 1."
)
_LOG: Final = "warmup_type is log where it is not given, and the warm-up at least 2 updates long."
_WARM: Final = {"warmup_max_lr": 0.1, "warmup_num_steps": 100}
_CYCLE: Final = {"cycle_min_lr": 0.01, "cycle_max_lr": 0.1, "cycle_first_step_size": 300}


@called_like('like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}})')
def deepspeed(config: Mapping[str, Any], /, *, past: Past = "theirs") -> Plan:
    """A scheduler of DeepSpeed, by the "scheduler" part of its configuration.

        {"type": "WarmupDecayLR", "params": {...}} as an expression

    Rates are absolute but where the optimizer's is taken or multiplied: those are expressions of
    `base`. OneCycle moves the momentum too and is a mapping. Lengths are in updates. DeepSpeed
    holds what has an end, so `past` changes nothing. Raises PassoError for a type or a value
    without meaning, WrongCall for params that the type does not take.
    Source: deepspeed.runtime.lr_schedules, 0.19.8.

    >>> deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 4, "warmup_type": "linear"}})
    Constant(0, steps(1)).then(Linear(0, base, steps(4)))
    """
    if not isinstance(config, Mapping) or "type" not in config:
        msg = (
            f"like.deepspeed takes the scheduler of a configuration, got {brief(config)}; write "
            'like.deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 100}})'
        )
        raise PassoError(msg)
    params = config.get("params", {})
    if not isinstance(params, Mapping) or not all(isinstance(key, str) for key in params):
        msg = f'"params" of a scheduler must be a mapping from strings, got {brief(params)}'
        raise PassoError(msg)
    made: Plan = DEEPSPEED.answer(config["type"], params, past)
    return made


@DEEPSPEED.schedule("WarmupLR", example=_WARM, remarks=(_LATE, _LOG))
def _warmup(
    warmup_min_lr: Any = 0.0,
    warmup_max_lr: Any = None,
    warmup_num_steps: Any = 1000,
    warmup_type: Any = "log",
) -> Schedule:
    low = real(warmup_min_lr, "warmup_min_lr")
    high = base if warmup_max_lr is None else real(warmup_max_lr, "warmup_max_lr")
    return _late(low).then(_rise(low, high, _warm(warmup_num_steps), warmup_type))


@DEEPSPEED.schedule(
    "WarmupDecayLR",
    example={"total_num_steps": 1000, **_WARM},
    remarks=(
        _LATE,
        _LOG,
        "It decays to warmup_min_lr.",
        "A total_num_steps that is not above the warm-up drops there when the warm-up ends.",
    ),
)
def _warmup_decay(
    total_num_steps: Any,
    warmup_min_lr: Any = 0.0,
    warmup_max_lr: Any = 0.001,
    warmup_num_steps: Any = 1000,
    warmup_type: Any = "log",
) -> Schedule:
    low, high = real(warmup_min_lr, "warmup_min_lr"), real(warmup_max_lr, "warmup_max_lr")
    warmup = _warm(warmup_num_steps)
    fall = max(whole(total_num_steps, "total_num_steps") - warmup, 0)
    up = _late(low).then(_whole_rise(low, high, warmup, warmup_type))
    return up.then(Linear(high, low, steps(fall)) if fall else Constant(low))


@DEEPSPEED.schedule(
    "WarmupCosineLR",
    example={"total_num_steps": 1000, "warmup_num_steps": 100},
    remarks=(
        _LATE,
        _LOG,
        "Update 0 has the rate 0, whatever warmup_min_ratio is.",
        "The cosine's clock is one ahead: with a linear warm-up the peak is never used.",
        "cos_min_ratio is 0.0001 where it is not given, and not 0.",
    ),
)
def _warmup_cosine(
    total_num_steps: Any,
    warmup_min_ratio: Any = 0.0,
    warmup_num_steps: Any = 1000,
    cos_min_ratio: Any = 0.0001,
    warmup_type: Any = "log",
) -> Schedule:
    low = share(real(warmup_min_ratio, "warmup_min_ratio"))
    floor = share(at_least(cos_min_ratio, "cos_min_ratio"))
    warmup = _warm(warmup_num_steps)
    fall = max(whole(total_num_steps, "total_num_steps") - warmup, 1)
    up = _late(0.0).then(_whole_rise(low, base, warmup, warmup_type))
    if fall == 1:
        return up.then(Constant(floor))
    return up.then(Cosine(base, floor, steps(fall)).skip(steps(1)))


@DEEPSPEED.schedule(
    "LRRangeTest",
    example={"lr_range_test_min_lr": 0.001, "lr_range_test_step_size": 100},
    remarks=(
        "It rises for ever: by lr_range_test_step_rate of the first rate for each step size.",
    ),
)
def _range_test(
    lr_range_test_min_lr: Any = 1e-3,
    lr_range_test_step_size: Any = 2000,
    lr_range_test_step_rate: Any = 1.0,
    lr_range_test_staircase: Any = False,  # noqa: FBT002
) -> Schedule:
    first = real(lr_range_test_min_lr, "lr_range_test_min_lr")
    every = Fraction(whole(lr_range_test_step_size, "lr_range_test_step_size"))
    if at_least(lr_range_test_step_rate, "lr_range_test_step_rate") == 0:
        return Constant(first)
    line = _line(every / exact(lr_range_test_step_rate, "lr_range_test_step_rate"))
    return first * (line.staircase(steps(every)) if lr_range_test_staircase else line)


@DEEPSPEED.schedule(
    "OneCycle",
    example=_CYCLE,
    remarks=(
        "The first momentum is the low one, from update 1 on it falls from the high one.",
        "After the cycle the momentum grows for ever, past 1, where decay_mom_rate is given.",
        "It also sets betas[1] to 0.99, once: add Constant(0.99) for that.",
        (
            "It moves the momentum of optimizers with betas only; for others write "
            "cycle_momentum false."
        ),
        "Without a decay_step_size a decay rate counts for nothing.",
        (
            "With stairs the way down falls at the update after each stair's end, and half a cycle "
            "of no length never reaches its peak."
        ),
    ),
)
def _one_cycle(  # noqa: PLR0917
    cycle_min_lr: Any,
    cycle_max_lr: Any,
    decay_lr_rate: Any = 0.0,
    cycle_first_step_size: Any = 2000,
    cycle_second_step_size: Any = None,
    cycle_first_stair_count: Any = 0,
    cycle_second_stair_count: Any = None,
    decay_step_size: Any = 0,
    cycle_momentum: Any = True,  # noqa: FBT002
    cycle_min_mom: Any = 0.8,
    cycle_max_mom: Any = 0.9,
    decay_mom_rate: Any = 0.0,
) -> Plan:
    low, high = real(cycle_min_lr, "cycle_min_lr"), real(cycle_max_lr, "cycle_max_lr")
    cycle = _Cycle(
        cycle_first_step_size,
        cycle_second_step_size,
        cycle_first_stair_count,
        cycle_second_stair_count,
    )
    every = length(decay_step_size, "decay_step_size")
    slower = _decay(every, decay_lr_rate, "decay_lr_rate")
    after = Constant(low) if slower is None else InversePower(low, slower, 1)
    rate = cycle.between(low, high).then(after)
    if not cycle_momentum:
        return rate
    least, most = real(cycle_min_mom, "cycle_min_mom"), real(cycle_max_mom, "cycle_max_mom")
    faster = _decay(every, decay_mom_rate, "decay_mom_rate")
    grown = Constant(most) if faster is None else most * _line(faster.amount)
    momentum = cycle.between(most, least).then(grown)
    return {"lr": rate, "momentum": Constant(least, steps(1)).then(momentum.skip(steps(1)))}


class _Cycle:
    """Up and down, each straight or in stairs."""

    def __init__(self, first: Any, second: Any, stairs: Any, more_stairs: Any) -> None:
        self.up = above(first, "cycle_first_step_size")
        self.down = self.up if second is None else length(second, "cycle_second_step_size")
        self.ups = whole(stairs, "cycle_first_stair_count", least=0)
        given = self.ups if more_stairs is None else more_stairs
        self.downs = whole(given, "cycle_second_stair_count", least=0, most=_STAIRS)

    def between(self, outer: float, inner: float) -> Schedule:
        """From the outer value to the inner one and back."""
        return self._there(outer, inner).then(self._back(inner, outer))

    def _there(self, outer: float, inner: float) -> Schedule:
        way = Linear(outer, inner, steps(self.up))
        return way.staircase(steps(self.up / self.ups)) if self.ups else way

    def _back(self, inner: float, outer: float) -> Schedule:
        """In stairs: the first update has the inner value, the one after each stair's end falls."""
        if not self.downs or not self.down:
            return Linear(inner, outer, steps(self.down))
        points = {Fraction(0): inner}
        for stair in range(self.downs):
            height = (self.downs - 1 - stair) / self.downs
            points[self.down * stair // self.downs + Fraction(1)] = outer + (inner - outer) * height
        stairs = [(steps(at), value) for at, value in points.items()]
        return Table(stairs, kind="step").until(steps(self.down))


def _late(value: Value) -> Schedule:
    """Before its first step it has this value."""
    return Constant(value, steps(1))


def _warm(warmup_num_steps: Any) -> int:
    return max(2, whole(warmup_num_steps, "warmup_num_steps"))


def _rise(low: Value, high: Value, warmup: int, warmup_type: Any) -> Schedule:
    """The warm-up; in log it is there one update before its end."""
    rises: dict[str, Callable[[], Schedule]] = {
        "log": lambda: Logarithmic(low, high, steps(warmup - 1)),
        "linear": lambda: Linear(low, high, steps(warmup)),
    }
    return choice(warmup_type, "warmup_type", rises)()


def _whole_rise(low: Value, high: Value, warmup: int, warmup_type: Any) -> Schedule:
    """The warm-up, held for as long as it counts."""
    rise = _rise(low, high, warmup, warmup_type)
    return rise.then(Constant(high, steps(1))) if isinstance(rise, Logarithmic) else rise


def _line(over: Fraction) -> Schedule:
    """1 + t / over, for ever."""
    return InversePower(1.0, steps(over), 1).power(-1)


def _decay(every: Fraction, rate: Any, name: str) -> Span | None:
    """After how long a decay is 1 / 2; None where there is none."""
    if at_least(rate, name) == 0 or every == 0:
        return None
    return steps(every / exact(rate, name))
