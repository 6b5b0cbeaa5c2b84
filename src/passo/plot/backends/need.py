"""Libraries that come with an extra."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from passo.ground.errors import PassoError


def need(name: str, extra: str = "passo[plot]") -> ModuleType:
    """The library, or an error that says what to install.

    >>> need("matplotlib").__name__
    'matplotlib'
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise PassoError(
            f'drawing with {name} needs {name}, which is not installed; write pip install "{extra}"'
        ) from None
