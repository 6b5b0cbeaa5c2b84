"""How sure a difference between two plans is: Student's t of paired differences, for all at once.

Each pair has the spread of its own differences, since plans differ in their noise: with one spread
for all (Tukey's) a noisy plan makes the others differ. Sources: Student 1908 (the t of paired
differences), Dunn 1961 (the share of each of m intervals), Maxwell 1980 (why each its own spread).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import fmean, stdev
from typing import Any, Final

from passo.ground.calls import called_like
from passo.ground.checks import real
from passo.ground.errors import PassoError
from passo.ground.extras import need

SURE: Final = 0.95
POWER: Final = 0.8
MOST_SEEDS: Final = 1000
_LEAST_DIGITS, _MOST_DIGITS = 2, 6  # a margin below a millionth is rounding
EXTRA: Final = "passo[sweep]"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two plans, by the differences of their losses seed by seed: `first` less `second`.

        mean ± t(1 - (1 - 0.95) / (2 m), n - 1) * spread / sqrt(n)

    of n seeds and m pairs that were looked at together: of all m intervals none misses, 95 times in
    100. Without two seeds that both plans finished there are no numbers in it, only NaN.

    >>> pair = Pair("a", "b", (0.2, 0.3, 0.4), of=1)
    >>> print(pair)
    'b' is better than 'a': its loss is 0.3 lower (0.052 to 0.55)
    """

    first: str
    second: str
    differences: tuple[float, ...]
    of: int
    missing: int = 0
    is_noiseless: bool = False

    @property
    def seeds(self) -> int:
        """How many seeds both plans finished."""
        return len(self.differences)

    @property
    def mean(self) -> float:
        """The mean difference; below 0 the first is better."""
        return fmean(self.differences) if self.differences else math.nan

    @property
    def spread(self) -> float:
        """The standard deviation of the differences."""
        return stdev(self.differences) if self.seeds > 1 else math.nan

    @property
    def half(self) -> float:
        """Half of the interval."""
        if self.seeds < 2:
            return math.nan
        return critical(self.seeds, self.of) * self.spread / math.sqrt(self.seeds)

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.mean + self.half

    @property
    def is_told(self) -> bool:
        """Whether the two can be told apart.

        Not where a run has no loss, since those that are left were not drawn by chance; and not
        where the seed changes nothing, since then nothing is known of the noise.
        """
        return abs(self.mean) > self.half and not self.missing and not self.is_noiseless

    @called_like("pair.seeds_for(0.1)")
    def seeds_for(self, difference: float) -> int | None:
        """How many seeds would tell a difference of that size, 4 times in 5; None: over 1,000.

        By the noncentral t with the spread that these seeds have. Raises `PassoError` for a
        difference that is not above 0.

        >>> Pair("a", "b", (0.2, -0.1, 0.3, 0.0), of=1).seeds_for(0.3)
        6
        """
        size = abs(real(difference, "a difference"))
        if not size:
            msg = "a difference is not 0, which no number of seeds can tell; write seeds_for(0.01)"
            raise PassoError(msg)
        if math.isnan(self.spread):
            return None
        if self.spread <= 1e-12 * size:
            return 2
        return _fewest(size / self.spread, self.of)

    def __str__(self) -> str:
        """What can be said of the two."""
        if self.missing:
            return f"{self.first!r} and {self.second!r} are not compared: {self._why_missing()}"
        if self.is_noiseless:
            return (
                f"{self.first!r} and {self.second!r} are not compared: each has the same loss with "
                "every seed, so that nothing is known of its noise"
            )
        if self.is_told:
            better, worse = (self.first, self.second)[:: 1 if self.mean < 0 else -1]
            low, high = sorted((abs(self.low), abs(self.high)))
            mean, margin = with_margin(abs(self.mean), low, high)
            return f"{better!r} is better than {worse!r}: its loss is {mean} lower {margin}"
        mean, margin = with_margin(self.mean, self.low, self.high, sign="+")
        return (
            f"{self.first!r} and {self.second!r} cannot be told apart with {self.seeds} seeds: "
            f"{mean} {margin}{self._more()}"
        )

    def _why_missing(self) -> str:
        seeds = "1 seed" if self.missing == 1 else f"{self.missing} seeds"
        return f"with {seeds} a run has no loss"

    def _more(self) -> str:
        if not self.mean:
            return ""
        size = f"{abs(self.mean):.2g}"
        seeds = self.seeds_for(self.mean)
        if seeds is None:
            return f"; a difference of {size} takes more than {MOST_SEEDS:,} seeds"
        return f"; {seeds:,} would tell a difference of {size}"


def with_margin(mean: float, low: float, high: float, sign: str = "") -> tuple[str, str]:
    """A mean and its interval, in as few digits as tell the ends apart, two at least.

    >>> with_margin(0.25, 0.13, 0.37), with_margin(0.2022, 0.2002, 0.2042)
    (('0.25', '(0.13 to 0.37)'), ('0.202', '(0.2 to 0.204)'))
    >>> with_margin(-0.2, -0.2, -0.2, sign="+")
    ('-0.2', 'with every seed')
    """
    for digits in range(_LEAST_DIGITS, _MOST_DIGITS + 1):
        middle, one, other = (f"{each:{sign}.{digits}g}" for each in (mean, low, high))
        if one != other:
            return middle, f"({one} to {other})"
    return f"{mean:{sign}.{_LEAST_DIGITS}g}", "with every seed"


def critical(seeds: int, of: int) -> float:
    """The t that a difference must be beyond, one of so many that are looked at together.

    >>> round(critical(5, 1), 3), round(critical(5, 10), 3)
    (2.776, 5.598)
    """
    return _critical(seeds, of)


@cache
def _critical(seeds: int, of: int) -> float:
    return float(_stats().t.ppf(1 - (1 - SURE) / (2 * of), seeds - 1))


def _fewest(effect: float, of: int) -> int | None:
    """The fewest seeds with which a difference of so many spreads is told."""

    def is_enough(seeds: int) -> bool:
        chance = _stats().nct.sf(critical(seeds, of), seeds - 1, effect * math.sqrt(seeds))
        return bool(chance >= POWER)

    if not is_enough(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _stats() -> Any:
    return need("scipy.stats", EXTRA, "compare")
