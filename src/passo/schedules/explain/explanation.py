"""`Explanation`: what was found about two schedules, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from passo.ground.checks import shortened

if TYPE_CHECKING:
    from passo.schedules.curve import Curve
    from passo.schedules.explain.pair import Kind

Verdict: TypeAlias = Literal["equal", "equal up to rounding", "explained", "partly", "unexplained"]
"""How much of a difference is explained."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two schedules: its kind, a sentence, numbers, and where it shows.

    `explained` is the share of the difference that is gone once it is undone, after the changes
    before it.
    """

    kind: Kind
    words: str
    numbers: tuple[tuple[str, float], ...]
    at: float
    explained: float


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why two schedules differ on a run; `str` gives the sentences, `draw` a picture.

    `first` is the first update that uses another value, `greatest` the largest difference and
    `where` the update of it; `explained` the share of the difference that the changes account for,
    and `left` the largest difference that stays when they are undone. `a` and `b` are the curves.
    """

    verdict: Verdict
    sentences: tuple[str, ...]
    changes: tuple[Change, ...]
    first: int | None
    greatest: float
    where: int | None
    explained: float
    left: float
    a: Curve
    b: Curve

    def __repr__(self) -> str:
        kinds = ", ".join(change.kind for change in self.changes) or self.verdict
        return f"<Explanation: {shortened(kinds, 80)}>"

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def to_spec(self) -> dict[str, Any]:
        """The explanation as plain data, without the curves.

        >>> from passo import Constant, Run, analysis, steps
        >>> found = analysis.explain(Constant(1), Constant(2), Run(steps(3)))
        >>> found.to_spec()["changes"][0]["kind"]
        'peak'
        """
        names = ("verdict", "first", "greatest", "where", "explained", "left")
        spec: dict[str, Any] = {name: getattr(self, name) for name in names}
        spec["a"], spec["b"] = self.a.label, self.b.label
        spec["sentences"] = list(self.sentences)
        spec["changes"] = [
            {
                "kind": each.kind,
                "words": each.words,
                "numbers": dict(each.numbers),
                "at": each.at,
                "explained": each.explained,
            }
            for each in self.changes
        ]
        return spec
