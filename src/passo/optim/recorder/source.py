"""What a script's own text says: which line called, and in which loops.

Frames and files are only read. What lies in the standard library, in installed packages or in
passo is not the script's.
"""

from __future__ import annotations

import ast
import linecache
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

_OURS: Final = str(Path(__file__).parents[2])
_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), _OURS})
_INSTALLED: Final = ("site-packages", "dist-packages", "<frozen", "importlib")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# `warnings` skips frames whose file name holds "importlib" and "_bootstrap", and nothing else.
HIDDEN: Final = "<frozen importlib._bootstrap> of passo"
BOTTOM: Final = "_as_main"  # the function below which a script's own frames begin


class Loop(NamedTuple):
    """A loop around a call: the code it is in, the name that it moves, where it is one, itself."""

    code: CodeType
    name: str | None
    node: ast.stmt


@lru_cache(maxsize=4096)
def is_users(filename: str) -> bool:
    """Whether a file is the user's own.

    >>> is_users("/home/me/train.py"), is_users(ast.__file__)
    (True, False)
    """
    return not (filename.startswith(_LIBRARIES) or any(each in filename for each in _INSTALLED))


def users(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of the user's own files, from the innermost."""
    while frame is not None:
        if frame.f_code.co_name == BOTTOM and not is_users(frame.f_code.co_filename):
            return
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def place(frame: FrameType | None) -> tuple[str, int]:
    """The file and the line of the user's innermost frame; else of the innermost of all."""
    for each in users(frame):
        return each.f_code.co_filename, each.f_lineno
    while frame is not None and (_OURS in frame.f_code.co_filename or frame.f_lineno is None):
        frame = frame.f_back
    return ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


@lru_cache(maxsize=4096)
def shown(filename: str, line: int) -> str:
    """A place as a reader knows it: relative to the folder that one is in.

    >>> shown("/somewhere/else/train.py", 12)
    'train.py:12'
    """
    path = Path(filename)
    try:
        path = path.relative_to(Path.cwd())
    except ValueError:
        path = Path(path.name)
    return f"{path}:{line}"


@lru_cache(maxsize=256)
def tree_of(filename: str) -> ast.Module | None:
    """What a file says, parsed; None where it cannot be."""
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def loops(frame: FrameType | None) -> list[Loop]:
    """The loops around a call, from the outermost, through all of the user's frames."""
    found = [loops_of(each.f_code, each.f_lineno or 0) for each in users(frame)]
    return [loop for each in reversed(found) for loop in each]


def loops_of(code: CodeType, line: int) -> list[Loop]:
    """The loops of one function around a line of it, from the outermost."""
    nodes = loops_at(code.co_filename, line)
    return [Loop(code, _target(node), node) for node in nodes]


@lru_cache(maxsize=4096)
def loops_at(filename: str, line: int) -> tuple[ast.stmt, ...]:
    """The loops of one function around a line of it."""
    tree = tree_of(filename)
    return () if tree is None else tuple(_around(tree, line))


def _around(node: ast.AST, line: int) -> list[ast.stmt]:
    # Not `ast.walk`, which forgets what is inside of what. A function that is defined in a loop
    # does not run in it, so that the loops outside of it are left out.
    for child in ast.iter_child_nodes(node):
        first, last = getattr(child, "lineno", None), getattr(child, "end_lineno", None)
        if first is None or last is None:
            deeper = _around(child, line)
            if deeper:
                return deeper
        elif first <= line <= last:
            inside = _around(child, line)
            if isinstance(child, _FUNCTIONS):
                return inside
            if isinstance(child, (ast.For, ast.While)) and child.body[0].lineno <= line:
                return [child, *inside]
            return inside
    return []


def is_caught(frame: FrameType | None, loop: Loop) -> bool:
    """Whether the script's own text catches what is raised in a loop that runs above a frame."""
    inside = True
    for each in users(frame):
        if inside and each.f_code is not loop.code:
            continue
        line = loop.node.lineno if inside else each.f_lineno or 0
        inside = False
        if _catches(each.f_code.co_filename, line):
            return True
    return False


def is_called_by_a_library(frame: FrameType | None, loop: Loop) -> bool:
    """Whether what runs a loop was itself called from files that are not the script's."""
    while frame is not None and frame.f_code is not loop.code:
        frame = frame.f_back
    while frame is not None and frame.f_code.co_name != BOTTOM:
        if not is_users(frame.f_code.co_filename):
            return True
        frame = frame.f_back
    return False


@lru_cache(maxsize=1024)
def _catches(filename: str, line: int) -> bool:
    """Whether a `try` with an `except`, or `suppress`, of one function stands around a line."""
    node: ast.AST | None = tree_of(filename)
    caught = False
    while node is not None:
        node = next((e for e in ast.iter_child_nodes(node) if _holds(e, line)), None)
        if isinstance(node, _FUNCTIONS):
            caught = False
        elif isinstance(node, ast.Try) and node.handlers:
            caught |= any(_holds(each, line) for each in node.body)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            caught |= any("suppress(" in ast.unparse(e.context_expr) for e in node.items)
    return caught


def _holds(node: ast.AST, line: int) -> bool:
    return getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", None) or 0)


def _target(loop: ast.AST) -> str | None:
    target = getattr(loop, "target", None)
    if isinstance(target, ast.Tuple) and target.elts:
        target = target.elts[0]
    return target.id if isinstance(target, ast.Name) else None


def argument(frame: FrameType | None) -> str:
    """The text of the first argument of the call of `.step(...)` that a line makes, or nothing."""
    for each in users(frame):
        return _argument_at(each.f_code.co_filename, each.f_lineno or 0)
    return ""


@lru_cache(maxsize=1024)
def _argument_at(filename: str, line: int) -> str:
    tree = tree_of(filename)
    calls = [] if tree is None else [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    for call in calls:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        stepping = isinstance(call.func, ast.Attribute) and call.func.attr == "step"
        if stepping and given and call.lineno <= line <= (call.end_lineno or 0):
            return ast.unparse(given[0])
    return ""
