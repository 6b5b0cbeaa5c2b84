"""The loops around an update: which epoch it is in, and whether the run may be left early.

They are read from the script's frames and text, or from the trainer that runs it.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder import source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType, TracebackType

    Stopped = Callable[[], bool]

TRIES: Final = 16  # call sites at which the loops are looked for
TRAINERS: Final = {"Trainer": "transformers.trainer", "_FitLoop": "pytorch.loops.fit_loop"}
_OWN: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Epochs:
    """The loop around the loop of the updates; once found, its frame says where it is: `now`."""

    __slots__ = ("_code", "_depth", "_tries", "name", "now")

    def __init__(self) -> None:
        self.name = ""
        self.now: Any = None
        self._code: Any = None
        self._depth = 1
        self._tries = TRIES

    def begun(self, frame: FrameType | None) -> bool:
        """Whether the update that is made below this frame is the first of an epoch."""
        if self._code is None and not self._tries:
            return False
        at = self._frame(frame)
        if at is None:
            return False
        names = at.f_locals
        now = names.get(self.name)
        if names is not at.f_globals and sys.version_info < (3, 13):
            names.clear()  # a snapshot, which would keep the script's tensors alive
        if not isinstance(now, int) or now == self.now:
            return False
        self.now = now
        return True

    def _frame(self, frame: FrameType | None) -> FrameType | None:
        """The loop's frame: where it was last time, else further out, else looked for."""
        try:
            at: FrameType | None = sys._getframe(self._depth)
        except ValueError:
            at = None
        if at is not None and at.f_code is self._code:
            return at
        if self._code is not None and (at := self._outwards()) is not None:
            return at
        if not self._tries:
            return None
        self._tries -= 1
        found = source.loops(frame)
        if len(found) < 2 or found[-2].name is None:
            return None
        self._code, self.name = found[-2].code, found[-2].name
        return self._outwards()

    def _outwards(self) -> FrameType | None:
        """The innermost frame of the loop's code; its depth is kept."""
        at: FrameType | None = sys._getframe(1)
        depth = 0
        while at is not None and at.f_code is not self._code:
            at, depth = at.f_back, depth + 1
        if at is not None:
            self._depth = depth
        return at


@dataclass(frozen=True, slots=True)
class WayOut:
    """The loop over the epochs, or over the updates where it is the only one, has a way out.

    `values` are those that it goes through, where its `range(...)` says so; `stopped` answers for
    the loop of a trainer. `tests` are the conditions that lead out; where the loop itself has none
    only an exception may have left it, which the script lived through: `raised`.
    """

    epochs: bool
    values: range | None
    stopped: Stopped | None = None
    tests: tuple[str, ...] = ()
    raised: bool = False

    @property
    def notes(self) -> dict[str, Any]:
        """What a trace keeps of it where it was taken."""
        return {"left": True, "raised": self.raised, "ways out": list(self.tests)}

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
    trainers = _stopped(frame)
    if trainers is not None:
        return WayOut(epochs=True, values=None, stopped=trainers)
    found = source.loops(frame)
    if not found:
        return None
    loop = found[-2] if len(found) > 1 else found[-1]
    counters = _counters(found)
    counters |= _flags(loop.node, counters)
    tests = tuple(_exits(loop.node.body, counters, inner=False))  # type: ignore[attr-defined]
    at = next((each for each in source.users(frame) if each.f_code is loop.code), None)
    values = None if at is None else _values(loop.node, at)
    if not tests and not _survives(frame, loop, values, epochs=len(found) > 1):
        return None
    return WayOut(len(found) > 1, values, tests=tests, raised=not tests)


def _survives(
    frame: FrameType | None, loop: source.Loop, values: range | None, *, epochs: bool
) -> bool:
    """Whether a script may have lived through an exception that left a loop, and we can tell.

    A loop over epochs tells it by its last value, one without an end by having ended. A library
    may catch what was raised too, where the loop's last value is known.
    """
    if source.is_caught(frame, loop):
        return values is not None or _is_endless(loop.node)
    return epochs and bool(values) and source.is_called_by_a_library(frame, loop)


