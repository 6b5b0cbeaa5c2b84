"""`passo doctor`: run, look, tell."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from passo.doctor import children
from passo.doctor.diagnosis import compare_ranks, diagnose
from passo.doctor.finding import DoctorWarning
from passo.doctor.report import report
from passo.doctor.run import Outcome, run_script
from passo.ground.errors import PassoError
from passo.trace import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding


def examine(
    target: str,
    arguments: Sequence[str],
    *,
    module: bool = False,
    most: int | None = None,
    html: Path | None = None,
    as_json: Path | None = None,
    record: Path | None = None,
    strict: bool = False,
) -> int:
    """Runs a script, tells what was found, and answers with the status to end with."""
    for path in (html, as_json):
        if path is not None and not path.parent.is_dir():
            msg = f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}"
            raise PassoError(msg)
    outcome = run_script(target, arguments, module=module, most=most, folder=record)
    job = children.job()
    if job is not None:
        shelf, rank, world = job
        if rank:
            children.keep(list(outcome.traces), shelf, f"rank{rank}")
            return outcome.status
        others = children.await_ranks(shelf, world)
        shutil.rmtree(shelf, ignore_errors=True)
        outcome = Outcome((outcome.traces, *others), outcome.status)
    found = _findings(outcome)
    sys.stdout.write("\n" + report(target, outcome.traces, found) + "\n")
    if as_json is not None:
        text = json.dumps({"findings": [each.as_json() for each in found]}, indent=2)
        _write(as_json, text + "\n")
    if html is not None:
        from passo.doctor.page import page

        _write(html, page(target, outcome.traces, found))
    return outcome.status or int(strict and bool(found))


def findings(outcome: Outcome) -> list[Finding]:
    """What the traces of the first rank say, and where the ranks disagree."""
    together = [each for each in outcome.ranks if any(t.meta.get("world", 1) > 1 for t in each)]
    alone = [each for each in outcome.ranks if each not in together]
    found = [each for traces in (*together[:1], *alone) for each in diagnose(traces)]
    return sorted([*found, *compare_ranks(together)], key=lambda each: each.code)


def _findings(outcome: Outcome) -> list[Finding]:
    """The findings; a rule that failed is told whatever the script made of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DoctorWarning)
        return findings(outcome)


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        msg = f"cannot write {str(path)!r}: {error.strerror}"
        raise PassoError(msg) from None
