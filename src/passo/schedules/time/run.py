"""`Run`: how long the whole run is, and how its units relate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

from passo.ground.calls import called_like
from passo.ground.checks import Exact, brief, exact, whole, write_exact
from passo.ground.errors import NeedsRun, PassoError
from passo.ground.schema import anything, record, text
from passo.ground.wanted import Value
from passo.schedules.time.span import LONGEST, Span, as_span, span_from_spec

Axis: TypeAlias = Literal["step", "sample", "token"]
"""What the times of a run count."""
AxisUnit: TypeAlias = Literal["steps", "samples", "tokens"]
"""The same as the unit of a span."""

AXES: Final[dict[Axis, AxisUnit]] = {"step": "steps", "sample": "samples", "token": "tokens"}
_RATES: Final = {
    "epochs": "steps_per_epoch",
    "samples": "samples_per_step",
    "tokens": "tokens_per_step",
}


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Run(Value):
    """How long the whole run is, and how its units relate.

    `length` is a span of updates, epochs, samples or tokens. `steps_per_epoch` counts updates,
    not batches (under gradient accumulation they differ: `Run.of` does that sum).
    `samples_per_step` and `tokens_per_step` are what one update consumes. `axis` is the unit
    that schedules are measured in: "step", "sample" or "token".

    Raises PassoError for what is not positive, NeedsRun where the length cannot be measured.

    >>> from passo import epochs, percent
    >>> run = Run(epochs(90), steps_per_epoch=391)
    >>> run.measure(percent(5)), run.updates
    (Fraction(3519, 2), 35190)
    """

    length: Span
    steps_per_epoch: Fraction | None
    samples_per_step: Fraction | None
    tokens_per_step: Fraction | None
    axis: Axis

    @called_like("Run.of(len(loader), epochs=90), or Run(steps(35_190))")
    def __init__(
        self,
        length: Span,
        *,
        steps_per_epoch: Exact | None = None,
        samples_per_step: Exact | None = None,
        tokens_per_step: Exact | None = None,
        axis: Axis = "step",
    ) -> None:
        as_span(length, "a run's length", zero=False, relative=False, units=("steps", "epochs"))
        if length.unit == "percent":
            msg = f"a run's length cannot be {length!r}: it is what percent is measured on"
            raise PassoError(msg)
        if not isinstance(axis, str) or axis not in AXES:
            msg = f"axis must be one of {', '.join(AXES)}, got {brief(axis)}"
            raise PassoError(msg)
        put = object.__setattr__
        put(self, "length", length)
        for name, rate in zip(
            _RATES.values(), (steps_per_epoch, samples_per_step, tokens_per_step), strict=True
        ):
            put(self, name, _rate(rate, name))
        put(self, "axis", axis)
        self.measure(length)

    @classmethod
    @called_like("Run.of(len(loader), epochs=90)")
    def of(
        cls, batches: int, *, epochs: Exact, accumulate: int = 1, drop_last_window: bool = False
    ) -> Run:
        """The run of the usual loop: `batches = len(loader)`, one update per `accumulate` batches.

        A last window that is not full still makes an update, unless `drop_last_window`.

        >>> Run.of(391, epochs=90, accumulate=4)
        Run(epochs(90), steps_per_epoch=98)
        """
        if hasattr(batches, "__iter__"):
            msg = f"batches is how many there are, got {brief(batches)}; write len(loader)"
            raise PassoError(msg)
        whole(batches, "batches")
        whole(accumulate, "accumulate")
        window = math.floor if drop_last_window else math.ceil
        updates = window(Fraction(batches, accumulate))
        if updates == 0:
            msg = (
                f"accumulate={accumulate} over {batches} batches with drop_last_window=True makes "
                f"no update at all; write accumulate={batches} or less"
            )
            raise PassoError(msg)
        return cls(Span(exact(epochs, "epochs"), "epochs"), steps_per_epoch=updates)

    def __repr__(self) -> str:
        parts = [repr(self.length)]
        rates = {name: getattr(self, name) for name in _RATES.values()}
        parts += [f"{name}={write_exact(rate)}" for name, rate in rates.items() if rate]
        if self.axis != "step":
            parts.append(f'axis="{self.axis}"')
        return f"Run({', '.join(parts)})"

    def __reduce__(self) -> tuple[object, ...]:
        return run_from_spec, (self.to_spec(),)

    def to_spec(self) -> dict[str, Any]:
        """The run as plain data.

        >>> from passo import steps
        >>> Run(steps(10)).to_spec()
        {'length': {'span': '10', 'unit': 'steps'}, 'axis': 'step'}
        """
        spec: dict[str, Any] = {"length": self.length.to_spec()}
        for name in _RATES.values():
            if (rate := getattr(self, name)) is not None:
                spec[name] = str(rate)
        spec["axis"] = self.axis
        return spec

    @property
    def unit(self) -> AxisUnit:
        """The unit of the axis as spans write it: "steps", "samples" or "tokens".

        >>> from passo import steps
        >>> Run(steps(10)).unit
        'steps'
        """
        return AXES[self.axis]

    @property
    def updates(self) -> int:
        """How many updates the run makes, the last one whole: t = 0 ... updates - 1.

        >>> from passo import epochs
        >>> Run(epochs(1.5), steps_per_epoch=3).updates
        5
        """
        return math.ceil(self._in_steps(self.length))

    def measure(self, span: Span) -> Fraction:
        """How long `span` is on the run's axis, exactly.

        >>> from passo import epochs, steps
        >>> Run(steps(1000), steps_per_epoch=100).measure(epochs(0.25))
        Fraction(25, 1)
        """
        as_span(span, "what a run measures")
        if span.unit == "rest":
            msg = "rest has no length of its own: a run measures it beside its siblings"
            raise PassoError(msg)
        if span.unit == "percent":
            return self.measure(self.length) * span.amount / 100
        if span.unit == self.unit:
            return span.amount
        return self._in_steps(span) / self._steps_in(self.unit, span)

    def at(self, update: float) -> float:
        """Where update `update` stands on the axis.

        >>> from passo import tokens
        >>> Run(tokens(4000), tokens_per_step=40, axis="token").at(3)
        120.0
        """
        if self.axis == "step":
            return update
        return float(exact(update, "update") / self._steps_in(self.unit, self.length))

    def update_at(self, position: float) -> float:
        """Which update, fractions included, stands at `position` on the axis.

        >>> from passo import tokens
        >>> Run(tokens(4000), tokens_per_step=40, axis="token").update_at(100.0)
        2.5
        """
        if self.axis == "step":
            return position
        return float(exact(position, "position") * self._steps_in(self.unit, self.length))

    def _in_steps(self, span: Span) -> Fraction:
        return span.amount * self._steps_in(span.unit, span)

    def _steps_in(self, unit: str, asked: Span) -> Fraction:
        """How many updates one `unit` is."""
        if unit == "steps":
            return Fraction(1)
        name = _RATES[unit]
        rate: Fraction | None = getattr(self, name)
        if rate is None:
            msg = f"{asked!r} needs the run's {name}; write Run(..., {name}=...)"
            raise NeedsRun(msg)
        return rate if unit == "epochs" else 1 / rate


def _rate(value: object, name: str) -> Fraction | None:
    if value is None:
        return None
    rate = exact(value, name)
    if not 1 <= rate * LONGEST <= LONGEST**2:
        msg = f"{name} must be between 10**-18 and 10**18, got {brief(value)}"
        raise PassoError(msg)
    return rate


def run_from_spec(spec: dict[str, Any]) -> Run:
    """The run that `Run.to_spec` wrote.

    >>> from passo import epochs
    >>> run_from_spec(Run(epochs(2), steps_per_epoch=7).to_spec())
    Run(epochs(2), steps_per_epoch=7)
    """
    held = _SPEC(spec, "run")
    return Run(span_from_spec(held.pop("length")), axis=held.pop("axis"), **held)


_SPEC: Final = record({"length": anything, "axis": text}, dict.fromkeys(_RATES.values(), exact))
