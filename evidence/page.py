"""The page "What is true", made from the stored results: docs/what_is_true.md and its pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence.frame.arms import FULL, Held, Size
from evidence.frame.claims import Case, Claim, claims
from evidence.frame.making import RESULTS, held_by, missing, store_of
from evidence.frame.sweeping import Swept, swept
from evidence.frame.verdicts import Verdict, answer_of, shown, verdict

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = """# What is true

A tutorial on schedulers says what they are for and how they are set. Here each of its claims is an
experiment that was run, also where the claim is false. [The tutorial, executed](tutorial.md) has
its programs.

This page is written by `make evidence` from the numbers in `evidence/results/`; no sentence of a
verdict is written by hand. {state}

- **The tasks** need no download: scikit-learn's digits and 5,000 images of MNIST (perceptrons with
  two hidden layers of 64, SGD with momentum 0.9, batches of 16, 500 updates where nothing else is
  said), and a small transformer that reads the 466 kB of English in Python's own help (AdamW, 250
  updates).
- **An effect** is the mean over {seeds} seeds of a difference: the same seed deals the data and the
  first weights to both sides. Its interval is Student's, widened for the number of cases of its
  claim, so that all of them are right 95 times of 100.
- **"Each at its best rate"**: the rate is chosen by {choosing} other seeds, whose figures are not
  reported. Where the best was the first or last that was tried, it is said.
- **True here** means that every case bears the claim out with its whole interval. An interval over
  0 bears nothing out; where the other cases do, the claim is **true in part**. It **depends** where
  a case says the opposite, or that it makes no difference.

These are small networks on small data, a few hundred updates each. What is false here may be true
elsewhere; what is true here is not thereby true of a large model.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A claim with what came out of it."""

    claim: Claim
    held: Held
    cases: list[Case]
    sweeps: list[Swept]
    verdict: Verdict
    seconds: float
    digest: str
    size: Size

    @property
    def picture(self) -> str:
        """The picture's path from the page."""
        return f"evidence/{self.claim.name}.png"


def row_of(claim: Claim, folder: Path = RESULTS, size: Size = FULL) -> Row | None:
    """The row of a claim; None where it was not run to its end."""
    store = store_of(claim, folder)
    if missing(claim, size, store):
        return None
    held = held_by(store)
    cases = claim.cases(held, size)
    sweeps = [swept(each, held, size) for each in claim.sweeps]
    whole = [each for each in sweeps if each is not None]
    if cases is None or len(whole) < len(sweeps):
        return None
    return Row(
        claim,
        held,
        cases,
        whole,
        verdict(cases, claim.on, claim.unit),
        sum(made.seconds for made in store.held.values()),
        hashlib.sha256(store.path.read_bytes()).hexdigest(),
        size,
    )


def rows(folder: Path = RESULTS, size: Size = FULL) -> dict[str, Row | None]:
    """The row of every claim, in the tutorial's order."""
    return {name: row_of(claim, folder, size) for name, claim in claims().items()}


def page(found: dict[str, Row | None], size: Size = FULL) -> str:
    """The text of the page."""
    made = [row for row in found.values() if row is not None]
    state = f"{len(made)} of {len(found)} claims were run, in "
    state += f"{sum(row.seconds for row in made) / 60:.0f} minutes of one processor."
    head = HEAD.format(state=state, seeds=size.seeds, choosing=size.choosing)
    table = ["| claim | tutorial | verdict |", "| --- | --- | --- |"]
    for name, row in found.items():
        claim = claims()[name]
        word = "not run yet" if row is None else row.verdict.word
        table.append(f"| [{claim.says}](#{name}) | {claim.where} | {word} |")
    sections = [section for name, row in found.items() for section in _section(claims()[name], row)]
    return "\n".join([head, *table, "", *sections])


def _section(claim: Claim, row: Row | None) -> Iterator[str]:
    """What the page says of one claim."""
    yield from (f'<a id="{claim.name}"></a>', "", f"## {claim.says.rstrip('.')}", "")
    yield from (f"Tutorial, {claim.where}. `python -m evidence {claim.name}`", "")
    if row is None:
        yield from ("Not run yet.", "")
        return
    yield from (f"**{row.verdict.head}** {row.verdict.reasons}", "")
    if claim.notes:
        yield from (claim.notes, "")
    yield from ("| case | effect | does it hold? |", "| --- | --- | --- |")
    for case in row.cases:
        yield f"| {case.name} | {shown(case.effect, claim.unit)} | {_word(case)} |"
    yield ""
    for sweep in row.sweeps:
        yield f"- {sweep.sentence}."
    sides = [side for each in claim.versus for side in (each.better, each.worse)]
    notes = (note for side in sides for note in side.notes(row.held, row.size))
    yield from (f"- {note}" for note in dict.fromkeys(notes))
    yield from ("", f"![{claim.says}]({row.picture})", "")


def _word(case: Case) -> str:
    """One case's answer; with the margin where there is one."""
    word = {"true": "yes", "false": "no", "same": "no difference", "open": "cannot be told"}
    within = "" if case.margin is None else f" (within {case.margin:g})"
    return word[answer_of(case)] + within


def write(folder: Path = RESULTS, docs: Path = DOCS) -> int:
    """Write the page, and the pictures of results that changed; how many files that were."""
    from evidence.pictures import draw_row, drawn_from

    found, changed = rows(folder), 0
    for row in found.values():
        if row is not None and drawn_from(docs / row.picture) != row.digest:
            draw_row(row, docs / row.picture)
            changed += 1
    path, text = docs / "what_is_true.md", page(found)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")
        changed += 1
    return changed
