"""The clock of OLMo-core: steps or tokens, lengths or fractions of t_max."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from passo.catalogue.like.common import LONGEST, at_least, choice, each_of
from passo.catalogue.like.registry import Either, Plan
from passo.ground.checks import brief, exact, whole
from passo.ground.errors import PassoError
from passo.schedules import InversePower, Schedule, Span, base, percent, rest, steps, tokens

_UNITS: Final[dict[str, Callable[[Any], Span]]] = {"steps": steps, "tokens": tokens}
_TENTH: Final = 0.1


@dataclass(frozen=True, slots=True)
class Clock:
    """What its trainer hands over: t_max, in steps or in tokens."""

    t_max: int | None
    units: str = "steps"

    @property
    def axis(self) -> Any:
        """The axis of a Run that counts the same."""
        return self.units.removesuffix("s")

    def span(self, amount: Any) -> Span:
        """So many steps or tokens."""
        return choice(self.units, "units", _UNITS)(amount)

    def length(self, name: str, given: Any, fraction: Any) -> Span:
        """A length, or a fraction of t_max, rounded as theirs where that is known."""
        if (given is None) == (fraction is None):
            msg = (
                f"give one of {name} and {name}_fraction, got {brief(given)} and {brief(fraction)}"
            )
            raise PassoError(msg)
        if given is not None:
            return self.span(whole(given, name, least=0))
        share = at_least(fraction, f"{name}_fraction")
        if share > 1:
            msg = f"{name}_fraction must be from 0 to 1, got {brief(fraction)}"
            raise PassoError(msg)
        if self.t_max is None:
            return 100 * percent(exact(fraction, f"{name}_fraction"))
        return self.span(round(self.t_max * share))

    def whole(self) -> Span:
        """The whole of it."""
        return rest if self.t_max is None else self.span(self.t_max)

    def after(self, warmup: Span) -> Span:
        """What a warm-up leaves."""
        return self._less(warmup, "warmup")

    def stable(self, warmup: Span, decay: Span) -> Span:
        """What a warm-up and a decay leave."""
        return rest if self.t_max is None else self._less(warmup + decay, "warmup and decay")

    def before_end(self, decay: Span) -> Span:
        """When a decay begins that ends with the run."""
        if self.t_max is None and decay.unit == "percent":
            return percent(100) - decay
        return self.counted(self._less(decay, "decay"), "t_max")

    def counted(self, span: Span, name: str) -> Span:
        """A length that is known by itself, and is not nothing."""
        if span.unit in ("rest", "percent"):
            msg = f"{name} must be known here; give t_max=..."
            raise PassoError(msg)
        if not span.amount:
            msg = f"{name} must be at least 1 here, got 0"
            raise PassoError(msg)
        return span

    def _less(self, part: Span, name: str) -> Span:
        if self.t_max is None:
            return rest
        if part.amount > self.t_max:
            msg = f"t_max must be at least {name}, got {self.t_max} and {part!r}"
            raise PassoError(msg)
        return self.span(self.t_max) - part

    def goes_on(self, fall: Schedule, peak: float, end: float, decay: Span) -> Either:
        """A fall whose line goes on below its end, `peak` times the base above it in `decay`."""
        if self.t_max is None:
            return Either(fall, fall)
        line = InversePower(1.0, decay, 1).power(-1)  # 1 + t / decay
        below = (1.0 - line) * (base if peak == 1 else peak * base)
        return Either(fall.then(below + end * line if end else below), fall)


def lengths(*names: str, of: str = "") -> Callable[[Callable[..., Any]], Callable[..., Plan]]:
    """A schedule that takes t_max and units, and each of these lengths as theirs: with _fraction.

    A length may be given by its old name too, with _steps behind; the decay is a tenth where it is
    not given. `of` names what the fraction is of, where that is not t_max.
    """

    def decorated(make: Callable[..., Any]) -> Callable[..., Plan]:
        def called(*, t_max: Any = None, units: Any = "steps", **given: Any) -> Plan:
            clock = Clock(None if t_max is None else whole(t_max, "t_max", most=LONGEST), units)
            choice(units, "units", _UNITS)
            for name in names:
                given[name] = _length(clock, name, given, of)
            made: Plan = make(clock, **given)
            return made

        own = list(inspect.signature(make).parameters.values())[1:]
        more = [
            inspect.Parameter(word, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
            for name in names
            for word in (name, f"{name}_fraction", f"{name}_steps")
        ]
        kept = [each for each in own if each.name not in names]
        extra = [
            inspect.Parameter("t_max", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None),
            inspect.Parameter("units", inspect.Parameter.POSITIONAL_OR_KEYWORD, default="steps"),
        ]
        needed = [each for each in kept if each.default is each.empty]
        rest_of = [each for each in kept if each.default is not each.empty]
        called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [*needed, *more, *rest_of, *extra]
        )
        return called

    return decorated


def _length(clock: Clock, name: str, given: dict[str, Any], of: str) -> Span:
    """A length by its name, its old name or its fraction, taken out of what was given."""
    amount, old = given.pop(name, None), given.pop(f"{name}_steps", None)
    fraction = given.pop(f"{name}_fraction", None)
    if amount is not None and old is not None:
        msg = f"{name}_steps is the old name of {name}; give {name} alone"
        raise PassoError(msg)
    amount = old if amount is None else amount
    if name == "decay" and amount is None and fraction is None:
        fraction = _TENTH
    if of:
        first = each_of(given.get("period_lengths"), "period_lengths")[0]
        clock = Clock(whole(first, of, most=LONGEST), clock.units)
    return clock.length(name, amount, fraction)
