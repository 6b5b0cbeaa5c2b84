"""Whether a trainer of a library stopped its own loop early, by what it counts itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Stopped = Callable[[], bool]

LOOPS: Final = {"Trainer": "transformers.trainer", "_FitLoop": "pytorch.loops.fit_loop"}


def stopped(frame: FrameType | None) -> Stopped | None:
    """What says, after the run, whether the trainer around a call came to the end of its plan.

    None where there is no trainer on the stack. Only its counters are kept, never its model.
    """
    while frame is not None:
        if "trainer" in frame.f_code.co_filename or "fit_loop" in frame.f_code.co_filename:
            found = _of(_self(frame))
            if found is not None:
                return found
        frame = frame.f_back
    return None


def _of(owner: Any) -> Stopped | None:
    """That of a trainer of transformers, or of the loop of one of Lightning."""
    for kind in type(owner).__mro__:
        module = LOOPS.get(kind.__name__)
        if module is not None and kind.__module__.endswith(module):
            return _transformers(owner) if kind.__name__ == "Trainer" else _lightning(owner)
    return None


def _transformers(trainer: Any) -> Stopped:
    state = trainer.state
    return lambda: bool(state.global_step < state.max_steps)


def _lightning(loop: Any) -> Stopped:
    """Early where neither of its two limits was reached; -1 is none."""
    epochs, limit, steps = loop.epoch_progress.current, loop.max_epochs, loop.max_steps
    inner = loop.epoch_loop
    automatic = inner.automatic_optimization.optim_progress
    manual = inner.manual_optimization.optim_step_progress.total

    def early() -> bool:
        over = limit is not None and 0 <= limit <= epochs.processed
        return not over and not 0 <= steps <= max(automatic.optimizer_steps, manual.completed)

    return early


def _self(frame: FrameType) -> Any:
    if "self" not in frame.f_code.co_varnames + frame.f_code.co_freevars:
        return None
    names = frame.f_locals
    found = names.get("self")
    if sys.version_info < (3, 13):
        names.clear()  # a snapshot, which would keep the script's tensors alive
    return found
