"""Which line of a script writes a field, and what the loops around it go over.

The text is parsed, and no trace function is set: `sys.settrace` would see each write to a field as
it happens, and slow every line of the script by a factor. So a line is found afterwards, and may
be one of several that write the same field.
"""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from passo.optim.recorder import source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from types import FrameType

# what one calls a collection that is meant to hold every optimizer: another name may mean a choice
# of them, or, as "opts", something else
ALL: Final = frozenset({"optimizers", "optimisers", "optims"})
SAME_ITEMS: Final = ("enumerate", "list", "tuple", "reversed")


class Line(NamedTuple):
    """A line that writes a field of groups.

    `groups` says that it stands in a loop that comes to every group of an optimizer, and
    `optimizers` that it is run for each of a collection that is called the optimizers.
    """

    where: str
    groups: bool
    optimizers: bool


def writing(key: str, frame: FrameType | None) -> Line | None:
    """The line of the user's own that writes a field, nearest before the call; None if none does.

    Files on the stack come first, then the user's other modules.
    """
    for each in source.users(frame):
        lines = _writes(each.f_code.co_filename, key)
        before = [line for line in lines if line <= (each.f_lineno or 0)]
        if lines:
            return _line(each.f_code.co_filename, (before or lines)[-1 if before else 0])
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        own = isinstance(name, str) and name.endswith(".py") and source.is_users(name)
        if own and _writes(name, key):
            return _line(name, _writes(name, key)[0])
    return None


def each_optimizer(optimizer: Any, frame: FrameType | None) -> bool:
    """Whether a call is made for an optimizer as one of a collection called the optimizers."""
    return any(
        each.f_locals.get(name) is optimizer
        for each in source.users(frame)
        for name in _moved(each.f_code.co_filename, each.f_lineno or 0)
    )


@lru_cache(maxsize=1024)
def _moved(filename: str, line: int) -> frozenset[str]:
    """The names that loops over the optimizers move around a line."""
    tree = source.tree_of(filename)
    rounds = [] if tree is None else [e for e in _rounds(tree) if e.first <= line <= e.last]
    return frozenset(name for each in rounds for name in each.names)


@lru_cache(maxsize=1024)
def _writes(filename: str, key: str) -> tuple[int, ...]:
    """The lines of a file that put something into `...[key]`."""
    tree = source.tree_of(filename)
    nodes = [] if tree is None else list(ast.walk(tree))
    return tuple(sorted({getattr(node, "lineno", 0) for node in nodes if _puts(node, key)}))


def _puts(node: ast.AST, key: str) -> bool:
    if isinstance(node, ast.Assign):
        return any(_names(each, key) for target in node.targets for each in ast.walk(target))
    if isinstance(node, ast.AugAssign):
        return any(_names(each, key) for each in ast.walk(node.target))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "update":
            texts = (a for a in ast.walk(node) if isinstance(a, ast.Constant))
            return any(k.arg == key for k in node.keywords) or any(a.value == key for a in texts)
        return node.func.attr.endswith("_") and _names(node.func.value, key)
    return False


def _names(node: ast.AST, key: str) -> bool:
    named = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    return named and node.slice.value == key  # type: ignore[attr-defined]


@lru_cache(maxsize=1024)
def _line(filename: str, line: int) -> Line:
    tree = source.tree_of(filename)
    loops = [each for each in source.loops_at(filename, line) if isinstance(each, ast.For)]
    where = source.shown(filename, line)
    if tree is None:
        return Line(where, groups=False, optimizers=False)
    groups = any(_is_all(each.iter, tree) and not _is_left(each) for each in loops)
    return Line(where, groups, any(_reaches(tree, line, each) for each in _rounds(tree)))


def _is_all(items: ast.AST, tree: ast.Module, names: frozenset[str] = frozenset()) -> bool:
    """Whether a loop over this comes to every group, also to one that it then passes over.

    `names` have been followed already: `groups = list(groups)` leads to itself.
    """
    if isinstance(items, ast.Attribute):
        return items.attr == "param_groups"
    if isinstance(items, ast.Name):
        given = [] if items.id in names else _given(items.id, tree)
        return len(given) == 1 and _is_all(given[0], tree, names | {items.id})
    return any(_is_all(each, tree, names) for each in _within(items))


def _given(name: str, tree: ast.Module) -> list[ast.AST]:
    """What is put into a name anywhere in the file."""
    assigned = [each for each in ast.walk(tree) if isinstance(each, ast.Assign)]
    return [
        each.value
        for each in assigned
        if any(isinstance(one, ast.Name) and one.id == name for one in each.targets)
    ]


def _within(items: ast.AST) -> list[ast.expr]:
    """What something goes over that gives an item for each of that, or looks at each."""
    found: list[ast.expr] = []
    match items:
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in SAME_ITEMS:
            found = [first]
        case ast.Call(func=ast.Name(id="filter"), args=[_, second]):
            found = [second]
        case ast.Call(func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"), args=of)]):
            found = of
        case ast.Call(
            func=ast.Name(id="zip"), args=several, keywords=[ast.keyword("strict", each)]
        ) if isinstance(each, ast.Constant) and each.value is True:
            found = several
        case ast.ListComp(generators=[one]) | ast.GeneratorExp(generators=[one]):
            found = [one.iter]
    return found


def _is_left(loop: ast.For) -> bool:
    return any(isinstance(each, (ast.Break, ast.Return)) for each in ast.walk(loop))


class Round(NamedTuple):
    """What is done for each of the optimizers: its lines, itself, what the loop moves."""

    first: int
    last: int
    node: ast.AST
    names: frozenset[str]


def _rounds(tree: ast.Module) -> Iterator[Round]:
    for node in ast.walk(tree):
        for one in (node, *getattr(node, "generators", ())):
            items, target = getattr(one, "iter", None), getattr(one, "target", None)
            if items is None or target is None or _called(items) not in ALL:
                continue
            names = {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
            first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
            yield Round(first, last, node, frozenset(names))


def _called(items: ast.AST) -> str:
    """What a collection is called, without what only says that it is all of it or one's own."""
    name = ""
    match items:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case ast.Call(func=ast.Name(id=kind), args=[first, *_]) if kind in SAME_ITEMS:
            return _called(first)
        case ast.Call(func=ast.Attribute(value=value, attr="values" | "items"), args=[]):
            return _called(value)
    return name.lower().strip("_").removeprefix("all_")


def _reaches(tree: ast.Module, line: int, each: Round) -> bool:
    """Whether a line is where the groups of what a loop moves are gone over.

    That is within it, or within a function to which it hands that.
    """
    if each.first <= line <= each.last:
        return _goes_over(each.node, each.names)
    calls = [one for one in ast.walk(each.node) if isinstance(one, ast.Call)]
    called = {
        getattr(one.func, "attr", getattr(one.func, "id", ""))
        for one in calls
        if any(
            isinstance(given, ast.Name) and given.id in each.names
            for given in [*one.args, *(keyword.value for keyword in one.keywords)]
        )
    }
    return any(
        one.name in called
        and one.lineno <= line <= (one.end_lineno or 0)
        and _goes_over(one, {arg.arg for arg in [*one.args.args, *one.args.kwonlyargs]})
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef)
    )


def _goes_over(node: ast.AST, names: AbstractSet[str]) -> bool:
    """Whether the groups of something under one of these names are asked for."""
    return any(
        isinstance(one, ast.Attribute)
        and one.attr == "param_groups"
        and isinstance(one.value, ast.Name)
        and one.value.id in names
        for one in ast.walk(node)
    )
