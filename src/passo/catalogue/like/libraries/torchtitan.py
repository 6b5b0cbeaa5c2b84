"""torchtitan: warm-up, stable, decay; one configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from passo.catalogue.like.common import choice, count, share, within
from passo.catalogue.like.registry import Either, Library, Past, as_code
from passo.ground.calls import called_like
from passo.ground.checks import real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Power,
    Schedule,
    Span,
    base,
    steps,
)

NAME: Final = "LRSchedulersContainer"


def _spell(name: str, given: Mapping[str, Any]) -> str:
    arguments = [f"{key}={as_code(value)}" for key, value in given.items()]
    return f"like.torchtitan({', '.join(([] if name == NAME else [as_code(name)]) + arguments)})"


TORCHTITAN: Final = Library("torchtitan", {"optimizers": ...}, spell=_spell)


@called_like("like.torchtitan(training_steps=1000, warmup_steps=100)")
def torchtitan(name: str = NAME, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """The schedule of torchtitan, by the fields of its lr_scheduler configuration.

        LRSchedulersContainer.Config(...).build(training_steps=...) as an expression of `base`

    Lengths are in updates. `past` "theirs" goes on past the end as theirs does: down a line, or up
    a cosine again; "hold" holds the last value. Raises PassoError for a value without meaning,
    WrongCall for arguments that it does not take.
    Source: torchtitan.components.optimizer.lr_scheduler, 0.3.0.

    >>> torchtitan(training_steps=10, warmup_steps=4, decay_type="cosine", past="hold")
    Linear(0, base, steps(4)).skip(steps(1)).then(Constant(base, steps(2)), Cosine(base, 0, \
steps(6)).skip(steps(1)))
    """
    made: Schedule = TORCHTITAN.answer(name, arguments, past)
    return made


@TORCHTITAN.schedule(
    NAME,
    "lr_scheduler",
    example={"training_steps": 1000, "warmup_steps": 100, "decay_type": "cosine"},
    remarks=(
        "The clock of the warm-up and of the decay is one ahead: update 0 uses 1 / warmup_steps.",
        (
            "It is one update longer than the run, so that the last update is above its end: that "
            "is at update training_steps."
        ),
        "warmup_steps is 200 where it is not given.",
        "Past its end a linear and a sqrt decay go on below the floor, and a cosine climbs again.",
        "Where the warm-up takes all, theirs raises past its end; here the peak is held.",
        "decay_steps is rounded, half to even; lengths beyond the run are cut to it.",
    ),
)
def _container(
    training_steps: Any = None,
    warmup_steps: Any = 200,
    total_steps: Any = None,
    decay_ratio: Any = None,
    decay_type: Any = "linear",
    min_lr_factor: Any = 0.0,
) -> Either | Schedule:
    total = _total(training_steps, total_steps)
    warmup = min(int(count(warmup_steps, "warmup_steps")), total)
    decay = total - warmup
    if decay_ratio is not None:
        decay = min(round(total * within(decay_ratio, "decay_ratio", 0, 1)), decay)
    stable = total + 1 - warmup - decay
    factor = real(min_lr_factor, "min_lr_factor")
    fall = choice(decay_type, "decay_type", {"linear": Linear, "cosine": Cosine, "sqrt": _sqrt})
    begin = Linear(0.0, base, steps(warmup)).skip(steps(1)) if warmup else None
    # With a warm-up its last update is at the peak already, and `skip` has ended it one before.
    flat = Constant(base, steps(stable + (1 if warmup else 0)))
    begin = flat if begin is None else begin.then(flat)
    if decay == 0:
        return begin
    end = share(factor)
    down = fall(base, end, steps(decay)).skip(steps(1))
    beyond = _beyond(decay_type, factor, decay)
    return Either(begin.then(down, beyond), begin.then(down if decay > 1 else Constant(end)))


def _beyond(decay_type: str, factor: float, decay: int) -> Schedule:
    """What comes after the fall: its progress p goes on past 1."""
    height, over = 1.0 - factor, steps(decay)
    if decay_type == "cosine":
        up, down = Cosine(share(factor), base, over), Cosine(base, share(factor), over)
        return up.then(down).repeat()
    power = {"linear": 1.0, "sqrt": 0.5}[decay_type]
    gone = InversePower(1.0, over, power).power(-1)
    return (1.0 - height * gone) * base


def _sqrt(start: Any, end: Any, over: Span) -> Schedule:
    return Power(start, end, over, power=0.5)


def _total(training_steps: Any, total_steps: Any) -> int:
    """How long the schedule is: total_steps, or as long as the training."""
    name = "training_steps" if total_steps is None else "total_steps"
    given = training_steps if total_steps is None else total_steps
    if given is None:
        msg = "training_steps is missing; give training_steps=... or total_steps=..."
        raise PassoError(msg)
    return whole(given, name)
