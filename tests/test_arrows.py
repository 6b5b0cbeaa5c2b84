"""No circle of imports but the one that is meant; no room reaches for another's underscore."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

SRC = Path(__file__).parent.parent / "src"
FILES = {
    ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted((SRC / "passo").rglob("*.py"))
}
ALGEBRA = "passo.schedules.algebra"
MEANT = {
    f"{ALGEBRA}.{name}"
    for name in (
        "schedule",
        "atoms",
        "parallel",
        "sequence",
        "repeat",
        "warp",
        "pointwise",
        "cooldown",
    )
}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


@cache
def arrows(name: str) -> set[str]:
    """The files that a file imports: at its head, inside functions, for types only."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                found.add(inside if inside in FILES else str(node.module))
    return (found & set(FILES)) - {name}


@cache
def reached(name: str) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        new = arrows(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def test_the_one_circle_of_imports_is_the_one_that_is_meant():
    circles = {
        frozenset(other for other in reached(name) if name in reached(other))
        for name in FILES
        if name in reached(name)
    }
    assert [sorted(circle) for circle in circles] == [sorted(MEANT)]


def room(name: str) -> str:
    """`passo.schedules`; optim has rooms inside: `passo.optim.ground`."""
    parts = name.split(".")
    within = len(parts) > 3 or FILES[name].name == "__init__.py"
    return ".".join(parts[: 3 if parts[1:2] == ["optim"] and within else 2])


OF_TUPLES = {"_asdict", "_fields", "_make", "_replace"}  # public, whatever they are called


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OF_TUPLES


def owned(name: str) -> set[str]:
    """The names with an underscore that a file gives to something of its own."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)  # __slots__, and what is set by name
    return {each for each in found if is_private(each)}


def test_no_room_reaches_for_an_underscore_of_another():
    """By the names: an attribute that one room alone calls its own is that room's."""
    owners: dict[str, set[str]] = {}
    for name in FILES:
        for each in owned(name):
            owners.setdefault(each, set()).add(room(name))
    found = []
    for name in FILES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                theirs = owners.get(node.attr, {room(name)})
                if room(name) not in theirs:
                    found.append(f"{name}:{node.lineno} takes .{node.attr} of {sorted(theirs)}")
            elif isinstance(node, ast.ImportFrom) and str(node.module) in FILES:
                found += [
                    f"{name}:{node.lineno} imports {alias.name} of {node.module}"
                    for alias in node.names
                    if is_private(alias.name) and room(str(node.module)) != room(name)
                ]
    assert found == []
