"""Whether the loop of a run may be left early: by the script, or by the trainer that runs it."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from passo.optim.recorder import source
from passo.optim.recorder.trainers import stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class WayOut:
    """The loop over the epochs, or over the updates where it is the only one, has a way out.

    `values` are those that it goes through, where its `range(...)` says so; `stopped` answers for
    the loop of a trainer.
    """

    epochs: bool
    values: range | None
    stopped: Callable[[], bool] | None = None

    def was_taken(self, updates: int, epoch: Any) -> bool:
        """Whether the loop ended before its last value; where that is not known it may have."""
        if self.stopped is not None:
            return self.stopped()
        if not self.values:
            return True
        if self.epochs:
            return bool(epoch != self.values[-1])
        return updates < len(self.values)


def way_out(frame: FrameType | None) -> WayOut | None:
    """That of the update made below this frame; None where its loop runs to its end."""
    trainers = stopped(frame)
    if trainers is not None:
        return WayOut(epochs=True, values=None, stopped=trainers)
    found = source.loops(frame)
    if not found:
        return None
    loop = found[-2] if len(found) > 1 else found[-1]
    counters = _counters(found)
    counters |= _flags(loop.node, counters)
    if not any(_exits(loop.node.body, counters, inner=False)):  # type: ignore[attr-defined]
        return None
    at = next((each for each in source.users(frame) if each.f_code is loop.code), None)
    return WayOut(len(found) > 1, None if at is None else _values(loop.node, at))


def _counters(loops: list[source.Loop]) -> set[str]:
    """The names that count updates or epochs: moved by a loop, or one more at each turn of it."""
    turns = [node for each in loops for node in each.node.body]  # type: ignore[attr-defined]
    added = [node.target for node in turns if isinstance(node, ast.AugAssign)]
    return {each.id for each in added if isinstance(each, ast.Name)} | {
        each.name for each in loops if each.name is not None
    }


def _flags(loop: ast.AST, counters: set[str]) -> set[str]:
    """The names that become true where a counter came far enough, and nowhere else."""
    tests = [each for each in ast.walk(loop) if isinstance(each, ast.If)]
    budgets = [each for each in tests if _is_budget(each.test, counters)]
    inside = [name for each in budgets for node in each.body for name in _raised(node)]
    return {name for name in inside if inside.count(name) == list(_raised(loop)).count(name)}


def _raised(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and ast.unparse(each.value) == "True":
            yield from (target.id for target in each.targets if isinstance(target, ast.Name))


def _is_budget(test: ast.expr, counters: set[str]) -> bool:
    """Whether a condition asks only how far a counter came: such a run was meant to be short."""
    if isinstance(test, ast.Name):
        return test.id in counters
    found = [each for each in ast.walk(test) if isinstance(each, ast.Compare)]
    sides = [[each.left, *each.comparators] for each in found]
    counted = [s for s in sides if any(isinstance(e, ast.Name) and e.id in counters for e in s)]
    bounds = {ast.unparse(each) for side in counted for each in side}
    return bool(counted) and all(s in counted or ast.unparse(s[0]) in bounds for s in sides)


def _exits(body: list[ast.stmt], counters: set[str], *, inner: bool) -> Iterator[bool]:
    """Every `return`, and every `break` that belongs to this loop and not to one inside it.

    Those behind a count of updates or epochs are no early stop.
    """
    for node in body:
        if isinstance(node, _OWN):
            continue
        if isinstance(node, ast.If) and _is_budget(node.test, counters):
            yield from _exits(node.orelse, counters, inner=inner)
            continue
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not inner):
            yield True
        deeper = inner or isinstance(node, (ast.For, ast.While, ast.AsyncFor))
        for name in ("body", "handlers", "finalbody", "cases"):
            yield from _exits(getattr(node, name, None) or [], counters, inner=deeper)
        yield from _exits(getattr(node, "orelse", None) or [], counters, inner=inner)


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
