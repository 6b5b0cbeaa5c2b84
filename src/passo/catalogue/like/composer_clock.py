"""The times of composer: strings such as "10ep" and "0.1dur", cut to whole numbers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import above
from passo.ground.checks import brief, exact, whole
from passo.ground.errors import PassoError
from passo.schedules import Schedule, Span, epochs, percent, rest, samples, steps, tokens
from passo.schedules.algebra.limits import MOST_PARTS

_TIME: Final = re.compile(r"(.+?)(iter|ep|ba|sp|tok|dur|sec)", re.IGNORECASE)
_FARTHEST: Final = 10**12  # no clock of a training goes beyond it
_COUNTED: Final[dict[str, Callable[[Any], Span]]] = {
    "ep": epochs,
    "ba": steps,
    "sp": samples,
    "tok": tokens,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """What composer's trainer knows: how long it trains, its loader, its scale_schedule_ratio."""

    max_duration: Any
    dataloader_len: Any
    ssr: Any

    def span(self, given: Any, name: str, *, scaled: bool = True) -> Span:
        """A time as a span, cut where composer cuts it and all that it needs is known."""
        value, unit = _read(given, name)
        ratio = above(self.ssr, "ssr") if scaled else Fraction(1)
        if unit == "dur":
            return self._share(value, name)
        if unit == "ep" and self.dataloader_len is not None:
            return steps(int(value * self._batches() * ratio))
        if unit == "ep" and ratio != 1:
            msg = f"ssr cuts {name}={given!r} to whole batches; give dataloader_len=..."
            raise PassoError(msg)
        return _COUNTED[unit](int(value * ratio))

    def _batches(self) -> int:
        return whole(self.dataloader_len, "dataloader_len")

    def _share(self, value: Fraction, name: str) -> Span:
        """A share of the duration: theirs is a float, cut to whole batches, samples or tokens."""
        if self.max_duration is None:
            return 100 * percent(value)
        amount, unit = _read(self.max_duration, "max_duration")
        if unit == "dur":
            msg = f'max_duration must be a time such as "10ep", got {self.max_duration!r}'
            raise PassoError(msg)
        if unit != "ep":
            return _COUNTED[unit](int(float(value) * int(amount)))
        if self.dataloader_len is None:
            msg = f"{name} is cut to whole batches of max_duration; give dataloader_len=..."
            raise PassoError(msg)
        return steps(int(float(value) * self._batches() * int(amount)))

    def after(self, warmup: Span, t_max: Any) -> Span | None:
        """What of t_max the warm-up leaves; None where it leaves nothing."""
        whole_fall = self.span(t_max, "t_max")
        self._check_reaches(whole_fall, t_max)
        if whole_fall.unit == warmup.unit:
            return whole_fall - warmup if whole_fall.amount > warmup.amount else None
        if whole_fall == percent(100):
            return rest
        msg = (
            f"t_warmup and t_max must be in one unit, got {warmup!r} and {whole_fall!r}; give "
            "dataloader_len=... and max_duration=..."
        )
        raise PassoError(msg)

    def _check_reaches(self, whole_fall: Span, t_max: Any) -> None:
        """Composer refuses a warm-up schedule that ends before the training does."""
        if self.max_duration is None:
            return
        end = self.span(self.max_duration, "max_duration", scaled=False)
        if whole_fall.unit == end.unit and whole_fall.amount < end.amount:
            msg = (
                f"t_max must be at least max_duration, got {t_max!r} and {self.max_duration!r}; "
                'write t_max="1dur"'
            )
            raise PassoError(msg)


def timed_by_trainer(make: Callable[..., Schedule]) -> Callable[..., Schedule]:
    """A schedule that takes the clock as three more arguments: the trainer's, as it calls them."""

    def timed(
        max_duration: Any = None, dataloader_len: Any = None, ssr: Any = 1.0, **arguments: Any
    ) -> Schedule:
        return make(Clock(max_duration, dataloader_len, ssr), **arguments)

    own = list(inspect.signature(make).parameters.values())[1:]
    more = list(inspect.signature(timed).parameters.values())[:-1]
    timed.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
    return timed


def cut_lengths(first: Fraction, grow: Fraction) -> list[int]:
    """The lengths of cycles, each cut to a whole number, up to where they no longer change."""
    amounts = [int(first)]
    while len(amounts) < MOST_PARTS and sum(amounts) < _FARTHEST:
        amount = int(float(min(grow, Fraction(10**300))) * amounts[-1])
        if amount in (0, amounts[-1]):
            break
        amounts.append(amount)
    return amounts


def _read(given: Any, name: str) -> tuple[Fraction, str]:
    """The number and the unit of one of composer's times."""
    found = _TIME.fullmatch(given) if isinstance(given, str) else None
    try:
        value = exact(float(found[1]), name) if found else None
    except ValueError:
        value = None
    if found is None or value is None or value < 0:
        msg = f'{name} must be a time such as "10ep", "500ba" or "0.1dur", got {brief(given)}'
        raise PassoError(msg)
    unit = found[2].lower()
    if unit in ("iter", "sec"):
        msg = f"{name}={given!r} has no place in a run; write it in ep, ba, sp, tok or dur"
        raise PassoError(msg)
    if unit != "dur" and value.denominator != 1:
        msg = f"{name} must be a whole number of {unit}, got {given!r}"
        raise PassoError(msg)
    return value, unit


def not_nothing(span: Span, name: str) -> Span:
    """A span that is not nothing: composer divides by it."""
    if span.amount == 0 and span != rest:
        msg = f"{name} comes to nothing here; make it longer"
        raise PassoError(msg)
    return span
