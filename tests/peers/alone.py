"""One file of a library that does not import as a whole: alone, its imports stubbed."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock


def file_of(package: str, inside: str) -> Path:
    """A file of an installed package, found without importing it."""
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed; write make test-peers"
    return Path(next(iter(spec.submodule_search_locations))) / inside


def load(package: str, inside: str, stubs: list[str]) -> ModuleType:
    """The module of one file; the stubs are gone again afterwards."""
    path = file_of(package, inside)
    before = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update({name: MagicMock() for name in stubs})
    try:
        spec = spec_from_file_location(f"alone_{package}", path)
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        for name, old in before.items():
            if old is None:
                del sys.modules[name]
            else:
                sys.modules[name] = old
    return module
