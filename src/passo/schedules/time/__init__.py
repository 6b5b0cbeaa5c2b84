"""Time with a unit: `Span` says how long, `Run` how long everything is and how units relate."""

from passo.schedules.time.run import AXES, Axis, AxisUnit, Run, run_from_spec
from passo.schedules.time.span import (
    LONGEST,
    Span,
    Unit,
    as_span,
    epochs,
    percent,
    rest,
    samples,
    span_from_spec,
    steps,
    tokens,
)

__all__ = [
    "AXES",
    "LONGEST",
    "Axis",
    "AxisUnit",
    "Run",
    "Span",
    "Unit",
    "as_span",
    "epochs",
    "percent",
    "rest",
    "run_from_spec",
    "samples",
    "span_from_spec",
    "steps",
    "tokens",
]
