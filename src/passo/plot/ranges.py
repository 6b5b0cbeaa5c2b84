"""From a range test to a Picture."""

from __future__ import annotations

import math

from passo.plot.names import key_name, shorten
from passo.plot.picture import (
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    RED,
    SKY,
    Area,
    Line,
    Mark,
    Panel,
    Picture,
    wants_log,
)
from passo.trace import RangeTest, Suggestion

NOTE = 118


def of_range_test(test: RangeTest, title: str | None) -> Picture:
    """The losses over the values, smoothed and as they were, and what follows from them."""
    top = highest(test)
    found = test.suggestion()
    areas = (*_band(test, top), *_range(found))
    raw = "loss of each update" if len(test.runs) == 1 else f"mean of {len(test.runs)} repeats"
    lines = (
        Line(raw, test.values, test.losses, SKY, width=0.9),
        Line("smoothed", test.values, test.smoothed, BLUE, width=2.2),
    )
    low = [value for value in (*test.losses, *test.smoothed) if value <= top]
    panel = Panel(
        "loss", lines, wants_log(low), height=1.6, areas=areas, marks=_marks(test, found), top=top
    )
    name = key_name(test.key)
    return Picture(
        title or f"Range test: the loss over the {name}",
        name,
        (panel,),
        shorten(words(found), NOTE),
        xlog=test.values[0] > 0 and test.values[-1] > 10 * test.values[0],
    )


def words(found: Suggestion) -> str:
    """A suggestion or a refusal in one line.

    >>> words(Suggestion(0.01, 0.05, 0.08, 0.912, "a tenth of 0.5"))
    'suggested: 0.05 (0.01 to 0.08), sure 0.91: a tenth of 0.5'
    """
    if not found:
        return f"no suggestion: {found.reason.partition(';')[0]}"
    return (
        f"suggested: {found.best:.2g} ({found.low:.2g} to {found.high:.2g}), "
        f"sure {found.sure:.2f}: {found.reason.partition(';')[0]}"
    )


def highest(test: RangeTest) -> float:
    """The highest loss that is shown: as far above the start as the lowest is below it."""
    levels = [level for level in test.smoothed if math.isfinite(level)] or [0.0]
    early = [x for x in test.losses[: len(test.losses) // 3] if math.isfinite(x)] or levels[:1]
    start = levels[0]
    top = start + max(start - min(levels), 0.1 * abs(start))
    return max(top, min(max(early), top + start - min(levels))) or 1.0


def _range(found: Suggestion) -> tuple[Area, ...]:
    if not found:
        return ()
    return (Area(f"suggested {found.low:.2g} to {found.high:.2g}", (found.low, found.high)),)


def _band(test: RangeTest, top: float) -> tuple[Area, ...]:
    """Between the repeats: from the lowest to the highest of them."""
    if len(test.runs) == 1:
        return ()
    low, high = test.band
    end = next((k for k, y in enumerate(high) if not y <= 4 * top), len(high))
    return (Area("lowest to highest repeat", test.values[:end], low[:end], high[:end], SKY),)


def _marks(test: RangeTest, found: Suggestion) -> tuple[Mark, ...]:
    """The suggestion, and what other rules would say; nothing where there is no suggestion."""
    if not found:
        return ()
    rules = {"steepest": test.steepest(), "valley": test.valley(), "minimum": test.minimum()}
    others = zip(rules.items(), (ORANGE, PINK, RED), strict=True)
    return (
        Mark(f"best {found.best:.2g}", found.best, GREEN, "solid", 2.0),
        *(Mark(f"{name} {x:.2g}", x, colour) for (name, x), colour in others if x is not None),
    )
