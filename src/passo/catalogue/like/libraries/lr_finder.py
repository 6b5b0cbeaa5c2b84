"""torch_lr_finder: the ramps of its range test."""

from __future__ import annotations

from typing import Any, Final

from passo.catalogue.like.common import choice, counted
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import real
from passo.schedules import Geometric, Linear, Schedule, base, steps

LR_FINDER: Final = Library("lr_finder", {"optimizer": ..., "last_epoch": -1})
_PAST: Final = "Past num_iter, where the finder has stopped, theirs goes on; this holds."
_ENDS: Final = "The last iteration, num_iter - 1, uses end_lr."
_STOPS: Final = (
    "A loss that is not a number does not stop the test, and one below 0 does; passo.range_test "
    "stops at both kinds of divergence and at nothing else."
)


@called_like('like.lr_finder("ExponentialLR", end_lr=10, num_iter=100)')
def lr_finder(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A ramp of torch_lr_finder, by its class, or "range_test" with the arguments of that method.

        base + r * (end_lr - base), or base * (end_lr / base) ** r,    r = t / (num_iter - 1)

    Raises PassoError for a name or a value without meaning, WrongCall for arguments that it does
    not take. Source: torch_lr_finder 0.2.2.

    >>> lr_finder("range_test", start_lr=1e-7, end_lr=10, num_iter=100)
    Geometric(1e-07, 10, steps(99))
    """
    made: Schedule = LR_FINDER.answer(name, arguments, past)
    return made


@LR_FINDER.schedule("LinearLR", example={"end_lr": 10, "num_iter": 100}, remarks=(_ENDS, _PAST))
def _linear(end_lr: Any, num_iter: Any) -> Schedule:
    return Linear(base, real(end_lr, "end_lr"), steps(counted(num_iter, "num_iter", least=2) - 1))


@LR_FINDER.schedule(
    "ExponentialLR", example={"end_lr": 10, "num_iter": 100}, remarks=(_ENDS, _PAST)
)
def _exponential(end_lr: Any, num_iter: Any) -> Schedule:
    return Geometric(
        base, real(end_lr, "end_lr"), steps(counted(num_iter, "num_iter", least=2) - 1)
    )


@LR_FINDER.schedule(
    "range_test",
    example={"start_lr": 1e-7, "end_lr": 10, "num_iter": 100},
    remarks=(_ENDS, _PAST, _STOPS),
)
def _range_test(
    start_lr: Any = None, end_lr: Any = 10, num_iter: Any = 100, step_mode: Any = "exp"
) -> Schedule:
    kind = choice(step_mode, "step_mode", {"exp": Geometric, "linear": Linear})
    start = base if start_lr is None else real(start_lr, "start_lr")
    count = counted(num_iter, "num_iter", least=2)
    return kind(start, real(end_lr, "end_lr"), steps(count - 1))
