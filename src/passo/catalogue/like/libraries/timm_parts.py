"""What timm's schedulers share: a warm-up before the curve or over it, a clock, cycles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import at_least, by_epoch, counted, length, rise, value_at
from passo.ground.checks import brief, exact, real
from passo.ground.errors import PassoError
from passo.schedules import Constant, Schedule, Span, base, steps
from passo.schedules.algebra.atoms import Value

EPOCHS: Final = (
    "It counts epochs unless told otherwise, and holds the rate through each; then the expression "
    "is in epochs, with a stair for each."
)
OVERLAY: Final = (
    "The warm-up lies over the beginning of the curve unless warmup_prefix=True: the curve is left "
    "late, at less than its peak."
)
SCALE: Final = "A group's lr_scale multiplies what this gives."
_CYCLES: Final = (
    (
        "Where cycle_mul is not 1 it finds the cycle by a logarithm that is rounded: at t=1210 "
        "with t_initial=10 and cycle_mul=3 it is a cycle behind. This is in the right one."
    ),
    "Where cycle_mul is below 1 theirs raises once the cycles have no length left; this holds.",
)
FIRST: Final = "t=0 is never asked for: without a warm-up it has the rate itself, not the curve's."
CURVE: Final = (EPOCHS, FIRST, OVERLAY, SCALE, *_CYCLES)


@dataclass(frozen=True, slots=True)
class Warm:
    """What all have: a warm-up before the curve or over it, and a clock."""

    over: Fraction
    start: float
    prefix: bool
    in_epochs: bool

    def before(self, curve: Schedule, peak: Value = base) -> Schedule:
        """The curve after the warm-up."""
        if self.over:
            late = curve if self.prefix else _late(curve, self.over)
            curve = rise(self.over, self.start, peak).then(late)
        elif value_at(curve, 0) != base:
            rest = curve.skip(steps(1)) if curve.units else curve
            curve = Constant(base, steps(1)).then(rest)
        return by_epoch(curve) if self.in_epochs else curve


def _late(curve: Schedule, over: Fraction) -> Schedule:
    """The rest of a curve; what is over by then is at its end."""
    whole_of = curve.length()
    if whole_of is not None and whole_of.amount <= over:
        return Constant(value_at(curve, over))
    return curve.skip(steps(over)) if curve.units else curve


def warm_up(warmup_t: Any, start: Any, prefix: Any, in_epochs: Any) -> Warm:
    """The warm-up of a call."""
    return Warm(
        length(warmup_t, "warmup_t"), real(start, "warmup_lr_init"), bool(prefix), bool(in_epochs)
    )


def cycles_of(
    curve: Callable[[Value, Value, Span], Schedule],
    t_initial: Any,
    lr_min: Any,
    cycle_mul: Any,
    cycle_decay: Any,
    cycle_limit: Any,
) -> Schedule:
    """Cycles of a curve from a value to another: each longer, each lower, and then lr_min."""
    span, low = steps(above_zero(t_initial, "t_initial")), at_least(lr_min, "lr_min")
    limit, decay = counted(cycle_limit, "cycle_limit", least=0), real(cycle_decay, "cycle_decay")
    grow = exact(cycle_mul, "cycle_mul")
    if limit == 0:
        return Constant(low)
    flat = curve(1.0, 0.0, span)
    if isinstance(flat, Constant):  # to the power of 0: held until the last cycle is over
        whole_of = flat * base
        held = whole_of if limit == 1 else whole_of.repeat(limit, grow=grow, scale=decay)
        return held.then(Constant(low))
    if limit == 1:
        made = curve(base, low, span)
    elif decay == 1 or low == 0:
        made = curve(base, low, span).repeat(limit, grow=grow, scale=decay)
    else:
        falling = curve(base, 0.0, span).repeat(limit, grow=grow, scale=decay)
        made = falling + curve(0.0, low, span).repeat(limit, grow=grow)
    return made


def above_zero(value: Any, name: str) -> Fraction:
    """A length that is not 0."""
    amount = length(value, name)
    if amount == 0:
        msg = f"{name} must be above 0, got {brief(value)}"
        raise PassoError(msg)
    return amount
