"""What a row is made of: a case that is told something, the code in its words, the case again.

A row is a function under `@tried(TEMPLATE)`. It is handed `told`, which runs the case and answers
with the whole text of the error or warning; `text.code()` takes the advice out of it, each
alternative of an "or" by itself, `text.put(...)` puts it into the case. Warnings are errors here,
so that a case which is put right and still gets a word fails.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import passo
from passo import PassoError, PassoWarning
from tests.advice.collector import SOURCE, pattern

_BOUNDARY = re.compile(r"(?=[ ,;:)]|$)")
HOLE = "@"


class Text(str):
    """What was told, and which of its words were taken."""

    __slots__ = ("taken", "world")

    taken: list[str]
    world: Mapping[str, Any]

    def code(self, verb: str = "write", **names: Any) -> list[str]:
        """The code after each `verb`, one for each alternative: expressions, or `name=value`."""
        world = {**self.world, **names}
        tails = re.split(rf"\b{re.escape(verb)} ", self, flags=re.IGNORECASE)[1:]
        found = [code for tail in tails for code in _alternatives(tail, world)]
        assert found, f"no code after {verb!r} in: {self}"
        self.taken += found
        return found

    def words(self, *needed: str) -> list[str]:
        """Words that the text must have, for advice that is no code; they count as taken."""
        for each in needed:
            assert each in self, f"{each!r} is not in: {self}"
        self.taken += needed
        return list(needed)

    def quoted(self, regex: str) -> str:
        """What a group of `regex` finds in the text."""
        found = re.search(regex, self, re.DOTALL)
        assert found, f"{regex!r} finds nothing in: {self}"
        self.taken.append(found[1])
        return found[1]

    def put(
        self, case: str, *, fill: str | tuple[str, ...] = (), verb: str = "write", **names: Any
    ) -> list[Any]:
        """The values of `case` with each code of the text where it has `@`, each `...` filled."""
        found = []
        for code in self.code(verb, **names):
            filled = code
            for each in (fill,) if isinstance(fill, str) else fill:
                filled = filled.replace("...", each, 1)
            found.append(eval(case.replace(HOLE, filled), {**self.world, **names}))
        return found


class Told:
    """Runs a case, and answers with what it says: the text that the row's template is in."""

    def __init__(self, template: str, world: Mapping[str, Any]) -> None:
        self.template, self.world = template, world
        self.texts: list[Text] = []

    def __call__(self, case: str | Callable[[], Any], **names: Any) -> Text:
        """The text of the error that `case` raises, or of the warnings that it gives."""
        act = case if callable(case) else lambda: eval(case, {**self.world, **names})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PassoWarning)
            said = ""
            try:
                act()
            except PassoError as error:
                said = str(error)
        said = said or "\n".join(str(each.message) for each in caught)
        assert said, f"nothing was said by {case}"
        return self.of(said, **names)

    def of(self, said: object, **names: Any) -> Text:
        """A text that came in another way: printed, or held by a value."""
        assert pattern(self.template).search(str(said)), f"another text: {said}"
        text = Text(said)
        text.taken, text.world = [], {**self.world, **names}
        self.texts.append(text)
        return text

    @property
    def taken(self) -> list[str]:
        return [each for text in self.texts for each in text.taken]


class Table:
    """The rows of one room, by template."""

    def __init__(self, **world: Any) -> None:
        self.world = {**vars_of(passo), "passo": passo, **world}
        self.rows: dict[str, Callable[[Told], None]] = {}

    def __call__(self, *templates: str) -> Callable[[Callable[[Told], None]], Any]:
        def put(row: Callable[[Told], None]) -> Callable[[Told], None]:
            for template in templates:
                assert template not in self.rows, f"two rows for {template!r}"
                self.rows[template] = row
            return row

        return put

    def told(self, template: str) -> Told:
        """What the row of that template is handed."""
        return Told(template, self.world)


def vars_of(module: ModuleType) -> dict[str, Any]:
    """The public names of a module."""
    return {name: getattr(module, name) for name in module.__all__}


def installed(text: Text) -> list[str]:
    """What `pip install` would bring with passo, with the extra that a text names."""
    project = (SOURCE.parents[1] / "pyproject.toml").read_text("utf-8")
    extra = text.quoted(r'write pip install "passo(.*?)"').strip("[]")
    name = extra or "dependencies"
    found = re.search(rf"^{name} = (\[.*?\])$", project, re.MULTILINE | re.DOTALL)
    assert found, f"pyproject.toml has no extra {extra!r}"
    return list(ast.literal_eval(found[1]))


def _alternatives(tail: str, world: Mapping[str, Any]) -> list[str]:
    """The code that `tail` begins with, and what follows it after "or"."""
    cuts = [each.start() for each in _BOUNDARY.finditer(tail)]
    for cut in reversed(cuts):
        if found := _read(tail[:cut].strip(), world):
            after = re.match(r",? or (?:write )?", tail[cut:])
            return [*found, *(_alternatives(tail[cut:][after.end() :], world) if after else ())]
    return []


def _read(code: str, world: Mapping[str, Any]) -> list[str]:
    """Code whose names are all known, as its alternatives; nothing for prose."""
    named = re.match(r"(\w+)=(?!=)", code)
    bare = code[named.end() :] if named else code
    with contextlib.suppress(SyntaxError, ValueError):
        node = ast.parse(bare, mode="eval").body
        listed = isinstance(node, ast.Tuple) and not bare.startswith("(")
        nodes = node.elts if listed else [node]
        parts = [part for each in nodes for part in _or(each)]
        roots = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if roots <= {*world, "len", "group", "float", "int"} | _bound(node):
            prefix = named[0] if named else ""
            return [prefix + (ast.get_source_segment(bare, each) or "") for each in parts]
    return []


def _or(node: ast.expr) -> list[ast.expr]:
    """The sides of an "or", or the one thing."""
    return node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else [node]


def _bound(node: ast.AST) -> set[str]:
    return {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
