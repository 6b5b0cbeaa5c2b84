"""torchtune: the one schedule of its recipes."""

from __future__ import annotations

from typing import Any, Final

from passo.catalogue.like.libraries.transformers import TRANSFORMERS
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.schedules import Schedule

TORCHTUNE: Final = Library("torchtune", {"optimizer": ..., "last_epoch": -1})
_NAME: Final = "get_cosine_schedule_with_warmup"
_THEIRS: Final = TRANSFORMERS.find(_NAME)


@called_like(
    'like.torchtune("get_cosine_schedule_with_warmup", num_warmup_steps=100, '
    "num_training_steps=1000)"
)
def torchtune(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """The schedule of torchtune, by the name of its function: a copy of that of transformers.

        torchtune.training.get_cosine_schedule_with_warmup(...) as an expression of `base`

    Lengths are in updates. `past` "theirs" climbs again where theirs does, "hold" holds the last
    value. Raises PassoError for a name or a value without meaning, WrongCall for arguments that it
    does not take. Source: torchtune.training.lr_schedulers, 0.6.1.

    >>> torchtune(
    ...     "get_cosine_schedule_with_warmup",
    ...     num_warmup_steps=4,
    ...     num_training_steps=10,
    ...     past="hold",
    ... )
    Linear(0, base, steps(4)).then(Cosine(base, 0, steps(6)))
    """
    made: Schedule = TORCHTUNE.answer(name, arguments, past)
    return made


TORCHTUNE.schedule(_NAME, example=_THEIRS.example, remarks=_THEIRS.remarks)(_THEIRS.make)
