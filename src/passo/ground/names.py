"""A name that a package does not have, and what may have been meant."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec

from passo.ground.errors import closest


def no_such_name(package: str, name: str, known: Iterable[str], hint: str = "") -> Exception:
    """The error for a package's `__getattr__` to raise; `hint` stands for what is close.

    `from package import name` makes its own text of an AttributeError, so that there it is an
    ImportError; a name may be that of a module that is still to be imported.

    >>> no_such_name("passo", "warmup_cosin", ["warmup_cosine"])
    AttributeError("module 'passo' has no attribute 'warmup_cosin'; did you mean 'warmup_cosine'?")
    """
    hint = hint or closest(name, known)
    asking = sys._getframe(2).f_globals.get("__name__")
    if asking == "importlib._bootstrap" and find_spec(f"{package}.{name}") is None:
        return ImportError(f"cannot import name {name!r} from {package!r}{hint}", name=package)
    return AttributeError(f"module {package!r} has no attribute {name!r}{hint}")
