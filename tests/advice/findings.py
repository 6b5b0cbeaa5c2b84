"""The texts that a Finding says to write, by where they come from: its fourth argument.

They need not begin with a verb ("T_max=12, the advances of the run"). What is handed to `write` may
be a string, a name, or what a function of the doctor returns: all of these are followed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.advice.collector import NO_ADVICE, template, trees

PLACE = 3  # of `write` among the arguments of Finding
DOCTOR = "doctor/"


def texts() -> dict[str, list[str]]:
    """Each template that a Finding says to write, with the files where it stands."""
    found: dict[str, list[str]] = {}
    pages = {page: tree for page, tree in trees().items() if page.startswith(DOCTOR)}
    everywhere = {node.name: node for tree in pages.values() for node in functions(tree)}
    for page, tree in pages.items():
        known = {**everywhere, **{node.name: node for node in functions(tree)}}
        for text in set(of_page(tree, known)) - set(NO_ADVICE):
            places = found.setdefault(text, [])
            places += [page] * (page.rpartition("/")[2] not in str(places))
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """The functions and methods of a file."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def of_page(tree: ast.Module, known: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """What the Findings of one file say to write; `known` are the functions that it may call."""
    for owner in functions(tree):
        for node in ast.walk(owner):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                named = [each.value for each in node.keywords if each.arg == "write"]
                for given in [*node.args[PLACE : PLACE + 1], *named]:
                    yield from _Followed(tree, known).strings(given, owner)


class _Followed:
    """What an expression may be, each name and each function once."""

    def __init__(self, tree: ast.Module, known: dict[str, ast.FunctionDef]) -> None:
        self.tree, self.known = tree, known
        self.seen: set[tuple[str, int | None]] = set()

    def strings(self, node: ast.AST, owner: ast.AST, at: int | None = None) -> Iterator[str]:
        """The templates that this expression, written in `owner`, may be made of.

        `at` is the place in a tuple of what is wanted.
        """
        text = template(node)
        if text is not None:
            yield from self._text(node, text, owner)
        elif isinstance(node, ast.Tuple) and at is not None:
            yield from self.strings(node.elts[at], owner)
        elif isinstance(node, ast.Name):
            for value, place in self._once(node.id, owner, at):
                yield from self.strings(value, owner, at if place is None else place)
        elif isinstance(node, ast.Call):
            yield from self._returned(node, owner, at)
        else:
            yield from self._inside(node, owner)

    def _text(self, node: ast.AST, text: str, owner: ast.AST) -> Iterator[str]:
        if re.search(r"\w[ (=]", text):
            yield text
        for hole in getattr(node, "values", ()):
            if isinstance(hole, ast.FormattedValue):
                yield from self.strings(hole.value, owner)

    def _once(
        self, name: str, owner: ast.AST, at: int | None
    ) -> Iterator[tuple[ast.expr, int | None]]:
        if (name, at) not in self.seen:
            self.seen.add((name, at))
            yield from self._values(name, owner)

    def _returned(self, node: ast.Call, owner: ast.AST, at: int | None) -> Iterator[str]:
        for made in self._called(node, owner):
            if (made.name, at) not in self.seen:
                self.seen.add((made.name, at))
                for each in ast.walk(made):
                    if isinstance(each, ast.Return) and each.value is not None:
                        yield from self.strings(each.value, made, at)
        if at is None:
            yield from self._inside(node, owner)

    def _inside(self, node: ast.AST, owner: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if child is not getattr(node, "test", None):
                yield from self.strings(child, owner)

    def _called(self, node: ast.Call, owner: ast.AST) -> Iterator[ast.FunctionDef]:
        """The functions of the doctor that a call may mean: one by name, or each of a loop's."""
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        names = [name] if name in self.known else []
        for value, _ in self._values(name, owner) if not names else ():
            names += [each.id for each in ast.walk(value) if isinstance(each, ast.Name)]
        yield from (self.known[each] for each in names if each in self.known)

    def _values(self, name: str, owner: ast.AST) -> Iterator[tuple[ast.expr, int | None]]:
        """What a name may stand for, with its place where a tuple was unpacked."""
        for place in (owner, self.tree):
            yield from _assigned(name, place)
        arguments = [each.arg for each in getattr(owner, "args", ast.arguments()).args or ()]
        if name in arguments:
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == owner.name:
                    given = dict(zip(arguments, node.args, strict=False))
                    given |= {each.arg: each.value for each in node.keywords}
                    if name in given:
                        yield from self._from_caller(given[name], node)

    def _from_caller(
        self, value: ast.expr, call: ast.Call
    ) -> Iterator[tuple[ast.expr, int | None]]:
        """What a caller hands in; a name of the caller is looked up there."""
        if not isinstance(value, ast.Name):
            yield value, None
            return
        for function in functions(self.tree):
            if any(node is call for node in ast.walk(function)):
                yield from _assigned(value.id, function)


def _assigned(name: str, place: ast.AST) -> Iterator[tuple[ast.expr, int | None]]:
    """What a name is set to in a function, or in the file outside of functions."""
    for node in place.body if isinstance(place, ast.Module) else ast.walk(place):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", getattr(node, "iter", None))
        for target in targets if value is not None else ():
            if isinstance(target, ast.Tuple):
                places = [
                    k for k, each in enumerate(target.elts) if getattr(each, "id", "") == name
                ]
                yield from ((value, k) for k in places)
            elif getattr(target, "id", None) == name:
                yield value, None