def _is_endless(loop: ast.AST) -> bool:
    """Whether a loop is one of `while True`, or counts without an end."""
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    made = getattr(loop, "iter", None)
    return isinstance(made, ast.Call) and ast.unparse(made.func) in ("count", "itertools.count")


def leaves(trace: TracebackType | None) -> bool:
    """Whether what was raised left a loop of the script, and not behind a count of it."""
    found: list[tuple[source.Loop, int]] = []
    while trace is not None:
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        if source.is_users(code.co_filename):
            found += [(loop, line) for loop in source.loops_of(code, line)]
        trace = trace.tb_next
    counters = _counters([loop for loop, _ in found])
    for loop, line in found:
        known = counters | _flags(loop.node, counters)
        tests = [each for each in ast.walk(loop.node) if isinstance(each, ast.If)]
        around = [e for e in tests if e.body[0].lineno <= line <= (e.body[-1].end_lineno or 0)]
        if any(_is_budget(each.test, known) for each in around):
            return False
    return bool(found)


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
    joined = [
        each for node in ast.walk(test) if isinstance(node, ast.BoolOp) for each in node.values
    ]
    plain = [e for e in joined if not any(isinstance(n, ast.Compare) for n in ast.walk(e))]
    if any(ast.unparse(each) not in bounds | counters for each in plain):
        return False  # it asks for something else too
    return bool(counted) and all(s in counted or ast.unparse(s[0]) in bounds for s in sides)


def _exits(
    body: list[ast.stmt], counters: set[str], *, inner: bool, test: str = ""
) -> Iterator[str]:
    """The conditions of every `return`, and of every `break` of this loop and not of one inside it.

    Those behind a count of updates or epochs are no early stop.
    """
    for node in body:
        if isinstance(node, _OWN):
            continue
        if isinstance(node, ast.If) and _is_budget(node.test, counters):
            yield from _exits(node.orelse, counters, inner=inner, test=test)
            continue
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not inner):
            yield test
        within = ast.unparse(node.test) if isinstance(node, ast.If) else test
        deeper = inner or isinstance(node, (ast.For, ast.While, ast.AsyncFor))
        for name in ("body", "handlers", "finalbody", "cases"):
            held = getattr(node, name, None) or []
            yield from _exits(held, counters, inner=deeper, test=within)
        held = getattr(node, "orelse", None) or []
        yield from _exits(held, counters, inner=inner, test=within)


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


def _stopped(frame: FrameType | None) -> Stopped | None:
    """What says, after the run, whether the trainer around a call came to the end of its plan.

    None where there is no trainer on the stack. Only its counters are kept, never its model.
    """
    while frame is not None:
        if "trainer" in frame.f_code.co_filename or "fit_loop" in frame.f_code.co_filename:
            found = _of_owner(_self(frame))
            if found is not None:
                return found
        frame = frame.f_back
    return None


def _of_owner(owner: Any) -> Stopped | None:
    """That of a trainer of transformers, or of the loop of one of Lightning."""
    for kind in type(owner).__mro__:
        module = TRAINERS.get(kind.__name__)
        if module is not None and kind.__module__.endswith(module):
            return _transformers(owner) if kind.__name__ == "Trainer" else _lightning(owner)
    return None


def _transformers(trainer: Any) -> Stopped:
    state = trainer.state
    return lambda: bool(state.global_step < state.max_steps)


def _lightning(loop: Any) -> Stopped:
    """Early where neither of its two limits was reached; -1 is none."""
    epochs, limit, steps = loop.epoch_progress.current, loop.max_epochs, loop.max_steps
    inner = loop.epoch_loop
    automatic = inner.automatic_optimization.optim_progress
    manual = inner.manual_optimization.optim_step_progress.total

    def early() -> bool:
        over = limit is not None and 0 <= limit <= epochs.processed
        return not over and not 0 <= steps <= max(automatic.optimizer_steps, manual.completed)

    return early


def _self(frame: FrameType) -> Any:
    if "self" not in frame.f_code.co_varnames + frame.f_code.co_freevars:
        return None
    names = frame.f_locals
    found = names.get("self")
    if sys.version_info < (3, 13):
        names.clear()  # a snapshot, which would keep the script's tensors alive
    return found
