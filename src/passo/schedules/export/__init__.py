"""`export`: a schedule on a run as code or numbers that need no passo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from passo.ground.calls import called_like
from passo.ground.checks import brief, one_of, shortened
from passo.ground.errors import NeedsBase, PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.export.code import Code, Writer, lines, needed
from passo.schedules.export.python import EMITTERS, plateau_refused
from passo.schedules.export.torch import by_function, native

if TYPE_CHECKING:
    from passo.schedules.time import Run

To: TypeAlias = Literal["python", "torch", "csv"]
"""What a schedule is exported to."""

_MOST_ROWS: Final = 10**7
_WORDS: Final = 300

__all__ = ["To", "export"]


@called_like("export(schedule, Run(steps(1000)))")
def export(schedule: Schedule, run: Run, to: To = "python") -> str:
    """A schedule on a run as text that needs no passo: code, or the value of each update.

    "python" is a function `lr(t)`, or `lr(t, base)` where `base` is open, of t on the run's axis,
    with the same bits at any t (to rounding where an open base is one of three terms or factors).
    "torch" is code with a function `scheduler(optimizer)`: a class of torch's own where one has the
    values of the whole run (to rounding: torch multiplies its way), else a LambdaLR over that
    function, with the same bits. "csv" has a line for each update of the run: update, value.

    Raises PassoError for a plateau, and in code for a registered Function; NeedsRun and NeedsBase
    as a value does.

    >>> from passo import Linear, Run, steps
    >>> print(export(Linear(0, 1, steps(4)), Run(steps(4)), "csv"))
    update,value
    0,0.0
    1,0.25
    2,0.5
    3,0.75
    <BLANKLINE>
    """
    one_of(to, "to", To)
    if not isinstance(schedule, Schedule):
        msg = f"export needs a schedule, got {brief(schedule)}; write parse(...) for one in text"
        raise PassoError(msg)
    placed = schedule.on(run)
    if to == "csv":
        return _rows(placed, run)
    words = f"# {shortened(repr(schedule), _WORDS)}\n# on {run!r}"
    if to == "torch" and (call := native(placed, run)) is not None:
        return _file(
            words, f"def scheduler(optimizer):\n    return torch.optim.lr_scheduler.{call}"
        )
    code = _functions(placed, run)
    return _file(words, *code, *([by_function(placed, run)] if to == "torch" else []))


def _functions(placed: Schedule, run: Run) -> list[str]:
    """The functions that the values are made of, the last of them `lr`."""
    writer = Writer(EMITTERS, relative=placed.relative)
    code = writer.whole(placed)
    if placed.whole:
        code = Code(f"int({writer.plain(code).text})")
    given = ", ".join(("t", *writer.arguments))
    unit = "update t" if run.axis == "step" else f"t, in {run.unit}"
    body = "\n".join(f"    {line}" for line in lines(code))
    own = f'def lr({given}):\n    """The value at {unit}."""\n{body}'
    return [*needed(list(writer.helpers)), *writer.parts, own]


def _file(words: str, *pieces: str) -> str:
    """What it is, what is imported, and the pieces."""
    text = "\n\n\n".join(pieces)
    imports = {r"\bmath\.": "import math", r"\bbisect_right\(": "from bisect import bisect_right"}
    heads = [line for name, line in imports.items() if re.search(name, text)]
    if re.search(r"\btorch\.", text):
        heads += ["", "import torch"] if heads else ["import torch"]
    return "\n".join([words, *heads, "", "", text, ""])


def _rows(placed: Schedule, run: Run) -> str:
    """What each update uses."""
    if placed.relative:
        msg = "the values of a csv need a number for base; write schedule.with_base(0.1)"
        raise NeedsBase(msg)
    for plateau, _ in placed.plateaus(lambda t: t):
        raise plateau_refused(plateau)
    if run.updates > _MOST_ROWS:
        msg = f"a csv has at most {_MOST_ROWS:,} updates, got {run.updates:,} of {run!r}"
        raise PassoError(msg)
    rows = (f"{update},{placed(float(run.at(update)))!r}" for update in range(run.updates))
    return "\n".join(["update,value", *rows, ""])
