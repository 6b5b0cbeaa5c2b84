"""A function of somebody's own file: "train.py:setup"."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest


def function_in(place: str, what: str, example: str) -> Callable[..., Any]:
    """The function that "train.py:setup" names; `what` needs it, `example` is a right place.

    The file is run as a module (what stands under `if __name__ == "__main__"` is not), beside its
    own neighbours. Raises `PassoError` where the file or the function is missing.
    """
    name, _, wanted = place.rpartition(":")
    path = Path(name)
    if not name or not wanted or path.suffix != ".py":
        msg = f"{what} needs a file and a function in it, got {brief(place)}; write {example}"
        raise PassoError(msg)
    if not path.is_file():
        end = example.partition(":")[2]
        msg = f"there is no file {str(path)!r}; write the path of a file, then :{end}"
        raise PassoError(msg)
    module = run_file(path)
    found = getattr(module, wanted, None)
    if not callable(found):
        known = [each for each, thing in vars(module).items() if callable(thing)]
        msg = f"{str(path)!r} has no function {wanted!r}{closest(wanted, known)}"
        raise PassoError(msg)
    return cast("Callable[..., Any]", found)


def run_file(path: Path) -> ModuleType:
    """The file as a module, with its folder first among the places to import from."""
    sys.path.insert(0, str(path.parent.resolve()))
    loader = SourceFileLoader(path.stem, str(path))
    # for a source file there always is one
    spec = cast("ModuleSpec", importlib.util.spec_from_loader(path.stem, loader))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader.exec_module(module)
    return module
