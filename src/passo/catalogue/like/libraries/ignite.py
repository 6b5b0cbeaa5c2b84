"""ignite: the parameter schedulers of ignite.handlers; the clock counts the events they hear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final

from passo.catalogue.like.chain import TWICE, asked_twice
from passo.catalogue.like.common import counted, each_of, expression, value_at
from passo.catalogue.like.plateau import SLIPS, falling
from passo.catalogue.like.registry import Library, Past, Plan
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import Constant, Cosine, Linear, Schedule, Table, base, steps, torchs

IGNITE: Final = Library(
    "ignite",
    {
        "optimizer": ...,
        "save_history": ...,
        "param_group_index": ...,
        "create_new": ...,
        "trainer": ...,
        "output_simulated_values": ...,
        "verbose": ...,
    },
    absent={
        "ParamGroupScheduler": "each of its schedulers is asked for by itself, and "
        "passo.by_group gives one to each param group",
        "BatchSizeScheduler": "its values are those of a function of yours, and the values= of "
        "passo.attach schedules numbers that no group holds",
    },
)
_FAR: Final = 10**6
_MOST: Final = 300
_FIELD: Final = (
    "param_name is written as it is: a field that no group has is made, and betas becomes a number."
)
_CUT: Final = (
    "Where cycle_mult is no whole number each cycle is cut to whole events; here they are written "
    "out for a million events, and then it holds."
)
_CYCLE: Final = (_FIELD, _CUT)
_STATE: Final = (
    "It writes an attribute of engine.state, and no field of an optimizer; the answer is named for "
    "it, and fits the values= of passo.attach. Before the first event it is None."
)


@called_like('like.ignite("PiecewiseLinear", param_name="lr", milestones_values=[(0, 0.1)])')
def ignite(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Any:
    """A parameter scheduler of ignite, by its class or function in ignite.handlers.

        the value at each event, attached to Events.ITERATION_STARTED, as an expression

    Lengths are in events. Where `param_name` is not "lr" the answer is a mapping of that name.
    `schedulers` and `lr_scheduler` are values that like gave. Raises PassoError for a name or a
    value without meaning, WrongCall for arguments that it does not take. Source: pytorch-ignite
    0.5.5.

    >>> ignite(
    ...     "CosineAnnealingScheduler", param_name="lr", start_value=0.1, end_value=0, cycle_size=9
    ... )
    Cosine(0.1, 0, steps(9)).repeat()
    """
    return IGNITE.answer(name, arguments, past)


def _named(param_name: Any, schedule: Schedule) -> Plan:
    if not isinstance(param_name, str) or not param_name:
        msg = f'param_name must be the name of a field such as "lr", got {brief(param_name)}'
        raise PassoError(msg)
    return schedule if param_name == "lr" else {param_name: schedule}


def _cycles(
    one: Callable[[float, float, float, int, int], Schedule],
    start: float,
    end: float,
    size: int,
    *,
    mult: float,
    starts: float,
    ends: float,
    warmup: int,
) -> Schedule:
    """Cycles of `one(start, end, next start, size, warm-up)`, each longer than the last."""
    if mult < 1:
        msg = f"cycle_mult must be at least 1, got {mult:g}"
        raise PassoError(msg)
    if mult != int(mult):
        return _written_out(
            one, start, end, size, mult=mult, starts=starts, ends=ends, warmup=warmup
        )
    grow = int(mult)
    if starts == ends:
        return one(start, end, start * starts, size, warmup).repeat(grow=grow, scale=starts)
    high = one(start, 0.0, start * starts, size, warmup).repeat(grow=grow, scale=starts)
    return high + one(0.0, end, 0.0, size, warmup).repeat(grow=grow, scale=ends)


def _written_out(
    one: Callable[[float, float, float, int, int], Schedule],
    start: float,
    end: float,
    size: int,
    *,
    mult: float,
    starts: float,
    ends: float,
    warmup: int,
) -> Schedule:
    parts: list[Schedule] = []
    gone = 0
    while gone < _FAR:
        if len(parts) == _MOST:
            msg = f"cycle_mult={mult:g} makes more than {_MOST} cycles of their own length"
            raise PassoError(msg)
        parts.append(one(start, end, start * starts, size, warmup))
        gone += size + warmup
        start, end = start * starts, end * ends
        size, warmup = int(size * mult), int(warmup * mult)
    return parts[0].then(*parts[1:])


def _with_warmup(fall: Schedule, end: float, after: float, warmup: int) -> Schedule:
    return fall.then(Linear(end, after, steps(warmup))) if warmup else fall


@IGNITE.schedule(
    "LinearCyclicalScheduler",
    example={"param_name": "lr", "start_value": 0.1, "end_value": 0.01, "cycle_size": 100},
    remarks=_CYCLE,
)
def _linear(  # noqa: PLR0917
    param_name: Any,
    start_value: Any,
    end_value: Any,
    cycle_size: Any,
    cycle_mult: Any = 1.0,
    start_value_mult: Any = 1.0,
    end_value_mult: Any = 1.0,
    warmup_duration: Any = 0,
    monotonic: Any = False,  # noqa: FBT002
) -> Plan:
    warm = counted(warmup_duration, "warmup_duration", least=0)
    if warm and not monotonic:
        raise PassoError("warmup_duration needs monotonic=True")

    def sawtooth(start: float, end: float, after: float, size: int, warmup: int) -> Schedule:
        return _with_warmup(Linear(start, end, steps(size)), end, after, warmup)

    def triangle(start: float, end: float, _after: float, size: int, _warmup: int) -> Schedule:
        half = steps(size) * 0.5
        return Linear(start, end, half).then(Linear(end, start, half))

    cycles = _cycles(
        sawtooth if monotonic else triangle,
        real(start_value, "start_value"),
        real(end_value, "end_value"),
        counted(cycle_size, "cycle_size", least=2),
        mult=real(cycle_mult, "cycle_mult"),
        starts=real(start_value_mult, "start_value_mult"),
        ends=real(end_value_mult, "end_value_mult"),
        warmup=warm,
    )
    return _named(param_name, cycles)


@IGNITE.schedule(
    "CosineAnnealingScheduler",
    example={"param_name": "lr", "start_value": 0.1, "end_value": 0.001, "cycle_size": 100},
    remarks=_CYCLE,
)
def _cosine(  # noqa: PLR0917
    param_name: Any,
    start_value: Any,
    end_value: Any,
    cycle_size: Any,
    cycle_mult: Any = 1.0,
    start_value_mult: Any = 1.0,
    end_value_mult: Any = 1.0,
    warmup_duration: Any = 0,
) -> Plan:
    def wave(start: float, end: float, after: float, size: int, warmup: int) -> Schedule:
        return _with_warmup(Cosine(start, end, steps(size)), end, after, warmup)

    cycles = _cycles(
        wave,
        real(start_value, "start_value"),
        real(end_value, "end_value"),
        counted(cycle_size, "cycle_size", least=2),
        mult=real(cycle_mult, "cycle_mult"),
        starts=real(start_value_mult, "start_value_mult"),
        ends=real(end_value_mult, "end_value_mult"),
        warmup=counted(warmup_duration, "warmup_duration", least=0),
    )
    return _named(param_name, cycles)


@IGNITE.schedule(
    "PiecewiseLinear",
    example={"param_name": "lr", "milestones_values": [(0, 0.0), (100, 0.1), (1000, 0.0)]},
    remarks=(_FIELD,),
)
def _piecewise(param_name: Any, milestones_values: Any) -> Plan:
    return _named(param_name, _through(milestones_values))


def _through(milestones_values: Any) -> Schedule:
    points: dict[int, float] = {}
    for pair in each_of(milestones_values, "milestones_values"):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            msg = f"milestones_values must be (event, value) pairs, got {brief(pair)}"
            raise PassoError(msg)
        at, value = counted(pair[0], "a milestone", least=0), real(pair[1], "a value")
        if points and at <= max(points):
            msg = f"milestones must grow, got {at} after {max(points)}"
            raise PassoError(msg)
        points[at] = value
    if len(points) == 1:
        return Constant(next(iter(points.values())))
    return Table(tuple((steps(at), value) for at, value in points.items()))


@IGNITE.schedule(
    "ConcatScheduler",
    example={"schedulers": [Linear(0, 0.1, steps(10)), Constant(0.1)], "durations": [10]},
    remarks=(
        "Each begins at its own beginning, as long as the durations say; the last never ends.",
    ),
)
def _concat(schedulers: Any, durations: Any) -> Plan:
    plans = [_plan_of(each) for each in each_of(schedulers, "schedulers")]
    if not isinstance(durations, (list, tuple)) or len(durations) != len(plans) - 1:
        msg = (
            f"durations must be one fewer than schedulers, got {brief(durations)} and "
            f"{len(plans)} schedulers"
        )
        raise PassoError(msg)
    fields = {key for plan in plans for key in plan}
    if len(fields) != 1 or any(len(plan) != 1 for plan in plans):
        msg = f"schedulers must all move one field, they move {', '.join(sorted(fields))}"
        raise PassoError(msg)
    (field,) = fields
    ends = list(accumulate(counted(each, "a duration") for each in durations))
    return _named(field, torchs.sequence([plan[field] for plan in plans], ends))


def _plan_of(value: Any) -> dict[str, Schedule]:
    plan = value if isinstance(value, dict) else {"lr": value}
    for each in plan.values():
        if not isinstance(each, Schedule):
            msg = (
                f"a scheduler must be a schedule that like gave, got {brief(value)}; write "
                'like.torch("ExponentialLR", gamma=0.95)'
            )
            raise PassoError(msg)
    return plan


def _rate_of(lr_scheduler: Any) -> Schedule:
    plan = _plan_of(lr_scheduler)
    if "lr" not in plan:
        msg = f"lr_scheduler must move the rate, it moves {', '.join(plan)}"
        raise PassoError(msg)
    return plan["lr"]


@IGNITE.schedule(
    "LRScheduler",
    example={"lr_scheduler": torchs.each_step(base, 0.95)},
    remarks=(*TWICE, "A momentum that it moves moves too; the answer is the rate's."),
)
def _wrapped(lr_scheduler: Any, use_legacy: Any = False) -> Schedule:  # noqa: FBT002
    schedule = _rate_of(lr_scheduler)
    return schedule if use_legacy or not schedule.relative else asked_twice(schedule)


@IGNITE.schedule(
    "create_lr_scheduler_with_warmup",
    example={
        "lr_scheduler": torchs.each_step(base, 0.95),
        "warmup_start_value": 0.0,
        "warmup_duration": 10,
    },
    remarks=(
        "The warm-up ends one event early: it reaches its end at event warmup_duration - 1.",
        "A schedule of base, or with a momentum, is taken for torch's, any other for ignite's own.",
        (
            "A warmup_end_value that is not the first rate of torch's scheduler costs one more "
            "event; beside a schedule of base it is taken for another value."
        ),
    ),
)
def _create_with_warmup(
    lr_scheduler: Any, warmup_start_value: Any, warmup_duration: Any, warmup_end_value: Any = None
) -> Schedule:
    schedule, start = _rate_of(lr_scheduler), real(warmup_start_value, "warmup_start_value")
    over = counted(warmup_duration, "warmup_duration", least=2)
    first = value_at(schedule, 0)
    torchs_own = schedule.relative or isinstance(lr_scheduler, dict)
    end = real(warmup_end_value, "warmup_end_value") if warmup_end_value is not None else None
    if torchs_own:
        up = Linear(start, first if end is None else end, steps(over - 1))
        rest = schedule.skip(steps(1)) if schedule.units else schedule
        if end is None or end == first:
            return up.then(Constant(first, steps(1)), rest)
        return up.then(Constant(end, steps(1)), Constant(first, steps(1)), rest)
    goal = first if end is None else end
    up = Linear(start, goal, steps(over - 1))
    return up.then(schedule) if goal == first else up.then(Constant(goal, steps(1)), schedule)


@IGNITE.schedule(
    "ReduceLROnPlateauScheduler",
    example={"metric_name": "loss", "patience": 5},
    remarks=("Its metric is the evaluator's of that name.", *SLIPS),
)
def _plateau(  # noqa: PLR0917
    metric_name: Any,
    mode: Any = "min",
    factor: Any = 0.1,
    patience: Any = 10,
    threshold: Any = 1e-4,
    threshold_mode: Any = "rel",
    cooldown: Any = 0,
    min_lr: Any = 0,
    eps: Any = 1e-8,
) -> Schedule:
    rules = {
        "mode": mode,
        "factor": factor,
        "patience": patience,
        "threshold": threshold,
        "threshold_mode": threshold_mode,
        "cooldown": cooldown,
    }
    return falling(base, metric_name, min_lr, eps, **rules)


@IGNITE.schedule(
    "PiecewiseLinearStateScheduler",
    example={"param_name": "weight", "milestones_values": [(0, 0.0), (100, 1.0)]},
    remarks=(_STATE,),
)
def _piecewise_state(param_name: Any, milestones_values: Any) -> Plan:
    return _state(param_name, _through(milestones_values))


@IGNITE.schedule(
    "ExpStateScheduler",
    example={"param_name": "weight", "initial_value": 1.0, "gamma": 0.95},
    remarks=(_STATE,),
)
def _exp_state(param_name: Any, initial_value: Any, gamma: Any) -> Plan:
    return _state(param_name, torchs.each_step(real(initial_value, "initial_value"), gamma))


@IGNITE.schedule(
    "StepStateScheduler",
    example={"param_name": "weight", "initial_value": 1.0, "gamma": 0.5, "step_size": 10},
    remarks=(_STATE,),
)
def _step_state(param_name: Any, initial_value: Any, gamma: Any, step_size: Any) -> Plan:
    start, size = real(initial_value, "initial_value"), counted(step_size, "step_size")
    return _state(param_name, torchs.stairs(start, size, gamma))


@IGNITE.schedule(
    "MultiStepStateScheduler",
    example={"param_name": "weight", "initial_value": 1.0, "gamma": 0.5, "milestones": [10, 20]},
    remarks=(_STATE,),
)
def _multi_step_state(param_name: Any, initial_value: Any, gamma: Any, milestones: Any) -> Plan:
    named = each_of(milestones, "milestones")
    passed = Counter(counted(each, "a milestone", least=0) for each in named)
    start = real(initial_value, "initial_value")
    return _state(param_name, torchs.milestones_passed(start, passed, real(gamma, "gamma")))


@IGNITE.schedule(
    "LambdaStateScheduler",
    example={"param_name": "weight", "lambda_obj": torchs.each_step(1.0, 0.95)},
    remarks=(_STATE,),
)
def _lambda_state(param_name: Any, lambda_obj: Any) -> Plan:
    return _state(param_name, expression(lambda_obj, "lambda_obj"))


def _state(param_name: Any, schedule: Schedule) -> Plan:
    plan = _named(param_name, schedule)
    return plan if isinstance(plan, dict) else {"lr": plan}
