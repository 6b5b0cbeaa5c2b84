"""`passo doctor`: run, look, tell."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from passo.doctor import children
from passo.doctor.diagnosis import compare_ranks, diagnose
from passo.doctor.finding import DoctorWarning
from passo.doctor.report import About, report
from passo.doctor.run import Outcome, run_script
from passo.doctor.saved import is_trace, saved
from passo.ground.errors import PassoError
from passo.ground.files import cannot_write, refuse_unwritable, refuse_written_over, replacing
from passo.ground.terminal import let_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.law import Law


HURRY: Final = 5.0  # seconds that rank 0 waits for the others when SIGKILL is to come


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
    law: Law | None = None,
) -> int:
    """Runs a script, or reads traces, tells what was found; answers with the status to end with.

    A negative one is the signal to die by, as the script without the doctor would.
    """
    written = [path for path in (html, as_json) if path is not None]
    for path in written:
        refuse_unwritable(path)
    is_read = is_trace(target) and not module
    refuse_written_over(written, [target, *arguments] if is_read else [] if module else [target])
    tell = Teller(target, html, as_json, strict, law)
    if is_read:
        if record is not None or most is not None:
            option = "--record" if record is not None else "--max-updates"
            msg = f"{option} is for a script that runs, and {target!r} is a trace; leave it out"
            raise PassoError(msg)
        return tell(saved([target, *arguments]))
    outcome = run_script(
        target, arguments, module=module, most=most, folder=record, dying=tell.in_short
    )
    return tell.of_job(outcome)


@dataclass(frozen=True)
class Teller:
    """Tells what a run gave, wherever that was asked for; answers with the status to end with."""

    target: str
    html: Path | None
    as_json: Path | None
    strict: bool
    law: Law | None = None

    def of_job(self, outcome: Outcome, patience: float = children.PATIENCE) -> int:
        """The same, of a rank of torchrun: the first tells of all of them."""
        job = children.job()
        if job is None:
            return self(outcome)
        shelf, rank, world = job
        if rank:
            children.keep(list(outcome.traces), shelf, f"rank{rank}")
            return outcome.status
        others = children.await_ranks(shelf, world, patience)
        shutil.rmtree(shelf, ignore_errors=True)
        return self(replace(outcome, ranks=(outcome.traces, *others)))

    def in_short(self, outcome: Outcome) -> int:
        """The same, of a run that is about to be killed: who sent SIGTERM waits for no rank."""
        return self.of_job(outcome, HURRY)

    def __call__(self, outcome: Outcome) -> int:
        """Prints the report, and writes the files."""
        found = _findings(outcome, self.law)
        text = report(self.target, outcome.traces, found, about(outcome))
        let_write()  # not before: a script writes as it would alone
        sys.stdout.write("\n" + text + "\n")
        if self.as_json is not None:
            told = json.dumps({"findings": [each.as_json() for each in found]}, indent=2)
            _write(self.as_json, told + "\n")
        if self.html is not None:
            from passo.doctor.page import page

            _write(self.html, page(self.target, outcome.traces, found, about(outcome)))
        return outcome.status or int(self.strict and bool(found))


def about(outcome: Outcome) -> About:
    """What is to be said of a run beside its traces."""
    trained = sum(any(trace.updates for trace in each) for each in outcome.ranks)
    return About(trained, outcome.how, outcome.backward)


def findings(outcome: Outcome, law: Law | None = None) -> list[Finding]:
    """What the traces of the first rank say, and where the ranks disagree."""
    together = [each for each in outcome.ranks if any(t.meta.get("world", 1) > 1 for t in each)]
    alone = [each for each in outcome.ranks if each not in together]
    found = [each for traces in (*together[:1], *alone) for each in diagnose(traces, law=law)]
    return sorted([*found, *compare_ranks(together)], key=lambda each: each.code)


def _findings(outcome: Outcome, law: Law | None) -> list[Finding]:
    """The findings; a rule that failed is told whatever the script made of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DoctorWarning)
        return findings(outcome, law)


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise cannot_write(path, error) from None
