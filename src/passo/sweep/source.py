"""Where a train function is, so that another process finds it; and whether it is still the same."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from passo.ground.calls import takes_of
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.places import function_in
from passo.sweep.answers import Train

EXAMPLE = "train.py:train"


@dataclass(frozen=True, slots=True)
class Source:
    """A train function. `file` or `module` says where another process finds it; neither: nowhere.

    `name` is what a store calls it, `code` a hash of its lines, where they can be read.
    """

    train: Train
    name: str
    code: str
    attribute: str = ""
    file: str = ""
    module: str = ""

    @classmethod
    def of(cls, train: Any) -> Source:
        """A function, or "train.py:train". Raises `PassoError` for anything else.

        >>> Source.of("train.txt")
        Traceback (most recent call last):
        ...
        passo.PassoError: a train function needs a file and a function in it, got 'train.txt'; write
        train.py:train
        """
        if isinstance(train, str):
            found = function_in(train, "a train function", EXAMPLE)
            _refuse_others(found)
            file, _, attribute = train.rpartition(":")
            name = f"{Path(file).name}:{attribute}"
            return cls(found, name, _code(found), attribute, str(Path(file).resolve()))
        if not callable(train) or isinstance(train, type):
            msg = (
                f"a train function makes one run, got {brief(train)}; write "
                'def train(plan, run, seed, trial), or "train.py:train"'
            )
            raise PassoError(msg)
        _refuse_others(train)
        attribute = getattr(train, "__qualname__", type(train).__qualname__)
        module = getattr(train, "__module__", "") or ""
        file = getattr(sys.modules.get(module), "__file__", None) or ""
        name = f"{Path(file).name or module}:{attribute}"
        place = _place(train, attribute, module, file)
        return cls(train, name, _code(train), attribute, *place)

    @property
    def is_found(self) -> bool:
        """Whether another process can import it."""
        return bool(self.file or self.module)

    def loader(self) -> Callable[[], Train]:
        """What gives the function to a process that has not got it; it can be pickled."""
        return partial(_load, self.file, self.module, self.attribute)


def _refuse_others(train: Train) -> None:
    """Refuses what cannot be called so, where it can be known."""
    try:
        signature = inspect.signature(train)
    except (TypeError, ValueError):
        return
    try:
        signature.bind("plan", "run", 0, "trial")
    except TypeError:
        msg = (
            "a train function is called with a plan, a run, a seed and a trial, and this one "
            f"takes ({', '.join(takes_of(signature))}); write def train(plan, run, seed, trial)"
        )
        raise PassoError(msg) from None


def _load(file: str, module: str, attribute: str) -> Train:
    if file:
        return function_in(f"{file}:{attribute}", "a train function", EXAMPLE)
    found: Train = getattr(import_module(module), attribute)
    return found


def _place(train: Any, attribute: str, module: str, file: str) -> tuple[str, str]:
    """The file, or the module, that has it under its name."""
    if not attribute.isidentifier():
        return "", ""
    if getattr(sys.modules.get(module), attribute, None) is not train:
        return "", ""
    if module == "__main__":
        return (str(Path(file).resolve()), "") if file.endswith(".py") else ("", "")
    try:
        known = find_spec(module) is not None
    except (ImportError, ValueError):
        known = False
    return ("", module) if known else ("", "")


def _code(train: Any) -> str:
    try:
        return hashlib.sha256(inspect.getsource(train).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""
