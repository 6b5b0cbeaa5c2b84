"""Libraries that come with an extra: here, or an error that says what to install."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from passo.ground.errors import PassoError


class NeedsExtra(PassoError, ModuleNotFoundError):
    """A library is missing that comes with an extra; whoever catches an ImportError catches it.

    >>> raise NeedsExtra("the demo needs torch", name="torch")
    Traceback (most recent call last):
    ...
    passo.ground.extras.NeedsExtra: the demo needs torch
    """

    def __init__(self, text: str, *, name: str | None = None) -> None:
        super().__init__(text)
        self.name = name
        self.msg = text


def need(name: str, extra: str, what: str, more: str = "") -> ModuleType:
    """The library, or an error that says what needs it, and what to install.

    What the library itself does not find is missing too: it comes with the same extra.

    >>> need("json", "passo[plot]", "drawing").__name__
    'json'
    """
    try:
        with _hushed(name):
            return import_module(name)
    except ImportError as error:
        lost = error.name if isinstance(error, ModuleNotFoundError) and error.name else name
        if lost == name and is_there(name):
            raise  # it is there, and broken
    text = f'{what} needs {lost}, which is not installed; write pip install "{extra}"{more}'
    raise NeedsExtra(text, name=lost)


@contextmanager
def _hushed(name: str) -> Iterator[None]:
    """A library that is imported here logs errors alone: its folders are no business of ours.

    matplotlib tells of a home that it cannot write to, at length, whatever is drawn.
    """
    if name in sys.modules:
        yield
        return
    import logging  # what is imported already costs no time for this

    logger = logging.getLogger(name.partition(".")[0])
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def is_there(name: str) -> bool:
    """Whether a library could be imported; it is not.

    >>> is_there("json"), is_there("no_such_library")
    (True, False)
    """
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
