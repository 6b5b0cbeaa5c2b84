"""The loops of the corpus, how they are run, and the page that says what came of it.

`python -m tests.corpus.loops` runs them all and writes docs/corpus.md.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch

from passo.doctor import DoctorWarning
from passo.doctor.command import findings
from passo.doctor.finding import Finding
from passo.doctor.run import run_script
from passo.law import Law
from tests.corpus.expected import WRONG
from tests.corpus.stream import LAW
from tests.warm import DOCTOR, python

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # transformers asks nobody
HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "corpus.md"
TRAINERS = ("accelerate", "fastai", "ignite", "lightning", "skorch", "transformers")
TRIES, HANGS = 4, 45  # seconds
LOOPS = {
    f"{path.parent.name}/{path.stem}": path
    for path in sorted([*HERE.glob("wrong/*.py"), *HERE.glob("right/*.py")])
}
HEAD = """\
# The corpus

Loops as people write them, each run by `passo doctor`, unmodified. A wrong one has to raise exactly
its codes, a right one nothing. `python -m tests.corpus.loops` makes this page from
`tests/corpus/`; the tests run every loop again. Those called stream_... are looked at with a law,
`passo doctor --law`, and those called w01 ... and r01 ... were written by
somebody who had not read the rules.

| loop | what it does | expected | found |
| --- | --- | --- | --- |
"""


def needs(loop: str) -> list[str]:
    """The trainers that a loop imports."""
    code = LOOPS[loop].read_text("utf-8")
    return [each for each in TRAINERS if f"import {each}" in code or f"from {each}" in code]


def expected(loop: str) -> str:
    """The codes that a loop has to raise."""
    kind, _, name = loop.partition("/")
    return WRONG[name] if kind == "wrong" else ""


def found(loop: str) -> str:
    """The codes that it raises."""
    if "spawn(" in LOOPS[loop].read_text("utf-8"):
        return _apart(loop)
    return " ".join(sorted({each.code for each in at(LOOPS[loop], law_of(loop))}))


def at(path: Path, law: Law | None = None) -> list[Finding]:
    """What the doctor finds in a script, with a law where one is given."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    state = torch.get_rng_state()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", DoctorWarning)  # a rule that failed has found nothing either
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        outcome = run_script(str(path))
        said = findings(outcome, law)
    torch.set_num_threads(threads)
    torch.set_rng_state(state)
    return said


def law_of(loop: str) -> Law | None:
    """The law with which the doctor looks at those on a stream."""
    return Law.load(LAW) if "/stream_" in loop else None


def _apart(loop: str) -> str:
    """The same, of a loop with several processes, by the command.

    torch may hang when a process of a gloo group ends: the destructor of DDP's Reducer joins a
    thread of gloo and holds the GIL that this thread waits for. Then it is run again.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "found.json"
        command = ["-m", "passo", "doctor", "--json", str(told), str(LOOPS[loop])]
        for _ in range(TRIES):
            try:
                python(*command, timeout=HANGS, imported=DOCTOR, spawns=2)
            except subprocess.TimeoutExpired:
                continue
            codes = {each["code"] for each in json.loads(told.read_text())["findings"]}
            return " ".join(sorted(codes))
    return "it hangs"


def about(loop: str) -> str:
    """The first sentence of its docstring, or its name in words."""
    text = ast.get_docstring(ast.parse(LOOPS[loop].read_text("utf-8")))
    if text:
        return text.splitlines()[0].replace("|", "/")
    return Path(loop).name.split("_", 1)[-1].replace("_", " ")


def row(loop: str, codes: str) -> str:
    """One line of the table."""
    return f"| {loop} | {about(loop)} | {expected(loop) or '-'} | {codes or '-'} |"


def page(results: dict[str, str]) -> str:
    """The whole page."""
    wrong = [loop for loop in results if loop.startswith("wrong/")]
    misses = sum(results[loop] != expected(loop) for loop in wrong)
    alarms = sum(bool(codes) for loop, codes in results.items() if loop not in wrong)
    total = (
        f"{len(wrong)} wrong loops, {misses} missed; {len(results) - len(wrong)} right loops, "
        f"{alarms} false alarms.\n"
    )
    ordered = sorted(results, key=lambda loop: (not loop.startswith("wrong/"), loop))
    rows = "\n".join(row(loop, results[loop]) for loop in ordered)
    return f"{HEAD}{rows}\n\n{total}"


def main() -> None:
    """Run everything, write the page, name what differs."""
    results = {}
    for loop in LOOPS:
        results[loop] = found(loop)
        if results[loop] != expected(loop):
            sys.stdout.write(f"{loop}: expected {expected(loop)!r}, found {results[loop]!r}\n")
            sys.stdout.flush()
    PAGE.write_text(page(results), "utf-8")


if __name__ == "__main__":
    main()
