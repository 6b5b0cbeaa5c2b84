"""litgpt: a function of the iteration, and what its fine-tuning steps."""

from __future__ import annotations

from typing import Any, Final

from passo.catalogue.like.common import left, length, rise
from passo.catalogue.like.registry import Either, Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import real
from passo.schedules import Cosine, Linear, Schedule, base, steps

LITGPT: Final = Library("litgpt", {"optimizer": ...})


@called_like('like.litgpt("get_lr_scheduler", warmup_steps=100, max_steps=1000)')
def litgpt(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of litgpt, by the name of its function.

        litgpt.pretrain.get_lr(...), litgpt.finetune.full.get_lr_scheduler(...) as an expression

    `get_lr` is in absolute values, the other of `base`. Lengths are in updates. `past` "theirs"
    climbs again where theirs does, "hold" holds the last value. Raises PassoError for a name or a
    value without meaning, WrongCall for arguments that it does not take. Source: litgpt 0.5.13.

    >>> litgpt("get_lr", learning_rate=0.1, warmup_iters=4, max_iters=10, min_lr=0.01)
    Linear(0, 0.1, steps(4)).then(Cosine(0.1, 0.01, steps(6)))
    """
    made: Schedule = LITGPT.answer(name, arguments, past)
    return made


@LITGPT.schedule(
    "get_lr",
    example={"learning_rate": 0.001, "warmup_iters": 100, "max_iters": 1000, "min_lr": 1e-5},
    remarks=(
        "Its it counts micro-batches: with accumulation, divide both lengths by the accumulation.",
    ),
)
def _get_lr(learning_rate: Any, warmup_iters: Any, max_iters: Any, min_lr: Any) -> Schedule:
    peak, warmup = real(learning_rate, "learning_rate"), length(warmup_iters, "warmup_iters")
    fall = left(length(max_iters, "max_iters"), warmup, "max_iters", "warmup_iters")
    up = Linear(0.0, peak, steps(warmup))
    return up.then(Cosine(peak, real(min_lr, "min_lr"), steps(fall)))


@LITGPT.schedule(
    "get_lr_scheduler",
    example={"warmup_steps": 100, "max_steps": 1000},
    remarks=("Past max_steps it climbs again.",),
)
def _get_lr_scheduler(warmup_steps: Any, max_steps: Any) -> Either:
    warmup = length(warmup_steps, "warmup_steps", least=1)
    over = steps(left(length(max_steps, "max_steps"), warmup, "max_steps", "warmup_steps"))
    fall = Cosine(base, 0.0, over)
    waves = fall.then(Cosine(0.0, base, over)).repeat()
    return Either(rise(warmup).then(waves), rise(warmup).then(fall))
