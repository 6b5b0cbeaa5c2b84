"""`parse_run`: a run from text, read as schedules are: by `ast` and a white-list, never run."""

from __future__ import annotations

import ast

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.text.parser import _tree, _with_arguments
from passo.schedules.time import Run


def parse_run(text: str) -> Run:
    """The run that `text` writes: what the repr of a `Run` prints.

    Raises PassoError for anything else.

    >>> parse_run("Run(epochs(90), steps_per_epoch=391)").updates
    35190
    """
    node = _tree(text)
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "Run":
        msg = f"a run is written Run(epochs(90), steps_per_epoch=391), got {brief(text)}"
        raise PassoError(msg)
    return _with_arguments("Run", Run, node)  # type: ignore[no-any-return]
