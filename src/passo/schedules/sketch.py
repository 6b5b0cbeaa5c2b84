"""A curve as text for a terminal and as a small SVG for a notebook; nothing is imported for it."""

from __future__ import annotations

from html import escape
from typing import Final

from passo.ground.checks import whole
from passo.ground.errors import PassoError
from passo.schedules.curve import Curve, Drawable
from passo.schedules.time import Run, Span, steps

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_MARGIN: Final = 11
_NOMINAL: Final = 1000
_WIDE, _HIGH = 360, 120


def text(curve: Curve, *, width: int = 72, height: int = 12) -> str:
    """The area under `curve` in block characters, with its largest and smallest value.

    Each column shows the largest value in its stretch of the run.

    >>> from passo import Linear, Run, steps
    >>> print(text(Linear(0, 1, steps(8)).curve(Run(steps(8))), width=20, height=3))
             1 ┤     ▂▅█
               ┤  ▁▄▇███
             0 ┤▃▆██████
               └────────
                0 ... 8 steps
    """
    columns = whole(width, "width", least=_MARGIN + 4) - _MARGIN - 1
    rows = whole(height, "height", least=2)
    low, high = min(0.0, *curve.values), max(curve.values)
    tops = [_share(value, low, high) * rows for value in _columns(curve, columns)]
    lines = []
    for row in range(rows - 1, -1, -1):
        bars = "".join(_EIGHTHS[max(0, min(8, round((top - row) * 8)))] for top in tops)
        name = f"{high:.3g}" if row == rows - 1 else f"{low:.3g}" if row == 0 else ""
        lines.append(f"{name:>{_MARGIN - 1}} ┤{bars}".rstrip())
    unit = curve.run.unit + (", in multiples of base" if curve.relative else "")
    lines.append(" " * _MARGIN + "└" + "─" * columns)
    lines.append(" " * (_MARGIN + 1) + f"0 ... {curve.times[-1]:.10g} {unit}")
    return "\n".join(lines)


def html(schedule: Drawable) -> str:
    """The code of `schedule` over a small SVG of its curve, where it can be drawn without a run.

    Spans in percent or rest are drawn on a nominal run of 1,000 steps; a schedule in epochs,
    samples and tokens needs its own run, and says so.

    >>> from passo import Linear, steps
    >>> html(Linear(0, 1, steps(8))).count("<polyline")
    1
    """
    code = f"<code>{escape(repr(schedule))}</code>"
    try:
        curve = Curve.of(schedule, _nominal(schedule), points=256)
    except PassoError as error:
        return f"{code}<br><small>{escape(str(error))}</small>"
    return f"<div>{code}<br>{_svg(curve)}</div>"


def _nominal(schedule: Drawable) -> Run:
    """The schedule's own length in steps where it has one, else 1,000 steps."""
    length = schedule.length()
    if length is not None and length.unit == "steps" and length.amount > 0:
        return Run(Span(length.amount, "steps"))
    return Run(steps(_NOMINAL))


def _svg(curve: Curve) -> str:
    low, high = min(0.0, *curve.values), max(curve.values)
    end = curve.times[-1]
    points = " ".join(
        f"{40 + t / end * (_WIDE - 50):.1f},{_HIGH - 20 - _share(v, low, high) * (_HIGH - 30):.1f}"
        for t, v in zip(curve.times, curve.values, strict=True)
    )
    unit = " × base" if curve.relative else ""
    return (
        f'<svg width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="9">'
        f'<path d="M40 6 V{_HIGH - 20} H{_WIDE - 6}" fill="none" stroke="#999"/>'
        f'<polyline points="{points}" fill="none" stroke="#0072B2" stroke-width="1.5"/>'
        f'<text x="36" y="14" text-anchor="end">{high:.3g}</text>'
        f'<text x="36" y="{_HIGH - 20}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{_WIDE - 8}" y="{_HIGH - 6}" text-anchor="end">{end:.6g} '
        f"{curve.run.unit}{unit}</text></svg>"
    )


def _columns(curve: Curve, columns: int) -> list[float]:
    """The largest value in each of so many equal stretches."""
    tops = [float("-inf")] * columns
    end = curve.times[-1]
    for t, value in zip(curve.times, curve.values, strict=True):
        column = min(int(t / end * columns), columns - 1)
        tops[column] = max(tops[column], value)
    for k in range(1, columns):
        if tops[k] == float("-inf"):
            tops[k] = tops[k - 1]
    return tops


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 1.0
