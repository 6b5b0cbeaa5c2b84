"""Traces that were kept as files, in the place of a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from passo.doctor.run import Outcome
from passo.ground.errors import PassoError
from passo.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX: Final = ".jsonl"


def is_trace(target: str) -> bool:
    """Whether a name is that of a trace: no script ends in .jsonl.

    >>> is_trace("run.jsonl"), is_trace("train.py")
    (True, False)
    """
    return target.endswith(SUFFIX)


def saved(paths: Sequence[str]) -> Outcome:
    """What a run gave whose traces lie in these files: those of one process belong together.

    A Recorder calls them 0.jsonl, 1.jsonl, and of other processes rank1-0.jsonl, process1-0.jsonl.
    Raises `PassoError` for what is no trace.
    """
    found: dict[tuple[Path, str], list[Trace]] = {}
    for each in paths:
        path = Path(each)
        process = (
            re.sub(r"\d+$", "", path.stem) if re.search(r"(^|-)\d+$", path.stem) else path.stem
        )
        found.setdefault((path.parent, process), []).append(_read(each))
    processes = sorted(found.values(), key=lambda each: each[0].meta.get("rank", 0))
    return Outcome(tuple(map(tuple, processes)))


def _read(path: str) -> Trace:
    if not is_trace(path):
        msg = f"after a trace there are traces only, got {path!r}; write passo doctor run{SUFFIX}"
        raise PassoError(msg)
    try:
        return Trace.load(path)
    except OSError as error:
        msg = (
            f"cannot read the trace {path!r}: {error.strerror}; passo doctor --record FOLDER "
            "train.py makes some, and attach(..., record='run.jsonl') one"
        )
        raise PassoError(msg) from None
