"""`Code` and `Writer`: a tree as Python code, from the inside out, by one emitter for each kind.

In a piece of code stands a mark for the time, which the node above replaces by its own.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from passo.schedules.algebra.tree import rebuilt
from passo.schedules.export import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from passo.schedules.algebra.schedule import Schedule

ALONE, OPERAND = "\0", "\1"  # where the time stands alone, and where an operator takes it
SUM, PRODUCT, ATOM = 1, 2, 3
_DEEPEST: Final = 12  # brackets in brackets; Python itself reads no more than 200
TAB: Final = "    "


class Code(NamedTuple):
    """An expression, how tightly it binds and how deep its brackets are.

    `body`, where it is not empty, are statements that answer in its place, of a time called t.
    """

    text: str
    level: int = ATOM
    depth: int = 0
    body: tuple[str, ...] = ()


class Writer:
    """The functions that the code needs, as they come."""

    def __init__(self, emitters: Mapping[str, Emitter], *, relative: bool) -> None:
        self.emitters = emitters
        self.arguments = ("base",) if relative else ()
        self.parts: list[str] = []
        self.helpers: dict[str, None] = {}

    def whole(self, root: Schedule) -> Code:
        """The code of a tree whose spans are measured."""
        made: Code = rebuilt(
            root,
            None,
            lambda node, _: [None for _ in node._parts()],
            lambda node, _, parts: self._leave(node, parts),
        )
        return made

    def _leave(self, node: Schedule, parts: Sequence[Code]) -> Code:
        code = self.emitters[type(node).__name__](self, node, list(parts))
        return self.hoisted(code) if code.depth >= _DEEPEST and not code.body else code

    def hoisted(self, code: Code) -> Code:
        """The same as a call of a function of its own."""
        name = f"part_{len(self.parts) + 1}"
        given = ", ".join(("t", *self.arguments))
        self.parts.append("\n".join([f"def {name}({given}):", *map(TAB.__add__, lines(code))]))
        return Code(f"{name}({', '.join((ALONE, *self.arguments))})")

    def plain(self, code: Code) -> Code:
        """As an expression."""
        return self.hoisted(code) if code.body else code

    def at(self, code: Code, time: str) -> str:
        """An expression at another time."""
        marks = {ALONE: time, OPERAND: time if time.isidentifier() else f"({time})"}
        return re.sub(f"[{ALONE}{OPERAND}]", lambda mark: marks[mark[0]], self.plain(code).text)

    def call(self, helper: Callable[..., Any], *given: str) -> Code:
        """A call of one of the functions that are written out."""
        self.helpers[helper.__name__] = None
        return Code(f"{helper.__name__}({', '.join((ALONE, *given))})")


def lines(code: Code) -> list[str]:
    """The statements that answer with it, of a time called t."""
    whole = code.body or (f"return {code.text}",)
    return [line.replace(ALONE, "t").replace(OPERAND, "t") for line in whole]


def needed(names: Sequence[str]) -> list[str]:
    """The source of the functions of these names, and of those that they call."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        source = inspect.getsource(getattr(plain, name)).rstrip()
        found.pop(name, None)  # who is called stands above who calls
        found[name] = source
        used = (node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
        waiting += [each for each in dict.fromkeys(used) if each in OWN]
    return list(reversed(found.values()))


def number(value: float) -> str:
    """A float as code that is one."""
    return repr(float(value))


OWN: Final = frozenset(name for name, each in vars(plain).items() if inspect.isfunction(each))
Emitter: TypeAlias = "Callable[[Writer, Any, list[Code]], Code]"
"""What makes the code of a node from those of its parts."""
