"""`lift` itself: what is simulated, and the tables that come of it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final

from torch.optim.lr_scheduler import LRScheduler

from passo.ground.calls import called_like
from passo.ground.checks import brief, can_be_listed, real, whole
from passo.ground.errors import words_of
from passo.optim.ground import fields, randomness
from passo.optim.ground.advice import shown
from passo.optim.lift.calls import (
    Metric,
    inside,
    is_called,
    mover,
    needs_metrics,
    signature_of,
    takes_metrics,
)
from passo.optim.lift.twin import twin_of
from passo.optim.scheduler.scheduler import Scheduler
from passo.schedules import Constant, PassoError, Schedule, Table
from passo.schedules import steps as in_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST: Final = 10**8  # steps that are made one by one


@called_like("lift(scheduler, 1000)")
def lift(
    scheduler: Any, steps: int, *, metrics: Sequence[float] | None = None, key: str = "lr"
) -> list[Schedule]:
    """A pure schedule for each param group: what its next `steps` updates would use.

        s(0) is what the next update uses, s(t) what the one t steps later uses; then it holds

    `scheduler` is any object with an `optimizer` and a `step` (torch's, ours, transformers',
    timm's with `step_update`, a wrapper of one), one that ignite calls, or a function of the step:
    a plain one, optax's, an object's `get_lr`. What is stepped is a copy on a copy of the groups:
    scheduler, optimizer, counts in the closures of its functions and the global random generators
    are bit for bit as they were; only a count that a function keeps in a global goes on. What its
    step asks for is read from its signature: `metrics` are told one for each step, times as they
    come. `key` names the field, as in a plan.

    Raises PassoError for what is no scheduler, where metrics are needed and lacking or given and
    read by nothing, where no group is written, and where it ends before `steps`.

    >>> import torch
    >>> from torch.optim.lr_scheduler import MultiplicativeLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> [schedule] = lift(MultiplicativeLR(optimizer, lambda t: 0.5), 4)
    >>> [schedule(t) for t in range(5)]
    [1.0, 0.5, 0.25, 0.125, 0.125]
    >>> lift(lambda t: 0.1 if t < 2 else 0.01, 3)
    [Table([(steps(0), 0.1), (steps(2), 0.01)], kind="step")]
    """
    whole(steps, "steps", most=LONGEST)
    if isinstance(scheduler, Scheduler):
        return _planned(scheduler, key)
    if isinstance(scheduler, Schedule):
        return [scheduler]
    told = None if metrics is None else as_metrics(metrics)
    inner = held_by(scheduler)
    put_back = randomness.keep_global()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if inner is None:
                rows = _called(_function_of(scheduler, told), steps)
            else:
                rows = _simulated(inner, steps, told, key)
    finally:
        put_back()
    return [_as_schedule(column) for column in zip(*rows, strict=True)]


def as_metrics(metrics: Any) -> list[float]:
    """One number for each step; raises PassoError for what is no list of numbers."""
    if isinstance(metrics, (str, bytes, Mapping, AbstractSet)) or not can_be_listed(metrics):
        msg = (
            f"metrics must be a list of numbers, one for each step, got {brief(metrics)}; write "
            "metrics=[1.0] * 1000"
        )
        raise PassoError(msg)
    return [real(each, "a metric") for each in metrics]


def held_by(scheduler: Any) -> Any:
    """What a wrapper such as accelerate's holds; None for what has no optimizer."""
    for _ in range(8):
        moves = callable(getattr(scheduler, "step", None)) or is_called(scheduler)
        if moves and hasattr(getattr(scheduler, "optimizer", None), "param_groups"):
            return scheduler
        if not hasattr(scheduler, "scheduler"):
            break
        scheduler = scheduler.scheduler
    return None


def _function_of(thing: Any, metrics: Sequence[float] | None) -> Callable[[int], Any]:
    """The function of the step that it is, or has as `get_lr`; raises PassoError for others."""
    own = getattr(thing, "get_lr", None)
    function = own if callable(own) and not hasattr(thing, "optimizer") else thing
    if not callable(function) or isinstance(thing, type) or hasattr(thing, "param_groups"):
        msg = (
            f"lift needs a scheduler with an optimizer and a step, or a function of the step, got "
            f"{shown(thing)}; write lift(scheduler, 1000), or lift(lambda t: 0.1 * 0.9**t, 1000)"
        )
        raise PassoError(msg)
    if why := _not_of_the_step(function):
        msg = (
            f"lift calls a function with the step alone, and {shown(thing)} does not take that "
            f"({why}); write lift(lambda t: ..., steps)"
        )
        raise PassoError(msg)
    if metrics is not None:
        msg = f"a function of the step reads no metric, got {len(metrics)}; leave metrics= out"
        raise PassoError(msg)
    return function  # type: ignore[no-any-return]


def _not_of_the_step(function: Callable[..., Any]) -> str:
    """Why it cannot be called with the step alone; nothing where it can."""
    try:
        bound = inspect.signature(function).bind(0)
    except TypeError as error:
        return str(error)
    except ValueError:
        return ""  # a builtin without a signature: the call itself will tell
    return "it asks for the state of its trainer" if "state" in bound.arguments else ""


def _called(function: Callable[[int], Any], steps: int) -> list[list[float]]:
    rows = []
    for t in range(steps):
        given = function(t)
        try:
            rows.append([real(float(given), "a value")])
        except (TypeError, ValueError):
            msg = (
                f"the function gave {brief(given)} at step {t}, and lift needs a finite number; "
                "write lift(lambda t: ..., steps) with a function that gives one"
            )
            raise PassoError(msg) from None
    return rows


def _simulated(
    scheduler: Any, steps: int, metrics: Sequence[float] | None, key: str
) -> list[list[float]]:
    seen: list[bool] = []
    _check_metrics(scheduler, steps, metrics)
    twin, shadow = twin_of(scheduler)
    move = mover(twin, None if metrics is None else Metric.all_of(metrics, seen))
    found = [
        fields.find(key, group, f"param group {place}")
        for place, group in enumerate(shadow.param_groups)
    ]
    rows: list[list[float]] = []
    before = is_called(twin)
    for t in range(steps):
        if before:
            _moved(move, twin, t, metrics)
        groups = zip(found, shadow.param_groups, strict=True)
        rows.append([field.read(group) for field, group in groups])
        if t + 1 < steps and not before:
            shadow.step()
            _moved(move, twin, t + 1, metrics)
    if metrics is not None and steps > 1 and not seen and not needs_metrics(scheduler):
        raise PassoError(_unread(scheduler))
    if steps > 1 and all(row == rows[0] for row in rows):
        _refuse_unwritten(scheduler, {field.key for field in found}, shadow.written, key, steps)
    return rows


def _moved(move: Callable[[int], None], twin: Any, t: int, metrics: Sequence[float] | None) -> None:
    """One step on; what it raises is told with the step at which it does."""
    try:
        move(t)
    except Exception as error:
        name = type(twin).__name__
        write = f"lift(scheduler, {t})" if t else "lift(lambda t: ..., steps)"
        if metrics is None and takes_metrics(twin) and not isinstance(error, PassoError):
            write = "lift(scheduler, steps, metrics=[...])"
        msg = f"{name} cannot be moved to step {t} ({words_of(error)}); write {write}"
        raise PassoError(msg) from error


def _check_metrics(scheduler: Any, steps: int, metrics: Sequence[float] | None) -> None:
    """Refuse too few metrics where it reads some, and any where it has nowhere to put them."""
    if needs_metrics(scheduler) and (metrics is None or len(metrics) < steps - 1):
        given = "none" if metrics is None else len(metrics)
        msg = (
            f"a plateau follows its metric: lift needs {steps - 1} metrics, got {given}; "
            "write lift(scheduler, steps, metrics=[...])"
        )
        raise PassoError(msg)
    if metrics is None:
        return
    if not takes_metrics(scheduler) and not needs_metrics(scheduler):
        raise PassoError(_unread(scheduler))
    if len(metrics) < steps - 1:
        msg = (
            f"lift needs a metric for each of {steps - 1} steps, got {len(metrics)}; "
            f"write lift(scheduler, {len(metrics) + 1}, metrics=metrics)"
        )
        raise PassoError(msg)


def _unread(scheduler: Any) -> str:
    has = "is called with an engine" if is_called(scheduler) else "takes "
    takes = "" if is_called(scheduler) else signature_of(scheduler)
    name = type(scheduler).__name__
    return (
        f"{name} reads no metric (its step {has}{takes}), and metrics were given; "
        "write lift(scheduler, steps)"
    )


def _refuse_unwritten(
    scheduler: Any, own: set[str], written: set[str], key: str, steps: int
) -> None:
    """Refuse a constant that is one only because nobody writes the field."""
    if own & written or (not written and isinstance(scheduler, LRScheduler)):
        return
    if not written and needs_metrics(scheduler):
        return  # a plateau that has not fallen
    if any(getattr(each, "cycle_momentum", False) for each in inside(scheduler)):
        return  # of a sequence, one part alone may move it, and be over
    name = type(scheduler).__name__
    if written:
        msg = (
            f"{name} writes {', '.join(sorted(written))} and never {key!r}; write "
            f"lift(scheduler, steps, key={min(written)!r})"
        )
    else:
        msg = (
            f"{name} wrote nothing into the param groups of its optimizer in {steps - 1} steps; "
            "write lift(scheduler, 10 * steps), or lift(lambda t: ..., steps) with its rate at t"
        )
    raise PassoError(msg)


def _planned(scheduler: Scheduler, key: str) -> list[Schedule]:
    """An attached plan is pure already: what each group follows from its next update on."""
    found = [
        each.shared.formula.skip(in_steps(scheduler.clock))
        if scheduler.clock
        else each.shared.formula
        for each in scheduler.driver.driven
        if each.key == key and each.shared is not None
    ]
    if not found:
        msg = f"the plan does not name {key!r}; it names {', '.join(scheduler.plan)}"
        raise PassoError(msg)
    return found


def _as_schedule(values: tuple[float, ...]) -> Schedule:
    """A table of the values at the steps where they change."""
    points = [
        (in_steps(t), value) for t, value in enumerate(values) if not t or value != values[t - 1]
    ]
    if len(points) == 1:
        return Constant(values[0])
    return Table(tuple(points), "step")
