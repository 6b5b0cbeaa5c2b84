"""Spaces that the catalogue's entries offer: their parameters, around what is published."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from passo.catalogue.entry import Entry
from passo.ground.errors import PassoError
from passo.schedules import Schedule, Span, base, percent

PEAK: Final = "peak"
TIMES: Final = (0.1, 10.0)  # of base: the rate is what matters most, and a decade is seldom enough
SHARE: Final = 5.0  # times less or more, of a share of the peak
WIDE: Final = 3.0  # times less or more, of everything else
WHOLE_RUN: Final = 95.0  # percent; what is that long is the run, less its warm-up
ROOM: Final = 4.0  # of what is left of the run a span may take a part of that
HALF: Final = 0.5
MOST: Final = 0.9  # of a factor: at 1 nothing falls


def offered(entry: Entry) -> Callable[[Any], Schedule]:
    """A function of an Optuna trial: the entry with its parameters drawn around their defaults.

    The peak is from 0.1 to 10 times base, logarithmically; a share of the peak from a fifth to five
    times what is published; spans, powers and factors from a third to three times, as far as they
    make sense. What has no range (names, lists, a zero) stays as it is.

    Raises `PassoError` for an entry that is no schedule of a rate.

    >>> from passo import catalogue
    >>> class Lowest:
    ...     def suggest_float(self, name, low, high, log=False):
    ...         return low
    >>> offered(catalogue.named("REX"))(Lowest())
    Rex(0.1 * base, 0, percent(100))
    """
    made = entry.expression
    parameters = inspect.signature(made).parameters if made is not None else {}
    if made is None or PEAK not in parameters or parameters[PEAK].default != base:
        msg = (
            f"{entry.name!r} is no schedule of a rate that has a peak, and offers no space; write "
            "between(0.1, 0.9) or one_of(3, 10) in the text of a schedule"
        )
        raise PassoError(msg)
    defaults = {name: each.default for name, each in parameters.items()}

    def space(trial: Any) -> Schedule:
        times = trial.suggest_float(PEAK, *TIMES, log=True)
        drawn: dict[str, Any] = {}
        for name, value in defaults.items():
            if isinstance(value, Schedule) and name != PEAK:
                drawn[name] = _share(trial, name, value) * times * base
            elif isinstance(value, Span):
                drawn[name] = _span(trial, name, value, defaults)
            elif name != PEAK:
                drawn[name] = _number(trial, name, value)
        return made(**drawn | _remainder(defaults, drawn), **{PEAK: times * base})

    return space


def _share(trial: Any, name: str, value: Schedule) -> float:
    share = value.with_base(1.0)(0)
    found: float = trial.suggest_float(name, share / SHARE, min(SHARE * share, 1.0), log=True)
    return found


def _number(trial: Any, name: str, value: Any) -> Any:
    """A number around its default; what is none, or has no logarithm, as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return value
    if isinstance(value, int):  # some are powers of two
        return trial.suggest_categorical(name, [max(1, value // 2), value, 2 * value])
    if value >= 1.0:
        return trial.suggest_float(name, max(1.0, value / WIDE), WIDE * value, log=True)
    if value < HALF:
        return trial.suggest_float(name, value / WIDE, min(WIDE * value, MOST), log=True)
    rest = 1.0 - value  # what matters of 0.99 is how far it is from 1
    return 1.0 - trial.suggest_float(f"1 - {name}", rest / WIDE, min(WIDE * rest, MOST), log=True)


def _span(trial: Any, name: str, value: Span, defaults: dict[str, Any]) -> Span:
    """A span around its default; of several shares of the run all have room at once."""
    amount = float(value.amount)
    if any(isinstance(each, tuple) for each in defaults.values()):
        return value
    if value.unit != "percent":
        least = max(1, round(amount / WIDE))
        return Span(trial.suggest_int(name, least, round(WIDE * amount), log=True), value.unit)
    shares = [float(each.amount) for each in defaults.values() if _is_part(each)]
    if not _is_part(value) or sum(shares) >= WHOLE_RUN:
        return value
    room = (100.0 - sum(shares)) / ROOM / len(shares)
    return percent(trial.suggest_float(name, amount / WIDE, min(WIDE * amount, amount + room)))


def _is_part(value: Any) -> bool:
    """Whether it is a share of the run, and not all of it."""
    return isinstance(value, Span) and value.unit == "percent" and value.amount < WHOLE_RUN


def _remainder(defaults: dict[str, Any], drawn: dict[str, Any]) -> dict[str, Any]:
    """What goes to the end of the run after a warm-up goes there after any."""
    over, warmup = defaults.get("over"), defaults.get("warmup")
    if not isinstance(over, Span) or not isinstance(warmup, Span):
        return {}
    if _is_part(over) or not _is_part(warmup):
        return {}
    if over.amount + warmup.amount != 100:
        return {}
    return {"over": percent(100 - float(drawn["warmup"].amount))}
