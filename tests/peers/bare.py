"""One file of a package, imported without the rest of the package and what that would need."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

ASIDE = Path(sys.prefix, "aside")


@contextmanager
def bare(*packages: str) -> Iterator[None]:
    """Empty packages in the place of these, so that the files in them import one by one.

    Afterwards all is as it was: who asks whether such a package is there is told the truth.
    """
    tops = {name.split(".")[0] for name in packages}
    before = {name: each for name, each in sys.modules.items() if name.split(".")[0] in tops}
    folders = {name: _folder(*name.split(".")) for name in packages}
    try:
        for name, folder in folders.items():
            assert folder.is_dir(), f"{name} is not installed; write make test-peers"
            module = ModuleType(name)
            module.__path__ = [str(folder)]
            sys.modules[name] = module
        yield
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(before)


def stub(name: str, **members: Any) -> None:
    """A module with these members alone, in the place of the real one."""
    module = sys.modules.get(name) or ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module


def _folder(top: str, *inner: str) -> Path:
    """Where a package lies: beside the installed ones (`aside` in Makefile), or among them."""
    if (ASIDE / top).is_dir():
        return ASIDE.joinpath(top, *inner)
    spec = find_spec(top)
    assert spec is not None, f"{top} is not installed; write make test-peers"
    return Path(spec.submodule_search_locations[0], *inner)
