"""Generated schedules: every leaf, every node, every recipe, valid by construction.

A tree is drawn from the top down. Each part is told how long it must be (`Need`), so that the
parts of a sum are equally long and a `then` never begins what could not end. Lengths are in
steps and mostly dyadic, hence exact as floats; `trees()` then writes the same lengths in other
units, and some as `rest`. A new shape is a row of `RAMPS` or `ENDLESS` in `schedules/leaves.py`.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st

import passo
from passo import Schedule, Span, base, steps
from passo.schedules import recipes
from passo.schedules.algebra import Maximum, Minimum, Product, Sum
from tests.schedules.leaves import (
    ENDLESS,
    LEAVES,
    RAMPS,
    THIRD,
    UNITS,
    expressions,
    lengths,
    numbers,
    positives,
    powers,
    ramps,
    runs,
    spans,
)
from tests.schedules.units import rewritten

__all__ = ["BRANCHES", "LEAVES", "NODES", "RECIPES", "pairs", "placed_trees", "trees"]


HEARING = frozenset({"Bounce", "Greedy", "Plateau"})


class Need(NamedTuple):
    """What a part must be: so many steps long (None: for ever), without these kinds."""

    length: Fraction | None
    without: frozenset[str] = frozenset()


@st.composite
def atoms(draw: Any, need: Need) -> Schedule:
    """A leaf, `base` or a plateau of the length that is needed."""
    known = ENDLESS if need.length is None else RAMPS
    name = draw(st.sampled_from(sorted(set(known) - need.without)))
    if need.length is None:
        return draw(ENDLESS[name])
    leaf = draw(ramps(name, need.length))
    if "Base" not in need.without and hasattr(leaf, "end") and draw(st.integers(0, 7)) == 0:
        return from_fields(leaf, start=draw(expressions), end=draw(positives))
    return leaf


def from_fields(schedule: Schedule, **changed: Any) -> Schedule:
    """The same leaf with other fields."""
    spec = {k: v.to_spec() if hasattr(v, "to_spec") else v for k, v in changed.items()}
    return passo.from_spec(schedule.to_spec() | spec)


# -- nodes: each is told what is needed, and asks `children(need, deep=...)` for its parts


@st.composite
def _then(draw: Any, children: Any, need: Need) -> Schedule:
    count = draw(st.integers(2, 3))
    if need.length is None:
        sizes = [*(draw(lengths) for _ in range(count - 1)), None]
    else:
        cuts = sorted(draw(st.sets(st.integers(1, 7), min_size=count - 1, max_size=count - 1)))
        edges = [need.length * k / 8 for k in (0, *cuts, 8)]
        sizes = [after - before for before, after in pairwise(edges)]
    deep = draw(st.integers(0, count - 1))
    parts = [draw(children(need._replace(length=n), deep=k == deep)) for k, n in enumerate(sizes)]
    if draw(st.integers(0, 3)) == 0:
        parts.insert(draw(st.integers(0, count - 1)), draw(atoms(Need(Fraction(0), need.without))))
    return parts[0].then(*parts[1:])


def _parallel(kind: type) -> Any:
    @st.composite
    def made(draw: Any, children: Any, need: Need) -> Schedule:
        parts = [draw(children(need, deep=True))]
        for _ in range(draw(st.integers(1, 2))):
            length = draw(st.sampled_from([need.length, None]))
            parts.append(draw(children(need._replace(length=length), deep=False)))
        return kind.of(draw(st.permutations(parts)))

    return made


@st.composite
def _repeat(draw: Any, children: Any, need: Need) -> Schedule:
    ways = [(2, 1), (4, 1), (3, 1), (2, 3), (2, Fraction(1, 2)), (3, 2)]
    times, grow = draw(st.sampled_from(ways if need.length is not None else [(None, 1), (None, 2)]))
    if need.length is None:
        length = draw(lengths)
    else:
        length = need.length / sum(Fraction(grow) ** k for k in range(times))
    part = draw(children(Need(length, need.without | HEARING), deep=True))
    return part.repeat(times, grow=grow, scale=draw(st.sampled_from([1.0, 0.5, -0.5])))


@st.composite
def _stretch(draw: Any, children: Any, need: Need) -> Schedule:
    factor = draw(st.sampled_from([Fraction(2), Fraction(1, 4), Fraction(3)]))
    length = None if need.length is None else need.length / factor
    return draw(children(need._replace(length=length), deep=True)).stretch(factor)


@st.composite
def _skip(draw: Any, children: Any, need: Need) -> Schedule:
    span = draw(lengths)
    length = None if need.length is None else need.length + span
    return draw(children(need._replace(length=length), deep=True)).skip(steps(span))


@st.composite
def _until(draw: Any, children: Any, need: Need) -> Schedule:
    length = draw(st.none() | lengths)
    return draw(children(need._replace(length=length), deep=True)).until(steps(need.length))


@st.composite
def _staircase(draw: Any, children: Any, need: Need) -> Schedule:
    stair = draw(lengths | st.sampled_from([THIRD, Fraction(1, 10)]))
    return draw(children(need, deep=True)).staircase(steps(stair))


@st.composite
def _clip(draw: Any, children: Any, need: Need) -> Schedule:
    low, high = sorted([draw(numbers), draw(numbers)])
    bounds = draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    return draw(children(need, deep=True)).clip(*bounds)


@st.composite
def _raise(draw: Any, children: Any, need: Need) -> Schedule:
    part = draw(children(need, deep=True))
    power = draw(st.sampled_from([2.0, 3.0, 0.5]))
    return part.power(power) if power != 0.5 else part.maximum(0.0).power(power)


@st.composite
def _round(draw: Any, children: Any, need: Need) -> Schedule:
    part, to = draw(children(need, deep=True)), draw(st.sampled_from([1, 8, 0.1, 0.25]))
    return (100 * part if to == 8 else part).round(to)


@st.composite
def _cooldown(draw: Any, children: Any, need: Need) -> Schedule:
    at = need.length * draw(st.integers(0, 7)) / 8
    part = draw(children(need._replace(length=draw(st.none() | lengths)), deep=True))
    shape = draw(st.sampled_from(["linear", "cosine", "1-sqrt"]))
    return part.cooldown(steps(at), steps(need.length - at), draw(numbers), shape)


BRANCHES = {
    "Then": _then,
    "Sum": _parallel(Sum),
    "Product": _parallel(Product),
    "Minimum": _parallel(Minimum),
    "Maximum": _parallel(Maximum),
    "Repeat": _repeat,
    "Stretch": _stretch,
    "Skip": _skip,
    "Until": _until,
    "Staircase": _staircase,
    "Clip": _clip,
    "Raise": _raise,
    "Round": _round,
    "Cooldown": _cooldown,
}
NODES = {
    **BRANCHES,
    "Base": lambda _children, _need: st.just(base),
}


@st.composite
def grown(draw: Any, need: Need, depth: int, above: str = "") -> Schedule:
    """A tree `depth` deep: a child of its parent's own kind would be merged into it."""
    if depth <= 1:
        return draw(atoms(need))
    ends = set() if need.length is not None else {"Until", "Cooldown"}
    name = draw(st.sampled_from(sorted(set(BRANCHES) - {above} - ends - need.without)))

    def children(child: Need, *, deep: bool) -> st.SearchStrategy[Schedule]:
        return grown(child, depth - 1 if deep else draw(st.sampled_from([1, 1, 2])), name)

    return draw(BRANCHES[name](children, need))


