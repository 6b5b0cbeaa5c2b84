"""One file of a package, imported without the rest of the package and what that would need."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


def bare(*packages: str) -> None:
    """Put empty packages in the place of these, so that the files in them import one by one."""
    for name in packages:
        top, *inner = name.split(".")
        spec = find_spec(top) if top not in sys.modules else sys.modules[top].__spec__
        where = sys.modules[top].__path__ if spec is None else spec.submodule_search_locations
        folder = Path(where[0], *inner)
        assert folder.is_dir(), f"{name} is not installed, or is no package"
        module = ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module


def stub(name: str, **members: Any) -> None:
    """A module with these members alone, in the place of the real one."""
    module = sys.modules.get(name) or ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
