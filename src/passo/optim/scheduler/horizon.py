"""Plan against run: an update past its end is refused, costly branches are told of."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.ground.here import place
from passo.schedules import PassoError, percent, steps
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Driver
    from passo.optim.scheduler.engine import Engine
    from passo.schedules import Run, Schedule, Span

_BRANCHING: Final = ("weight_decay", "momentum", "dampening")
_RECOMPILES: Final = 8
_SAMPLES: Final = 64


def refuse_past_the_end(engine: Engine) -> None:
    """With strict=True: no update past the end of the run."""
    if engine.is_past:
        settings, updates = engine.settings, engine.clock.updates
        msg = (
            f"update {updates:,} is past the end of {settings.whole}; "
            "write a longer run, or strict=False to hold the last value"
        )
        if settings.cooldown is not None:
            msg = (
                f"update {updates:,} is past the end of {settings.whole}; write while "
                "scheduler.position < scheduler.cooldown.until: around it, or strict=False to "
                "hold the last value"
            )
        raise PassoError(msg)


def points(formula: Schedule, end: float) -> list[float]:
    """Times that show where a schedule goes: evenly spread up to `end`, and the first corners."""
    return [*_spread(end), *islice(formula.corners(0.0, end), _SAMPLES)]


@lru_cache(maxsize=8)
def _spread(end: float) -> tuple[float, ...]:
    return tuple(end * k / _SAMPLES for k in range(_SAMPLES + 1))


def reached(formula: Schedule, times: Sequence[float]) -> list[float]:
    """What it gives at each of the times; raises PassoError where that is no number.

    Of a thousand bases each is asked so: what a call of the schedule checks is checked once.
    """
    call = formula.compiled()
    with suppress(OverflowError):
        found = [call(t, NUMBERS) for t in times]
        if all(map(math.isfinite, found)):
            return found
    return [formula(t) for t in times]


def warn_of_branches(drivers: Iterable[Driver], end: float, run: Run | None) -> None:
    """Beside Tensors, a float that moves makes a compiled step compile again, or fall back."""
    beside = (each for each in drivers if any(_has_tensor(group) for group in each.known))
    for each in (one for driver in beside for one in driver.driven):
        branches = each.field is not None and each.field.key in _BRANCHING
        if each.field is None or (each.tensor is not None and not branches):
            continue
        values = _values(each, end)
        if values <= _RECOMPILES:
            continue
        how = "is a Tensor that torch branches on" if each.tensor is not None else "is a float"
        text = (
            f"{each.key!r} {how} and takes {values} values or more: a compiled step would compile "
            f"again for each, and fall back after {_RECOMPILES}; write "
            f".staircase({_stair(each, end, run)}), or do not compile the step"
        )
        place().warn(text)
        return


def _stair(driven: Driven, end: float, run: Run | None) -> Span:
    """A fifth of the run; without one, of the plan."""
    length = None if driven.shared is None else driven.shared.formula.length()
    return percent(20) if run is not None else steps(length.amount if length else end) / 5


def _values(driven: Driven, end: float) -> int:
    """How many values it takes, as far as 64 points and the first corners tell."""
    if driven.shared is None:
        return 1
    formula = driven.shared.formula
    times = [end * k / _SAMPLES for k in range(_SAMPLES)]
    times += list(islice(formula.corners(0.0, end), _SAMPLES))
    return len({formula(t) for t in times if t < end})


def _has_tensor(group: Mapping[str, Any]) -> bool:
    rate, betas = group.get("lr"), group.get("betas")
    return isinstance(rate, torch.Tensor) or (
        betas is not None and any(isinstance(beta, torch.Tensor) for beta in betas)
    )
