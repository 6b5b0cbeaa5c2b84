"""What was found, in sentences."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from passo.ground.checks import LATEST
from passo.ground.errors import PassoError
from passo.schedules.explain.explanation import Change, Explanation, Verdict
from passo.schedules.explain.pair import Candidate, said

if TYPE_CHECKING:
    from passo.schedules.curve import Curve
    from passo.schedules.explain.course import Course

_ROUNDING: Final = 1e-12  # of the largest value: what is no difference
WHOLLY: Final = 1e-6  # of the difference: what may be left of one that is explained
_ENOUGH: Final = 0.95  # of the difference: what explains less of it is not named
_MOVED: Final = frozenset({"shift", "warm-up length", "past the end"})


def _sum(gaps: list[float]) -> float:
    """The sum; raises PassoError where it is no float."""
    widest = max(gaps)
    if widest * len(gaps) > LATEST:
        msg = (
            f"the two differ by {widest:.4g} at one update, too much for a sum over all of them; "
            "write smaller values"
        )
        raise PassoError(msg)
    return math.fsum(gaps)


class Looked:
    """Two courses at the updates that are looked at, and how far apart they are there."""

    def __init__(self, one: Course, other: Course, updates: int) -> None:
        self.one, self.other, self.updates = one, other, updates
        self.judged = [t for t in one.ticks if t < updates]
        self.gaps = [abs(one.at(t) - other.at(t)) for t in self.judged]
        self.widest = max(range(len(self.gaps)), key=self.gaps.__getitem__)
        self.total = _sum(self.gaps)
        values = [abs(course.at(t)) for course in (one, other) for t in self.judged]
        self.noise = _ROUNDING * max(values)

    @cached_property
    def first(self) -> int:
        """The first update that uses another value; between two looks each update is asked."""
        place = next(k for k, gap in enumerate(self.gaps) if gap > self.noise)
        begin = int(self.judged[place - 1]) + 1 if place else 0
        return next(
            t
            for t in range(begin, int(self.judged[place]) + 1)
            if abs(self.one.at(t) - self.other.at(t)) > self.noise
        )


class Chain(NamedTuple):
    """Changes one after another, and what of the difference is left before and after each.

    `back`: they make the first of the second.
    """

    found: tuple[Candidate, ...]
    left: tuple[float, ...]
    back: bool = False

    @property
    def wholly(self) -> bool:
        """Whether nothing is left."""
        return self.left[-1] <= WHOLLY


def alike(looked: Looked, curves: tuple[Curve, Curve]) -> Explanation:
    """Nothing differs on the run; past it something may."""
    gap, where = looked.gaps[looked.widest], int(looked.judged[looked.widest])
    verdict: Verdict = "equal up to rounding" if gap else "equal"
    words = [f"a and b are equal: each of the {looked.updates:,} updates uses the same value."]
    if gap:
        apart = f"at most {gap:.3g} apart, at update {where:,}"
        words = [f"a and b are equal up to rounding: {apart}."]
    one, other = looked.one, looked.other
    after = (t for t in one.ticks if t >= looked.updates)
    for t in (t for t in after if abs(one.at(t) - other.at(t)) > looked.noise):
        values = f"a would be {said(one.at(t))} and b {said(other.at(t))}"
        words.append(f"Past the end of the run they part: at update {t:,.0f} {values}.")
        break
    place = where if gap else None
    return Explanation(verdict, tuple(words), (), None, gap, place, 1.0, gap, *curves)


def told(looked: Looked, chain: Chain, curves: tuple[Curve, Curve]) -> Explanation:
    """What differs, which changes explain it, and what of it they leave."""
    chain = chain if chain.left[-1] <= 1 - _ENOUGH else Chain((), (1.0,))
    start, target = (looked.one, looked.other)[:: -1 if chain.back else 1]
    made = chain.found[-1].course if chain.found else start
    rest = [abs(made.at(t) - target.at(t)) for t in looked.judged]
    worst = max(range(len(rest)), key=rest.__getitem__)
    where = int(looked.judged[looked.widest])
    values = f"{said(looked.one.at(where))} and {said(looked.other.at(where))}"
    words = [
        *[f"a and b differ from update {looked.first:,} on, most at update {where:,}: {values}."],
        *(f"{_capital(each.words)}." for each in chain.found),
        *_passed_over(looked, {each.kind for each in chain.found}),
        _verdict(chain, f"{rest[worst]:.3g}, at update {looked.judged[worst]:,.0f}"),
    ]
    verdict: Verdict = "explained" if chain.wholly else "partly" if chain.found else "unexplained"
    return Explanation(
        verdict,
        tuple(words),
        tuple(_changes(chain)),
        looked.first,
        looked.gaps[looked.widest],
        where,
        1.0 if chain.wholly else 1 - chain.left[-1],
        rest[worst],
        *curves,
    )


def _changes(chain: Chain) -> list[Change]:
    shares = [before - after for before, after in pairwise(chain.left)]
    return [
        Change(each.kind, each.words, tuple(each.numbers.items()), each.at, round(share, 6) + 0.0)
        for each, share in zip(chain.found, shares, strict=True)
    ]


def _verdict(chain: Chain, worst: str) -> str:
    what = "That explains" if len(chain.found) == 1 else "Together that explains"
    if not chain.found:
        return "No change that is looked for explains it."
    if chain.wholly:
        return f"{what} all of it."
    share = math.floor(1000 * (1 - chain.left[-1])) / 10
    return f"{what} {share:g} % of the difference; what is left is at most {worst}."


def _capital(words: str) -> str:
    """A sentence begins with a capital, but for the names of the two."""
    return words if words[:2] in ("a ", "b ") else f"{words[0].upper()}{words[1:]}"


def _passed_over(looked: Looked, kinds: set[str]) -> list[str]:
    """That what was moved in time passes over the peak."""
    if not kinds or not kinds <= _MOVED:
        return []
    both = {"a": looked.one, "b": looked.other}
    tops = {name: max(map(course.at, looked.judged)) for name, course in both.items()}
    low, most = min(tops, key=tops.__getitem__), max(tops.values())
    if tops[low] > (1 - 1e-4) * most:
        return []
    return [f"So {low} never uses the peak {said(most)}, at most {said(tops[low])}."]
