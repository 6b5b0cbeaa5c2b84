"""Which trainer advances a scheduler, and how many updates it makes of an epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from types import FrameType

_HOMES: Final = {
    "lightning": "Lightning",
    "pytorch_lightning": "Lightning",
    "transformers": "transformers",
    "ignite": "ignite",
}


def trainer_of(frame: FrameType | None) -> dict[str, Any]:
    """Its name, and its updates an epoch as far as it says; nothing for a loop of the user's own.

    `through` is what stands between: accelerate steps once for each process, on purpose.
    """
    found: dict[str, Any] = {}
    if _package(frame) == "accelerate":
        found["through"] = "accelerate"
    while frame is not None:
        name = _HOMES.get(_package(frame))
        if name is not None:
            found.setdefault("trainer", name)
            each = _updates(name, frame.f_locals.get("self"))
            if each is not None:
                return {**found, "per_epoch": each}
        frame = frame.f_back
    return found


def _package(frame: FrameType | None) -> str:
    """The package whose code this is: a file of the user's may be called anything."""
    return "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _updates(name: str, told: Any) -> float | None:
    """How many updates are in an epoch, by the object whose method this is."""
    if name == "Lightning":
        trainer = getattr(told, "trainer", None)
        batches = getattr(trainer, "num_training_batches", None)
        each = getattr(trainer, "accumulate_grad_batches", 1)
        return float(math.ceil(batches / each)) if _is_number(batches) and each else None
    state = getattr(told, "state", None)
    if name == "transformers":
        updates, epochs = (getattr(state, key, None) for key in ("max_steps", "num_train_epochs"))
        return updates / epochs if _is_number(updates) and _is_number(epochs) else None
    length = getattr(state, "epoch_length", None)
    return float(length) if _is_number(length) else None


def _is_number(given: Any) -> TypeGuard[float]:
    return isinstance(given, (int, float)) and math.isfinite(given) and given > 0
