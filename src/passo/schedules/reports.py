"""Reports: which metric was reported when. Read and checked the same wherever they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice, pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from passo.ground.checks import brief, can_be_listed, real, write
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Past: TypeAlias = "Sequence[tuple[float, float]]"
"""The reports of one metric, as (t, value) pairs in the order they were made."""
Report: TypeAlias = "tuple[float, Mapping[str, Any]]"
"""All that was reported at one t."""

_NAN: Final = float("nan")
_PAIR: Final = 2
_LISTED: Final = 8


def as_metric(value: Any) -> float:
    """A reported metric as a float; NaN and infinities are allowed, they happen.

    >>> as_metric(3), as_metric("inf")
    (3.0, inf)
    """
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return _NAN if value == "nan" else float(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"a metric must be a number, got {brief(value)}"
        raise PassoError(msg)
    try:
        number = float(value)
    except OverflowError:
        sign = "-" if value < 0 else ""
        msg = f"a metric must be below 1.8e308, got {brief(value)}; write float('{sign}inf')"
        raise PassoError(msg) from None
    # One NaN for all: tuples of floats are then equal by identity, which NaN is not by value.
    return _NAN if math.isnan(number) else number


def unheard(
    metric: str, updates: int, others: Iterable[str] = (), kind: str = "Plateau"
) -> tuple[str, str]:
    """Of a plateau that was never told its metric: what was seen, and why it matters.

    >>> unheard("val_loss", 80, ["loss", "acc"])[0]
    "Plateau('val_loss') got no metric in 80 updates, and loss, acc were reported"
    """
    names = list(islice(others, _LISTED))
    told = f", and {', '.join(names)} {'were' if len(names) > 1 else 'was'} reported"
    return (
        f"{kind}({metric!r}) got no metric in {updates:,} updates{told if names else ''}",
        "it can only reduce the rate when it is told how training goes",
    )


def as_past(past: Any) -> Past:
    """(t, value) pairs with both checked, and their order.

    >>> as_past([(10, 1)])
    ((10.0, 1.0),)
    """
    reports = tuple(_pair(each) for each in _listed(past, "past"))
    for (before, _), (after, _) in pairwise(reports):
        if after < before:
            late = f"t={write(after)} after t={write(before)}"
            msg = f"reports must be in the order they were made, got {late}"
            raise PassoError(msg)
    if reports and reports[0][0] < 0:
        msg = f"a report cannot be made before t=0, got t={write(reports[0][0])}"
        raise PassoError(msg)
    return reports


def _pair(pair: Any) -> tuple[float, float]:
    if not isinstance(pair, (tuple, list)) or len(pair) != _PAIR:
        msg = f"a past holds (t, metric) pairs, got {brief(pair)}"
        raise PassoError(msg)
    return real(pair[0], "the time of a report"), as_metric(pair[1])


def write_past(past: Past) -> str:
    """The code of a past.

    >>> write_past(((10.0, 1.0), (20.0, float("inf"))))
    '[(10, 1), (20, "inf")]'
    """
    return f"[{', '.join(f'({write(t)}, {_write_metric(metric)})' for t, metric in past)}]"


def _write_metric(metric: float) -> str:
    return write(metric) if math.isfinite(metric) else f'"{metric}"'


def as_reports(reports: Any) -> list[Report]:
    """`(t, {"val_loss": 0.3})` pairs with their times checked.

    >>> as_reports([(10, {"val_loss": 0.3})])
    [(10.0, {'val_loss': 0.3})]
    """
    return [_report(each) for each in _listed(reports, "reports")]


def _report(report: Any) -> Report:
    if not isinstance(report, (tuple, list)) or len(report) != _PAIR:
        msg = f'a report is a pair such as (10, {{"val_loss": 0.3}}), got {brief(report)}'
        raise PassoError(msg)
    t, metrics = report
    if not isinstance(metrics, Mapping):
        msg = f'metrics are a mapping such as {{"val_loss": 0.3}}, got {brief(metrics)}'
        raise PassoError(msg)
    return real(t, "the time of a report"), dict(metrics)


def _listed(values: Any, what: str) -> Iterable[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not can_be_listed(values):
        msg = f"{what} must be a list of pairs, got {brief(values)}"
        raise PassoError(msg)
    return values  # type: ignore[no-any-return]
