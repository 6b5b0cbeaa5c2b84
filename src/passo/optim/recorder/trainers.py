"""Which trainer advances a scheduler, and how many updates it makes of an epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_HOMES: Final = {
    "lightning": "Lightning",
    "pytorch_lightning": "Lightning",
    "transformers": "transformers",
    "ignite": "ignite",
    "skorch": "skorch",
    "fastai": "fastai",
    "fastcore": "fastai",
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
            each = _updates(name, frame.f_locals)
            if each is not None:
                return {**found, "per_epoch": each}
        frame = frame.f_back
    return found


def _package(frame: FrameType | None) -> str:
    """The package whose code this is: a file of the user's may be called anything."""
    return "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _updates(name: str, known: Mapping[str, Any]) -> float | None:
    """How many updates are in an epoch, by what a method of the trainer knows."""
    told = known.get("self")
    if name == "skorch":
        return _in_skorch(told, known.get("iterator"))
    if name == "fastai":
        return _in_fastai(getattr(told, "learn", told))
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


def _in_skorch(net: Any, loader: Any) -> float | None:
    """By the batches that an epoch loops over, and the window of accelerate."""
    batches = _length(loader)
    each = getattr(getattr(net, "accelerator", None), "gradient_accumulation_steps", 1)
    return None if batches is None or not each else float(math.ceil(batches / each))


def _in_fastai(learn: Any) -> float | None:
    """By its training loader; `GradientAccumulation` counts samples."""
    loader = getattr(getattr(learn, "dls", None), "train", None)
    batches = _length(loader)
    found = (each.n_acc for each in getattr(learn, "cbs", ()) if hasattr(each, "n_acc"))
    needed, samples = next(found, None), _length(getattr(loader, "dataset", None))
    if needed is None or batches is None:
        return batches
    return None if samples is None else min(samples / needed, batches)


def _length(thing: Any) -> float | None:
    try:
        return float(len(thing)) or None
    except TypeError:
        return None


def _is_number(given: Any) -> TypeGuard[float]:
    return isinstance(given, (int, float)) and math.isfinite(given) and given > 0
