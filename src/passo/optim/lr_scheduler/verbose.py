"""`verbose=`, which torch took until 2.6: accepted, and answered with a warning."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ABSENT: Final = object()
TEXT: Final = (
    "The verbose parameter is deprecated. Please use get_last_lr() to access the learning rate."
)


def takes_verbose(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor that takes `verbose` as well, by name or behind all its other arguments.

    >>> @takes_verbose
    ... def init(self, optimizer, gamma=0.1): ...
    >>> str(inspect.signature(init))
    '(self, optimizer, gamma=0.1)'
    """
    most = len(inspect.signature(init).parameters) - 1

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, verbose: Any = _ABSENT, **named: Any) -> None:
        if len(args) == most + 1 and verbose is _ABSENT:
            *args, verbose = args  # type: ignore[assignment]
        if verbose is not _ABSENT and verbose not in ("deprecated", False):
            warnings.warn(TEXT, UserWarning, stacklevel=2)
        init(self, *args, **named)

    return wrapper
