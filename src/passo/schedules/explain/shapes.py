"""Known shapes between two ends, and which of them goes through given points."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.ground.errors import PassoError
from passo.schedules.shapes import Cosine, Geometric, Linear, Polynomial, Power
from passo.schedules.shapes.published import CosinePower, Hyperbolic, Logarithmic, Rex, Tanh
from passo.schedules.time import steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from passo.schedules.algebra.schedule import Schedule

_UNIT = steps(1)
_FINE = 6  # digits of a power that is read from a curve
_STRAIGHT = 1e-6  # rates below it are lines


class Shape(NamedTuple):
    """A shape with its name: the value at a share of the way from 0 to 1."""

    name: str
    at: Callable[[float], float]


def fitting(middle: float, start: float, end: float) -> Iterator[Shape]:
    """The shapes from `start` to `end`, the plain ones first; those with a power go by `middle`.

    >>> [shape.name for shape in fitting(0.25, 1, 0)][:3]
    ['a line', 'half a cosine', 'a square root of what is gone (1-sqrt)']
    """
    makers: dict[str, Callable[[], Schedule]] = {
        "a line": lambda: Linear(start, end, _UNIT),
        "half a cosine": lambda: Cosine(start, end, _UNIT),
        "a square root of what is gone (1-sqrt)": lambda: Power(start, end, _UNIT, power=0.5),
        "a square of what is left": lambda: Polynomial(start, end, _UNIT, power=2),
        "equal ratios": lambda: Geometric(start, end, _UNIT),
        "a quarter of a cosine": lambda: Cosine(start, 2 * end - start, steps(2)),
        "a reflected exponential (REX)": lambda: Rex(start, end, _UNIT),
        "a hyperbolic tangent": lambda: Tanh(start, end, _UNIT),
        "a hyperbola": lambda: Hyperbolic(start, end, _UNIT),
    }
    for name, make in makers.items():
        if (made := _made(make)) is not None:
            yield Shape(name, made)
    share = (middle - start) / (end - start) if end != start else 0.0
    if 0 < share < 1:
        yield from _by_middle(share, start, end)


def _by_middle(share: float, start: float, end: float) -> Iterator[Shape]:
    gone, left = -math.log2(share), -math.log2(1 - share)
    powers: dict[str, tuple[Any, float]] = {
        "power {} of what is gone": (Power, gone),
        "power {} of what is left": (Polynomial, left),
        "power {} of half a cosine": (CosinePower, left),
    }
    for name, (leaf, exact) in powers.items():
        power = round(exact, _FINE)
        made = _made(partial(leaf, start, end, _UNIT, power=power))
        if made is not None:
            yield Shape(name.format(f"{power:.6g}"), made)
    rate = 2 * math.log(share / (1 - share))
    if abs(rate) > _STRAIGHT:
        whole = math.expm1(-rate)
        yield Shape(
            "an exponential",
            lambda u: start + (end - start) * math.expm1(-rate * min(u, 1.0)) / whole,
        )
    if share > 0.5:  # ln(1 + 1 / 2s) / ln(1 + 1 / s) falls to a half as s grows
        scale = _scale(share)
        made = _made(lambda: Logarithmic(start, end, _UNIT, scale=steps(scale)))
        if made is not None:
            yield Shape("a logarithm", made)


def _scale(share: float) -> float:
    low, high = 1e-9, 1e9
    for _ in range(200):
        middle = math.sqrt(low * high)
        here = math.log1p(0.5 / middle) / math.log1p(1 / middle)
        low, high = (middle, high) if here > share else (low, middle)
    return low


def _made(make: Callable[[], Schedule]) -> Callable[[float], float] | None:
    """What a leaf is as a function; None where it does not take these ends."""
    try:
        schedule = make()
    except PassoError:
        return None
    return lambda u: schedule(min(max(u, 0.0), 1.0))
