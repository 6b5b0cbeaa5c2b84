"""P024: early stopping gives up before the plateau's patience is over."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from passo.doctor.finding import Finding
from passo.doctor.plateaus import judged
from passo.schedules import PassoError, Plateau, parse
from passo.schedules.reducer import Reducer, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P024"
LEAST = 2  # bad reports at the end: after one of them a run may have ended for any reason
OTHER = re.compile(r"time|clock|deadline|budget|nan|finite|signal|interrupt|kill", re.IGNORECASE)


def look(case: Case) -> Iterator[Finding]:
    """A loop that was left in the longest row of bad reports, before the rate was ever reduced.

    A break for another reason seldom comes there, and one that waits for a target comes after a
    good report; a condition that speaks of time or of NaN is no early stopping, and of an
    exception nobody knows what it was.
    """
    tests = [str(each) for each in case.meta.get("ways out", ())]
    other = case.meta.get("raised") or (tests and all(map(OTHER.search, tests)))
    if not case.finished or not case.left or other:
        return
    for each in (*_of_torch(case), *_of_passo(case)):
        rows, reducer = _rows(each), Reducer(each.rule)
        fired = [place for place, metric in enumerate(each.metrics) if reducer.see(metric)]
        if not rows or rows[-1] < LEAST or fired not in ([], [len(rows) - 1]):
            continue
        if not math.isfinite(each.metrics[-1]) or max(rows[: -rows[-1]], default=0) >= rows[-1]:
            continue
        yield _finding(each, rows[-1], case)


class Heard(NamedTuple):
    """A plateau, its rule, and what it was told under which name."""

    kind: str
    rule: Rule
    name: str
    metrics: Sequence[float]
    where: str


def _of_torch(case: Case) -> Iterator[Heard]:
    for each in judged(case):
        yield Heard(each.known.kind, each.rule, each.name, each.metrics, each.known.where)


def _of_passo(case: Case) -> Iterator[Heard]:
    """The plateaus of the plans that were followed from the beginning on."""
    texts = dict.fromkeys(str(each["schedule"]) for each in case.meta.get("follows") or ())
    for text in texts if not case.meta.get("thinned") else ():
        try:
            found = [plateau for plateau, _ in parse(text).plateaus(lambda t: t)]
        except PassoError:  # a function of the script's own: nobody knows it here
            continue
        for plateau in found:
            if not isinstance(plateau, Plateau) or plateau.factor > 1:
                continue  # the others do not lower a rate
            if plateau.metric in case.trace.metrics:
                metrics = case.trace.series(plateau.metric)[1]
                yield Heard("Plateau", plateau.reducer().rule, plateau.metric, metrics, "")


def _rows(each: Heard) -> list[int]:
    """After each report, how many in a row were bad by then."""
    reducer = Reducer(replace(each.rule, patience=len(each.metrics), cooldown=0))
    found = []
    for metric in each.metrics:
        reducer.see(metric)
        found.append(reducer.bad)
    return found


def _finding(each: Heard, bad: int, case: Case) -> Finding:
    patience = each.rule.patience
    return Finding(
        CODE,
        f"the loop was left after {bad} reports of {each.name} without a better one, and "
        f"{each.kind} waits for {patience + 1} (patience={patience}): the rate was "
        f"{case.last:.3g} to the end",
        "training is given up before a lower rate was tried, which is what the plateau is for",
        f"early stopping after more than {patience + 1} such reports, several times as many; or "
        f"patience={(bad - 1) // 2} for the plateau",
        each.where,
        case.updates,
    )
