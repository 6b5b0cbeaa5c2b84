"""Whether the loop of a run may be left early, by a `break` or a `return` of the script."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from passo.optim.recorder import source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class WayOut:
    """The loop over the epochs, or over the updates where it is the only one, has a way out.

    `values` are those that it goes through, where its `range(...)` says so.
    """

    epochs: bool
    values: range | None

    def was_taken(self, updates: int, epoch: Any) -> bool:
        """Whether the loop ended before its last value; where that is not known it may have."""
        if not self.values:
            return True
        if self.epochs:
            return bool(epoch != self.values[-1])
        return updates < len(self.values)


def way_out(frame: FrameType | None) -> WayOut | None:
    """That of the update made below this frame; None where its loop runs to its end."""
    found = source.loops(frame)
    if not found:
        return None
    loop = found[-2] if len(found) > 1 else found[-1]
    if not any(_exits(loop.node.body, inner=False)):  # type: ignore[attr-defined]
        return None
    at = next((each for each in source.users(frame) if each.f_code is loop.code), None)
    return WayOut(len(found) > 1, None if at is None else _values(loop.node, at))


def _exits(body: list[ast.stmt], *, inner: bool) -> Iterator[bool]:
    """Every `return`, and every `break` that belongs to this loop and not to one inside it."""
    for node in body:
        if isinstance(node, _OWN):
            continue
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not inner):
            yield True
        deeper = inner or isinstance(node, (ast.For, ast.While, ast.AsyncFor))
        for name in ("body", "handlers", "finalbody", "cases"):
            yield from _exits(getattr(node, name, None) or [], inner=deeper)
        yield from _exits(getattr(node, "orelse", None) or [], inner=inner)


def _values(loop: ast.AST, frame: FrameType) -> range | None:
    """What `for ... in range(...)` goes through, also inside of a progress bar."""
    calls = [each for each in ast.walk(getattr(loop, "iter", loop)) if isinstance(each, ast.Call)]
    ranges = [each for each in calls if isinstance(each.func, ast.Name)]
    asked = next((each for each in ranges if each.func.id in ("range", "trange")), None)  # type: ignore[attr-defined]
    if asked is None or not isinstance(loop, ast.For):
        return None
    local = frame.f_locals
    names = {**frame.f_globals, **local}
    if local is not frame.f_globals and sys.version_info < (3, 13):
        local.clear()  # a snapshot, which would keep the script's tensors alive
    numbers = [_number(each, names) for each in asked.args]
    if None in numbers or not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:
        return None
    return range(*numbers)  # type: ignore[arg-type]


def _number(node: ast.AST, names: Mapping[str, Any]) -> int | None:
    """A whole number that is written there, or held by a name; nothing of the script is run."""
    value = _value(node, names)
    return value if isinstance(value, int) else None


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), "__dict__", {}).get(node.attr)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        left, right = _number(node.left, names), _number(node.right, names)
        if left is not None and right is not None:
            return left + right if isinstance(node.op, ast.Add) else left - right
    return None
