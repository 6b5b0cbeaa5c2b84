"""What `passo find FILE.py:FUNCTION` runs: your own `setup()`, from your own file."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from passo.ground.checks import brief
from passo.ground.errors import closest
from passo.optim.finder.range_test import range_test
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from passo.trace import RangeTest

_PARTS: Final = 3


def range_test_of(place: str, **settings: Any) -> RangeTest:
    """The range test of what a function in a file sets up: "train.py:setup".

    `setup()` answers with the step function, the optimizer, and the list of what to restore. The
    file is run as a module (what stands under `if __name__ == "__main__"` is not), beside its own
    neighbours. Raises PassoError where the file or the function is missing, or answers otherwise.
    """
    train_step, optimizer, restore = _parts(_function(place), place)
    return range_test(train_step, optimizer, restore=restore, **settings)


def _function(place: str) -> Callable[[], Any]:
    name, _, wanted = place.rpartition(":")
    path = Path(name)
    if not name or not wanted or path.suffix != ".py":
        msg = f"find needs a file and a function in it, got {brief(place)}; write train.py:setup"
        raise PassoError(msg)
    if not path.is_file():
        msg = f"there is no file {str(path)!r}; write the path of a file, then :setup"
        raise PassoError(msg)
    module = _run(path)
    found = getattr(module, wanted, None)
    if not callable(found):
        known = [each for each, thing in vars(module).items() if callable(thing)]
        msg = f"{str(path)!r} has no function {wanted!r}{closest(wanted, known)}"
        raise PassoError(msg)
    return found  # type: ignore[no-any-return]


def _run(path: Path) -> ModuleType:
    """The file as a module, with its folder first among the places to import from."""
    sys.path.insert(0, str(path.parent.resolve()))
    loader = SourceFileLoader(path.stem, str(path))
    # for a source file there always is one
    spec = cast("ModuleSpec", importlib.util.spec_from_loader(path.stem, loader))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader.exec_module(module)
    return module


def _parts(setup: Callable[[], Any], place: str) -> tuple[Any, Any, Any]:
    parts = setup()
    if not isinstance(parts, tuple) or len(parts) != _PARTS:
        msg = (
            f"{place} must answer with three things, got {brief(parts)}; "
            "write return train_step, optimizer, [model]"
        )
        raise PassoError(msg)
    return parts
