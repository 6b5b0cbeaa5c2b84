"""Recipes that go up and down: one cycle, triangles, warm restarts."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from passo.ground.checks import Exact, brief, exact, one_of, real, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_value, base
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes.calls import recipe
from passo.schedules.shapes import Constant, Cosine, Exponential, Linear
from passo.schedules.time import Span, as_span, percent, rest, steps

Bend: TypeAlias = Literal["cosine", "linear"]
"""The shape of each way of one cycle."""
Phases: TypeAlias = Literal[2, 3]
"""Up and down; or up, down as long, and on to the end."""
Height: TypeAlias = Literal["triangular", "triangular2", "exp_range"]
"""How high the triangles are, one after another."""

_SHAPES: Final[dict[Bend, type[Cosine | Linear]]] = {"cosine": Cosine, "linear": Linear}


@recipe
def one_cycle(
    *,
    peak: Value = base,
    rise: Span = percent(30),
    fall: Span | None = None,
    initial: float = 1 / 25,
    final: float = 1 / 250_000,
    shape: Bend = "cosine",
    phases: Phases = 2,
) -> Schedule:
    """Up to `peak` over `rise`, then down to `final * peak` over `fall` (None: the rest).

        shape(initial * peak, peak, rise).then(shape(peak, final * peak))

    `initial` and `final` are ratios of the peak; `shape` is "cosine" or "linear". With three
    `phases` the way down takes `fall` (None: as long as the way up), and the rest goes on to
    `final`. Source:
    Smith and Topin 2017, arXiv:1708.07120; torch's OneCycleLR, whose rise is one update shorter.

    >>> one_cycle(peak=1.0, final=0.01)
    Cosine(0.04, 1, percent(30)).then(Cosine(1, 0.01))
    """
    bend = _shape(shape)
    top = as_value(peak, "peak")
    low, end = real(initial, "initial") * top, real(final, "final") * top
    up = bend(low, top, as_span(rise, "rise", relative=False))
    if _phases(phases) == 2:
        return up.then(bend(top, end, _fall(fall, rest)))
    return up.then(bend(top, low, _fall(fall, rise)), bend(low, end))


@recipe
def one_cycle_momentum(
    *,
    low: float = 0.85,
    high: float = 0.95,
    rise: Span = percent(30),
    fall: Span | None = None,
    shape: Bend = "cosine",
    phases: Phases = 2,
) -> Schedule:
    """The momentum beside `one_cycle`: down to `low` while the rate rises, then back to `high`.

        shape(high, low, rise).then(shape(low, high))

    The way back takes `fall` (None: the rest; with three `phases`, as long as the way down), and
    then it stays. Source: Smith 2018,
    arXiv:1803.09820; torch's OneCycleLR.

    >>> one_cycle_momentum()
    Cosine(0.95, 0.85, percent(30)).then(Cosine(0.85, 0.95))
    """
    bend, low, high = _shape(shape), real(low, "low"), real(high, "high")
    down = bend(high, low, as_span(rise, "rise", relative=False))
    if _phases(phases) == 2:
        return down.then(bend(low, high, _fall(fall, rest)))
    return down.then(bend(low, high, _fall(fall, rise)), Constant(high, rest))


@recipe
def cyclic(
    low: Value,
    *,
    peak: Value = base,
    rise: Span = steps(2000),
    fall: Span | None = None,
    mode: Height = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    """Triangles between `low` and `peak`, up over `rise` and down over `fall` (None: the same).

        low + (peak - low) * triangle(t) * {1, 0.5 ** cycle, gamma ** t}

    The three factors are the modes "triangular", "triangular2" and "exp_range"; only the last
    takes `gamma`. Source: Smith 2017, arXiv:1506.01186; torch's CyclicLR.

    >>> cyclic(0.1, peak=1.0, rise=steps(10))
    Linear(0.1, 1, steps(10)).then(Linear(1, 0.1, steps(10))).repeat()
    """
    return _triangles(as_value(low, "low"), as_value(peak, "peak"), rise, fall, mode, gamma)


@recipe
def cyclic_momentum(
    *,
    low: float = 0.8,
    high: float = 0.9,
    rise: Span = steps(2000),
    fall: Span | None = None,
    mode: Height = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    """The momentum beside `cyclic`: triangles down from `high` to `low` and back.

        high - (high - low) * triangle(t) * {1, 0.5 ** cycle, gamma ** t}

    Source: Smith 2018, arXiv:1803.09820; torch's CyclicLR.

    >>> cyclic_momentum(rise=steps(10))
    Linear(0.9, 0.8, steps(10)).then(Linear(0.8, 0.9, steps(10))).repeat()
    """
    return _triangles(real(high, "high"), real(low, "low"), rise, fall, mode, gamma)


@recipe
def warm_restarts(
    *, first: Span, grow: Exact = 1.0, shrink: float = 1.0, peak: Value = base, floor: Value = 0.0
) -> Schedule:
    """Cosines from `peak` to `floor`, each `grow` times longer, its peak `shrink` times the last.

        floor + (peak * shrink ** k - floor) * (1 + cos(pi * u)) / 2,    u within cycle k

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983 (SGDR); timm's cycle_decay.

    >>> warm_restarts(first=steps(10), grow=2, peak=1.0)
    Cosine(1, 0, steps(10)).repeat(grow=2)
    """
    as_span(first, "first", zero=False, relative=False)
    peak, floor = as_value(peak, "peak"), as_value(floor, "floor")
    if real(shrink, "shrink") == 1.0 or floor == 0:
        return Cosine(peak, floor, first).repeat(grow=grow, scale=shrink)
    falling = Cosine(peak, 0.0, first).repeat(grow=grow, scale=shrink)
    return falling + Cosine(0.0, floor, first).repeat(grow=grow)


@recipe
def wave(
    *, cycles: Exact = 0.5, over: Span = percent(100), peak: Value = base, floor: Value = 0.0
) -> Schedule:
    """A cosine that climbs again: `cycles` whole waves between `peak` and `floor` over `over`.

        floor + (peak - floor) * (1 + cos(2 * pi * cycles * t / over)) / 2,    for ever

    With half a cycle it is `cosine_decay` up to `over`, and climbs past it; `.until(over)` ends it
    there. Raises PassoError for `rest`, which has no length. Source: transformers'
    get_cosine_schedule_with_warmup(num_cycles=cycles); torch's CosineAnnealingLR past T_max.

    >>> from passo import steps
    >>> wave(cycles=1.5, over=steps(90), peak=1.0)
    Cosine(1, 0, steps(30)).then(Cosine(0, 1, steps(30))).repeat()
    """
    number = exact(cycles, "cycles")
    if number <= 0:
        msg = f"cycles must be more than 0, got {brief(cycles)}"
        raise PassoError(msg)
    half = as_span(over, "over", zero=False, relative=False) / (2 * number)
    top, bottom = as_value(peak, "peak"), as_value(floor, "floor")
    return Cosine(top, bottom, half).then(Cosine(bottom, top, half)).repeat()


def _triangles(
    outer: Value, inner: Value, rise: Span, fall: Span | None, mode: Height, gamma: float
) -> Schedule:
    """From `outer` to `inner` and back, for ever."""
    up = as_span(rise, "rise", relative=False)
    down = up if fall is None else as_span(fall, "fall", relative=False)
    one_of(mode, "mode", Height)
    if real(gamma, "gamma") != 1.0 and mode != "exp_range":
        msg = f'gamma={write(gamma)} has no meaning in mode {mode!r}; write mode="exp_range"'
        raise PassoError(msg)
    if mode == "triangular":
        return Linear(outer, inner, up).then(Linear(inner, outer, down)).repeat()
    height = as_value(inner + -1 * outer, "the height of a cycle")
    triangle = Linear(0.0, height, up).then(Linear(height, 0.0, down))
    if mode == "triangular2":
        return outer + triangle.repeat(scale=0.5)
    return outer + triangle.repeat() * Exponential(1.0, gamma)


def _shape(name: Bend) -> type[Cosine | Linear]:
    one_of(name, "shape", Bend)
    return _SHAPES[name]


def _fall(fall: Span | None, otherwise: Span) -> Span:
    return otherwise if fall is None else as_span(fall, "fall")


def _phases(phases: Phases) -> Phases:
    if phases not in get_args(Phases) or isinstance(phases, bool):
        msg = f"phases must be 2 or 3, got {brief(phases)}"
        raise PassoError(msg)
    return phases
