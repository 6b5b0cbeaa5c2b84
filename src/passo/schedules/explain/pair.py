"""Two courses that are compared, and what a change between them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from passo.schedules.explain.course import Course

Kind: TypeAlias = Literal[
    "shift",
    "past the end",
    "early end",
    "peak",
    "floor",
    "warm-up start",
    "steps",
    "warm-up length",
    "shape",
    "decay",
    "length",
    "unit",
    "rate",
    "peak never used",
]
"""What a change is."""


class Candidate(NamedTuple):
    """A course with one change made: which, in which words, with which numbers, and where."""

    kind: Kind
    words: str
    numbers: dict[str, float]
    at: float
    course: Course


class Pair(NamedTuple):
    """Two courses, what they are called, and how many updates an epoch and the run have.

    `epoch` is None where it is not known.
    """

    one: Course
    other: Course
    first: str
    second: str
    epoch: float | None
    updates: int


def spread(a: Course) -> float:
    """How far the values are apart, above 0."""
    marks = a.marks
    return max(abs(marks.top - marks.bottom), abs(marks.top - marks.start), 1e-300)


def said(number: float) -> str:
    """A number in a sentence.

    >>> said(1759.5), said(1 / 3), said(100.0), said(3e-5)
    ('1,759.5', '0.333333', '100', '3e-05')
    """
    if number and not 1e-3 <= abs(number) < 1e15:
        return f"{number:.6g}"
    return f"{number:,.6f}".rstrip("0").rstrip(".")


def counted(number: float) -> str:
    """So many updates.

    >>> counted(1.0), counted(2.5)
    ('1 update', '2.5 updates')
    """
    return "1 update" if number == 1 else f"{said(number)} updates"
