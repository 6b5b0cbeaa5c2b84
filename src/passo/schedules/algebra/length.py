"""Measuring: how long a part lasts, what it may fill, and when a value can be asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from passo.ground.checks import brief, write_exact
from passo.ground.errors import NeedsRun, PassoError
from passo.schedules.time import AXES, LONGEST, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from passo.schedules.time import Run, Unit


class Place(NamedTuple):
    """Where a part stands on a run: `left` is what `rest` means here, on the run's axis."""

    run: Run
    left: Fraction

    def measured(self, span: Span) -> Span:
        """`span` in the unit of the run's axis."""
        if span.unit == "rest":
            return Span(self.left, self.run.unit)
        return Span(self.run.measure(span), self.run.unit)

    def with_left(self, left: Fraction) -> Place:
        """The same run with another `rest`, which may not be less than nothing."""
        if left < 0:
            msg = (
                f"'rest' would be {write_exact(left)} {self.run.unit} on {self.run!r}: the other "
                "parts are longer than the run; shorten them or write a longer run"
            )
            raise PassoError(msg)
        return Place(self.run, left)


class Length(NamedTuple):
    """How long a part lasts: `amount` of `unit`; the unit is None where only a run could tell."""

    amount: Fraction
    unit: Unit | None

    @property
    def known(self) -> bool:
        """Whether it can be compared and added without a run."""
        return self.unit is not None

    def times(self, factor: Fraction) -> Length:
        """`factor` times as long."""
        return Length(self.amount * factor, self.unit)


_SHORTEST = Fraction(1, LONGEST)
UNKNOWN = Length(Fraction(1), None)


def length_of(span: Span, run: Run | None = None) -> Length:
    """The length of a span; `rest` is not known yet."""
    if span.unit == "rest":
        return UNKNOWN
    return Length(span.amount, span.unit) if run is None else Length(run.measure(span), run.unit)


def check_length(length: Length | None, code: object) -> None:
    """Refuse what no run can be long enough, or fine enough, to measure."""
    if length is not None and length.known and not _SHORTEST <= length.amount <= LONGEST:
        if length.amount == 0:
            return
        span = f"{float(length.amount) if length.amount < 10**300 else 1e300:.3g} {length.unit}"
        msg = f"a schedule lasts between 10**-18 and 10**18, got {span} in {brief(code)}"
        raise PassoError(msg)


def _differ(one: Fraction, other: Fraction) -> bool:
    return one != other and abs(one - other) > max(one, other) / 10**15


def total_length(lengths: Sequence[Length | None]) -> Length:
    """All of them after one another; in one unit, or not known yet."""
    numerators: dict[int, int] = {}
    units = set()
    for length in lengths:
        if length is not None and (length.amount or not length.known):
            units.add(length.unit)
            amount = length.amount
            numerators[amount.denominator] = (
                numerators.get(amount.denominator, 0) + amount.numerator
            )
    total = sum((Fraction(n, d) for d, n in numerators.items()), Fraction(0))
    return Length(total, units.pop() if len(units) == 1 else None if units else "steps")


def common_length(
    lengths: Iterable[Length | None], sign: str, code: Callable[[], str]
) -> Length | None:
    """The one length of parts that run side by side; endless parts fit any."""
    finite = [length for length in lengths if length is not None]
    if not finite:
        return None
    known = [length for length in finite if length.known]
    for length in known:
        if length.unit == known[0].unit and _differ(length.amount, known[0].amount):
            spans = " and ".join(f"{x.unit}({write_exact(x.amount)})" for x in (known[0], length))
            msg = (
                f"the parts of {sign} must be equally long or endless, got {spans} in {code()}; "
                "write .until(...), or give the shorter one .then(Constant(...)) to its end"
            )
            raise PassoError(msg)
    one_unit = len(known) == len(finite) and len({length.unit for length in known}) == 1
    return known[0] if one_unit else UNKNOWN


def need_axis(units: frozenset[Unit], span_in: Callable[[Unit], Span | None]) -> None:
    """Refuse spans that no single axis measures: values can be asked for on steps, samples, tokens.

    `span_in` finds a span of a unit, to name it.

    >>> from passo import Linear, steps
    >>> s = Linear(0, 1, steps(5))
    >>> need_axis(s.units, s.span_in)
    """
    for unit in sorted(units - set(AXES.values())):
        span = "'rest'" if unit == "rest" else repr(span_in(unit))
        msg = f"{span} needs a run; write schedule.on(Run(...)) first"
        raise NeedsRun(msg)
    if len(units) > 1:
        both = " and ".join(repr(span_in(unit)) for unit in sorted(units))
        msg = f"{both} are in different units; write schedule.on(Run(...)) first"
        raise NeedsRun(msg)
