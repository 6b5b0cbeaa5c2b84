"""What a range test suggests, or why it suggests nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, median_high, median_low
from typing import Any

from passo.ground.errors import PassoError
from passo.trace.values import Rebuilt

SHARE = 20  # of the tested range: a smoothed loss looks back over one of so many parts
NORMAL = 1.4826  # a normal deviation by the median of the distances from the middle
NAMES = ("low", "best", "high", "sure", "reason")
FEWEST = 10
BELOW = 10.0
HIDDEN = 6.3
CLEAR = 5.0
RISEN = 0.25
FALLEN = 0.1
ROUNDING = 1e-5
WILD = 2.0**1000  # a loss beyond it has diverged, and sums of such losses are infinite


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Suggestion(Rebuilt):
    """A range of rates that a range test suggests, or a refusal: then it is false.

    `best` is a tenth of the highest rate at which the loss was still low. `high` is that rate
    divided by 6.3: for plain SGD on a quadratic no rate up to there is beyond the stability limit
    (the integral of ln(abs(1 - x)) / x, by which an exponential ramp shrinks what is unstable from
    2 on, is back at 0 at x = 12.6). With repeats neither is above half of what the lowest allows.
    `low` is where the loss begins to fall, at most a third of `best`. `sure` goes from 0 to 1; it
    orders suggestions and is no probability. `reason` says what they come from. A refusal has none
    of the three rates: to read one raises `PassoError`.

    >>> found = Suggestion(0.01, 0.05, 0.08, 0.9, "a tenth of 0.5")
    >>> if found:
    ...     found.best
    0.05
    >>> bool(Suggestion(None, None, None, 0.0, "the loss did not fall"))
    False
    """

    # Not three fields of `float | None`: a type checker would ask for a test of each, after
    # `if found:` too.
    _rates: tuple[float | None, float | None, float | None]
    sure: float
    reason: str

    def __init__(
        self, low: float | None, best: float | None, high: float | None, sure: float, reason: str
    ) -> None:
        object.__setattr__(self, "_rates", (low, best, high))
        object.__setattr__(self, "sure", sure)
        object.__setattr__(self, "reason", reason)

    def __bool__(self) -> bool:
        return self._rates[1] is not None

    def __repr__(self) -> str:
        return f"Suggestion({', '.join(f'{name}={each!r}' for name, each in self.plain().items())})"

    @property
    def low(self) -> float:
        """The lowest rate that may do as well; raises `PassoError` where it was refused."""
        return self._rate("low")

    @property
    def best(self) -> float:
        """The rate to use; raises `PassoError` where it was refused."""
        return self._rate("best")

    @property
    def high(self) -> float:
        """The highest rate that may do as well; raises `PassoError` where it was refused."""
        return self._rate("high")

    def plain(self) -> dict[str, Any]:
        """Its parts by name; the rates of a refusal are None.

        >>> Suggestion(None, None, None, 0.0, "the loss did not fall").plain()["best"] is None
        True
        """
        return dict(zip(NAMES, self._parts(), strict=True))

    def _parts(self) -> tuple[Any, ...]:
        return (*self._rates, self.sure, self.reason)

    def _rate(self, name: str) -> float:
        value = self._rates[NAMES.index(name)]
        if value is None:
            raise PassoError(
                f"the range test suggests nothing, so there is no {name!r} rate: {self.reason} "
                f"(write `if found:` before found.{name})"
            )
        return value


@dataclass(frozen=True, slots=True)
class Reading:
    """One run, read: where its loss began to fall, was last low, and whether it rose after that."""

    fallen: float
    turn: float
    rose: bool
    clear: float


def refusal(reason: str) -> Suggestion:
    """No suggestion, and why."""
    return Suggestion(None, None, None, 0.0, reason)


def suggest(rates: Sequence[float], runs: Sequence[Sequence[float]]) -> Suggestion:
    """The suggestion of most runs, each read by itself; a refusal where most refuse."""
    found = [read(rates, run) for run in runs]
    readings = [each for each in found if isinstance(each, Reading)]
    if 2 * len(readings) <= len(found):
        whys = [each for each in found if isinstance(each, str)]
        return refusal(max(whys, key=whys.count))
    turns = [each.turn for each in readings]
    if min(turns) <= 0:
        return refusal("the loss was last low at a rate that is not above 0; write low=1e-7")
    turn = _middle(turns)
    high = min(turn / HIDDEN, min(turns) / 2)
    best = min(turn / BELOW, high)
    if best <= rates[0]:
        return refusal(
            f"the loss was last low at {turn:.2g}, less than ten times the lowest rate "
            f"tested; write low={rates[0] / 100:.0e} or less"
        )
    fallen = _middle([each.fallen for each in readings])
    low = max(rates[0], min(fallen, best / 3))
    rose = all(each.rose for each in readings)
    agreement = 1 / (1 + math.log10(max(turns) / min(turns))) * len(readings) / len(found)
    clear = median(each.clear for each in readings)
    sure = agreement * clear / (1 + clear) * (1.0 if rose else 0.5)
    return Suggestion(low, best, high, sure, _words(turn, rates[-1], rose=rose))


def _middle(rates: Sequence[float]) -> float:
    """The median, of two the one between them on a logarithmic axis."""
    low, high = median_low(rates), median_high(rates)
    return low if low == high else math.sqrt(low) * math.sqrt(high)


def _words(turn: float, last: float, *, rose: bool) -> str:
    if rose:
        return f"a tenth of {turn:.2g}, where the loss was last low before it rose"
    return (
        f"a tenth of {turn:.2g}; the loss did not rise up to {last:.2g}, so higher rates "
        "may do as well: write a higher high="
    )


def read(rates: Sequence[float], losses: Sequence[float]) -> Reading | str:
    """One run, read; or in words why it cannot be.

    The level at the lowest rates and the lowest level of a running median tell how far the loss
    fell. The fall counts where the noise would not have made it: five times what the noise leaves
    in a median. The turn is the last rate at which the loss was within a quarter of the fall of its
    lowest level.
    """
    rates, losses = finite(rates, losses)
    count = len(losses)
    if count < FEWEST:
        return _too_few(count)
    width = 2 * (count // 24) + 3
    levels = running_median(losses, width)
    error = 1.25 * noise(losses) / math.sqrt(width)
    start = median(losses[:width])
    lowest = min(levels[width // 2 : count - width // 2])
    fall = start - lowest
    if fall <= max(CLEAR * error, ROUNDING * abs(start)):
        return _no_fall(start, levels, fall, error, rates)
    line = lowest + max(RISEN * fall, CLEAR * error)
    low = [k for k, level in enumerate(levels) if level <= line]
    rose = low[-1] < count - 1
    turn = low[-1] if rose else _last_change(losses)
    edge = start - max(FALLEN * fall, CLEAR * error)
    begin = next((k for k, level in enumerate(levels) if level < edge), levels.index(lowest))
    clear = fall / (2 * error) if error else math.inf
    return Reading(rates[begin], rates[turn], rose, min(clear, 1e6))


def _last_change(losses: Sequence[float]) -> int:
    """The place of the last loss that differs from the one before: after it nothing moved."""
    return max(k for k, (a, b) in enumerate(pairwise(losses), 1) if a != b)


def finite(rates: Sequence[float], losses: Sequence[float]) -> tuple[list[float], list[float]]:
    """What came before the first loss that is not finite (or near it), without the point beside it.

    >>> finite((1, 2, 3, 4), (0.5, 0.4, 0.3, float("nan")))
    ([1, 2], [0.5, 0.4])
    """
    odd = next((k for k, loss in enumerate(losses) if not abs(loss) < WILD), None)
    end = len(losses) if odd is None else max(0, odd - 1)
    return list(rates[:end]), list(losses[:end])


def _too_few(count: int) -> str:
    return (
        f"only {count} points came before the loss diverged or the test ended, and a suggestion "
        f"needs {FEWEST}; write a lower low=, or more steps="
    )


def _no_fall(
    start: float, levels: Sequence[float], fall: float, error: float, rates: Sequence[float]
) -> str:
    line = start + max(CLEAR * error, ROUNDING * abs(start), 2 * fall)
    if levels[-1] > line:
        place = max(k for k, level in enumerate(levels) if level <= line)
        return (
            f"the loss did not fall and rose from {rates[place]:.2g} on: this network is trained "
            "already, low= is too high, or the updates too few; write a lower low=, or more steps="
        )
    if fall <= ROUNDING * abs(start) or error == 0:
        return f"the loss stayed at {start:.4g}: it did not fall up to {rates[-1]:.2g}"
    return (
        f"the loss fell by {fall:.2g}, no more than its noise explains "
        f"(a running median strays by {error:.2g}); write more steps=, or larger batches"
    )


# -- noisy losses made smooth, and how noisy they are


def smoothed(rates: Sequence[float], losses: Sequence[float]) -> tuple[float, ...]:
    """The losses' running mean, whose weights fall by e over a twentieth of the tested range.

        sum(w[j] * losses[j]) / sum(w[j]),    w[j] = exp((x[j] - x[k]) / tau),    j = 0 ... k

    `x` is the logarithm of the rate (the value itself where one is not positive). Dividing by the
    weights makes the mean right from the first point on. It looks back only, so that no loss
    colours what came before it; a loss that is not finite is left out of the mean of later ones.

    >>> smoothed((0.1, 1.0, 10.0), (3.0, 3.0, 3.0))
    (3.0, 3.0, 3.0)
    """
    x = scale(rates)
    tau = _reach(x)
    mean = weight = 0.0
    found = []
    for k, loss in enumerate(losses):
        weight *= math.exp((x[k - 1] - x[k]) / tau) if k else 0.0
        if math.isfinite(loss):
            weight += 1.0
            away = loss - mean
            mean += away / weight if math.isfinite(away) else loss / weight - mean / weight
        found.append(mean if math.isfinite(loss) else loss)
    return tuple(found)


def _reach(x: Sequence[float]) -> float:
    """A twentieth of the tested range; 1 where that is no range."""
    width = x[-1] - x[0]
    return (width / SHARE if width < math.inf else x[-1] / SHARE - x[0] / SHARE) or 1.0


def scale(rates: Sequence[float]) -> list[float]:
    """Where the values stand on their axis: their logarithms, or themselves where one is <= 0.

    >>> scale((0.0, 0.5))
    [0.0, 0.5]
    """
    return [math.log(rate) for rate in rates] if min(rates) > 0 else list(rates)


def running_median(losses: Sequence[float], width: int) -> list[float]:
    """The median of `width` losses around each, of fewer at both ends, always as many on each side.

    A median keeps an edge where it is, and one wild loss does not reach its neighbours.

    >>> running_median([1.0, 1.0, 9.0, 1.0, 0.5], 3)
    [1.0, 1.0, 1.0, 1.0, 0.5]
    """
    found = []
    for k in range(len(losses)):
        reach = min(width // 2, k, len(losses) - 1 - k)
        found.append(median(losses[k - reach : k + reach + 1]))
    return found


def noise(losses: Sequence[float]) -> float:
    """The standard deviation of what is left when every slow movement is taken away.

    From second differences, whose median does not see the few that a jump makes:

        1.4826 * median(abs(y[k-1] - 2 * y[k] + y[k+1])) / sqrt(6)

    >>> noise([1.0, 2.0, 3.0, 4.0])
    0.0
    """
    slopes = [b - a for a, b in pairwise(losses)]
    bends = [abs(b - a) for a, b in pairwise(slopes)]
    return NORMAL * median(bends) / math.sqrt(6) if bends else 0.0