@st.composite
def raw_trees(draw: Any, without: tuple[str, ...] = (), endless: bool = True) -> Schedule:
    """Trees in steps, 4 to 6 deep; `base` may stand in them."""
    length = draw(lengths | st.none()) if endless else draw(lengths)
    kinds = frozenset(without) | (HEARING if "Plateau" in without else set())
    return draw(grown(Need(length, kinds), draw(st.sampled_from([4, 4, 5, 6]))))


def placed_trees(without: tuple[str, ...] = (), *, endless: bool = True) -> Any:
    """Trees in steps that can be asked for values."""
    return raw_trees((*without, "Base"), endless)


@st.composite
def pairs(draw: Any, without: tuple[str, ...] = (), axis: str = "step") -> Any:
    """The same tree twice, in steps and in many units with `rest`, and a run that fits both."""
    placed = draw(raw_trees(without))
    length = placed.length()
    run = draw(runs(steps(64) if length is None else Span(length.amount, "steps"), axis))
    return placed, rewritten(draw, placed, run), run


def trees(without: tuple[str, ...] = ()) -> st.SearchStrategy[Schedule]:
    """Trees over every node and leaf, 4 and more deep, in every unit."""
    return pairs(without).map(lambda pair: pair[1])


# -- recipes

_peaks, _warm = positives | expressions, st.sampled_from([steps(8), steps(0), passo.percent(5)])
_every, _shape = spans(UNITS).filter(lambda s: s.amount > 0), st.sampled_from(["cosine", "linear"])
_phases = st.sampled_from([2, 3])
_rise = st.sampled_from([passo.percent(30), steps(20)])
_modes = st.sampled_from(["triangular", "triangular2", "exp_range"])
_milestones = st.lists(lengths, min_size=1, max_size=4, unique=True).map(
    lambda ls: [steps(x) for x in sorted(ls)]
)
RECIPES: dict[str, st.SearchStrategy[Schedule]] = {
    "chebyshev": st.builds(
        recipes.chebyshev,
        count=st.sampled_from([1, 2, 8]),
        every=lengths.map(steps),
        ratio=st.sampled_from([0.05, 0.5, 1.0]),
        peak=_peaks,
    ),
    "cosine_decay": st.builds(recipes.cosine_decay, peak=_peaks, over=spans(), floor=numbers),
    "cyclic": st.builds(
        recipes.cyclic, numbers, peak=_peaks, rise=_every, fall=st.none() | _every, mode=_modes
    ),
    "cyclic_momentum": st.builds(
        recipes.cyclic_momentum, low=numbers, high=numbers, rise=_every, mode=_modes
    ),
    "exponential_decay": st.builds(recipes.exponential_decay, positives, every=_every, peak=_peaks),
    "htd": st.builds(
        recipes.htd,
        peak=_peaks,
        over=spans(),
        floor=numbers,
        low=st.floats(-6, 1),
        high=st.floats(1.5, 6),
    ),
    "inverse_sqrt": st.builds(recipes.inverse_sqrt, peak=_peaks, warmup=_every),
    "multistep_decay": st.builds(
        recipes.multistep_decay, _milestones, gamma=positives, peak=_peaks
    ),
    "noam": st.builds(
        recipes.noam, st.integers(1, 4096), warmup=lengths.map(steps), scale=positives
    ),
    "one_cycle": st.builds(
        recipes.one_cycle,
        peak=_peaks,
        rise=_rise,
        fall=st.none() | _every,
        shape=_shape,
        phases=_phases,
    ),
    "one_cycle_momentum": st.builds(
        recipes.one_cycle_momentum,
        low=numbers,
        high=numbers,
        rise=_rise,
        fall=st.none() | _every,
        shape=_shape,
        phases=_phases,
    ),
    "polynomial_decay": st.builds(
        recipes.polynomial_decay, peak=_peaks, over=spans(), power=powers, floor=numbers
    ),
    "step_decay": st.builds(recipes.step_decay, _every, gamma=positives, peak=_peaks),
    "warm_restarts": st.builds(
        recipes.warm_restarts,
        first=_every,
        grow=st.sampled_from([1.0, 2.0]),
        shrink=positives,
        peak=_peaks,
        floor=numbers,
    ),
    "warmup_constant": st.builds(recipes.warmup_constant, peak=_peaks, warmup=_warm, start=numbers),
    "warmup_cosine": st.builds(
        recipes.warmup_cosine, peak=_peaks, warmup=_warm, floor=numbers, start=numbers
    ),
    "warmup_linear": st.builds(
        recipes.warmup_linear, peak=_peaks, warmup=_warm, floor=numbers, start=numbers
    ),
    "wave": st.builds(
        recipes.wave,
        cycles=st.sampled_from([0.5, 1.5, 2.25]),
        over=_every,
        peak=_peaks,
        floor=numbers,
    ),
    "wsd": st.builds(
        recipes.wsd,
        peak=_peaks,
        warmup=_warm,
        cooldown=_warm,
        shape=st.sampled_from(["linear", "cosine", "1-sqrt", 2, 0.7, "mirror", "exponential"]),
        floor=numbers,
    ),
}
