"""The settings at which each schedule of `like` is compared, by library and name."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from passo.catalogue.like.registry import LIBRARIES


class Nested(NamedTuple):
    """A schedule as an argument: of the same library, or "torch.StepLR" of another."""

    name: str
    arguments: dict[str, Any]


def of(library: str) -> dict[str, list[dict[str, Any]]]:
    """The settings of a library's schedules, by their first names."""
    found: dict[str, list[dict[str, Any]]] = import_module(f"{__name__}.{library}").SETTINGS
    return found


def cases(library: str) -> list[tuple[str, dict[str, Any]]]:
    """Each name with each of its settings."""
    return [(name, given) for name, rows in of(library).items() for given in rows]


def ours(library: str, name: str, given: dict[str, Any], past: str = "theirs") -> Any:
    """What like answers."""
    made = {key: _made(library, value) for key, value in given.items()}
    return LIBRARIES[library].answer(name, made, past)


def _made(library: str, value: Any) -> Any:
    if isinstance(value, Nested):
        of_another, dot, name = value.name.rpartition(".")
        return ours(of_another if dot else library, name, value.arguments)
    return [_made(library, each) for each in value] if isinstance(value, list) else value
