"""The rules, one file each (p001.py, ...): every one looks at a Case and yields what it finds."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

# read from the folder: a rule that has its file cannot be forgotten
RULES: Final[tuple[ModuleType, ...]] = tuple(
    import_module(f"{__name__}.{found.name}")
    for found in sorted(iter_modules(__path__), key=lambda found: found.name)
    if re.fullmatch(r"p\d{3}", found.name)
)
