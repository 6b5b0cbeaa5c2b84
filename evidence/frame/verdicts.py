"""Sentences that are made from numbers: what a claim's cases come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidence.frame.claims import Case
from evidence.frame.intervals import Effect

Answer = Literal["true", "false", "same", "open"]
LESS = {"points": "points of error", "nats": "nats of loss"}

START: dict[Answer, str] = {
    "true": "It holds for",
    "false": "The opposite holds for",
    "same": "It makes no difference for",
    "open": "It cannot be told for",
}


def answer_of(case: Case) -> Answer:
    """Whether the case bears the claim out: its whole interval has to.

    Without a margin the bound is 0; with one, the better side may be worse by no more than that.
    """
    bound = -(case.margin or 0.0)
    if case.effect.low > bound:
        return "true"
    if case.effect.high < bound:
        return "false"
    return "same" if case.effect.none else "open"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word, how the sentence begins, and the cases that are its reasons."""

    word: Literal["true here", "true in part", "depends", "false here", "not seen here"]
    head: str
    reasons: str

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.head} {self.reasons}"


def verdict(cases: Sequence[Case], on: str, unit: str) -> Verdict:
    """What all cases say together; `on` is what it depends on where they disagree.

    It is true where every case bears it out, and in part where the others say nothing. An interval
    that holds the bound bears nothing out.
    """
    if not cases:
        raise ValueError("a verdict needs one case or more")
    answers = {case: answer_of(case) for case in cases}
    found = set(answers.values())
    told = " ".join(_group(kind, answers, unit) for kind in START if kind in found)
    if found == {"true"}:
        return Verdict("true here", "True here.", told)
    if found == {"true", "open"}:
        return Verdict("true in part", "True here in part.", told)
    if "true" in found:
        return Verdict("depends", f"It depends on {on}.", told)
    if "false" in found:
        return Verdict("false here", "False here.", told)
    return Verdict("not seen here", "Not seen here.", told)


def _group(kind: Answer, answers: dict[Case, Answer], unit: str) -> str:
    """The cases that say one thing, in one sentence."""
    cases = [case for case, answer in answers.items() if answer == kind]
    names = "; ".join(f"{case.name} ({shown(case.effect, unit)})" for case in cases)
    return f"{START[kind]} {names}."


def shown(effect: Effect, unit: str) -> str:
    """An effect in words: how much less the better side has, and the interval.

    >>> shown(Effect(1.25, 0.5, 2.0, 8), "points")
    '1.3 points of error less, 0.5 to 2.0'
    >>> shown(Effect(1.0, 0.5, 1.5, 8), "times")
    '2.00 times fewer updates, 1.41 to 2.83'
    """
    if effect.none:
        return "exactly the same in every seed"
    if unit == "times":
        least, mean, most = (f"{2**each:.2f}" for each in (effect.low, effect.mean, effect.high))
        return f"{mean} times fewer updates, {least} to {most}"
    digits = 1 if unit == "points" else 3
    turn, sign = (1, "less") if effect.mean >= 0 else (-1, "more")
    ends = sorted((turn * effect.low, turn * effect.high))
    mean, least, most = (_plain(each, digits) for each in (turn * effect.mean, *ends))
    return f"{mean} {LESS[unit]} {sign}, {least} to {most}"


def _plain(value: float, digits: int) -> str:
    """A number with a true minus, and no minus before 0."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def flat(values: Sequence[float], worse: Sequence[Effect], best: float) -> str:
    """Over which values a setting cannot be told from its best one; `worse` is beside the best.

    Only the values next to the best, without a gap, belong to it.

    >>> unsure, sure = Effect(0.1, -0.2, 0.4, 8), Effect(2.0, 1.0, 3.0, 8)
    >>> flat([1, 2, 4, 8], [sure, unsure, Effect(0, 0, 0, 8), sure], 4)
    'best at 4; flat from 2 to 4'
    """
    place = list(values).index(best)
    first = last = place
    while first > 0 and worse[first - 1].low <= 0:
        first -= 1
    while last < len(values) - 1 and worse[last + 1].low <= 0:
        last += 1
    if first == last:
        return f"best at {best:g}; every other value is worse"
    whole = first == 0 and last == len(values) - 1
    return f"best at {best:g}; flat from {values[first]:g} to {values[last]:g}" + (
        ", all that was tried" if whole else ""
    )
