"""What `passo find FILE.py:FUNCTION` runs: your own `setup()`, from your own file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.places import function_in
from passo.optim.finder.range_test import range_test
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.trace import RangeTest

_PARTS: Final = 3


def range_test_of(place: str, **settings: Any) -> RangeTest:
    """The range test of what a function in a file sets up: "train.py:setup".

    `setup()` answers with the step function, the optimizer, and the list of what to restore. The
    file is run as a module (what stands under `if __name__ == "__main__"` is not), beside its own
    neighbours. Raises PassoError where the file or the function is missing, or answers otherwise.
    """
    train_step, optimizer, restore = _parts(function_in(place, "find", "train.py:setup"), place)
    return range_test(train_step, optimizer, restore=restore, **settings)


def _parts(setup: Callable[[], Any], place: str) -> tuple[Any, Any, Any]:
    parts = setup()
    if not isinstance(parts, tuple) or len(parts) != _PARTS:
        msg = (
            f"{place} must answer with three things, got {brief(parts)}; "
            "write return train_step, optimizer, [model]"
        )
        raise PassoError(msg)
    return parts
