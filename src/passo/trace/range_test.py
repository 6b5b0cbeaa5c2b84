"""The value `RangeTest`: what a range test saw."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from passo.ground.checks import brief, mean
from passo.ground.errors import PassoError
from passo.ground.files import replacing, text_in
from passo.ground.schema import (
    anything,
    listed,
    loose,
    maybe,
    number,
    parsed,
    plain,
    record,
    short,
    text,
)
from passo.trace.format import refuse_version
from passo.trace.suggest import Suggestion, finite, refusal, scale, smoothed, suggest
from passo.trace.values import Rebuilt, one_nan
from passo.trace.values import number as as_number

VERSION = 1
LARGEST = 1 << 24  # bytes of a file: half a million points
FEWEST = 3
RATE = maybe(number())
SUGGESTED = {"low": RATE, "best": RATE, "high": RATE, "sure": number(0, 1), "reason": text}
FILES = {
    VERSION: record(
        {
            "passo": anything,
            "version": anything,
            "key": short,
            "ramp": listed(number()),
            "runs": listed(listed(loose)),
            "suggestion": record(SUGGESTED),
        }
    )
}


@dataclass(frozen=True)
class RangeTest(Rebuilt):
    """What a range test saw: the loss of each update over the value that it used.

    `ramp` are the values as they were tried, ascending. `runs` are the losses, one tuple for each
    repeat; each ends where that repeat ended, at its first loss that is not finite at the latest.
    Raises `PassoError` where the parts do not fit.

    >>> losses = [1 - k / 20 for k in range(16)] + [0.5, 1.0, 4.0, 16.0]
    >>> test = RangeTest(tuple(10 ** (k / 4 - 4) for k in range(20)), (tuple(losses),))
    >>> test.losses[-1], round(test.suggestion().best, 3)
    (16.0, 0.056)
    """

    ramp: tuple[float, ...]
    runs: tuple[tuple[float, ...], ...]
    key: str = "lr"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ramp", tuple(as_number("ramp", each) for each in self.ramp))
        runs = tuple(tuple(map(_one_nan, run)) for run in self.runs)
        object.__setattr__(self, "runs", runs)
        ascending = all(a < b for a, b in pairwise(self.ramp))
        if not self.ramp or not ascending or not all(map(math.isfinite, self.ramp)):
            raise PassoError(
                f"a range test needs values that ascend, got {list(self.ramp[:5])!r}; "
                "write RangeTest(values, [losses])"
            )
        lengths = [len(run) for run in runs]
        shown = brief(lengths)
        if not runs or min(lengths) < 1 or max(lengths) != len(self.ramp):
            raise PassoError(
                f"a range test needs a loss for each of its {len(self.ramp)} values, and repeats "
                f"of at most as many, got {shown} losses; write RangeTest(values, [losses])"
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RangeTest:
        """The range test in a file that `write` made; raises `PassoError` for another file.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "range.json"
        >>> test = RangeTest((0.1, 0.2), ((1.0, float("nan")),))
        >>> test.write(path)
        >>> RangeTest.load(path) == test
        True
        """
        name, content = os.fspath(path), text_in(path, "a range test", LARGEST)
        try:
            found = parsed(content)
        except PassoError as error:
            raise PassoError(f"{name!r} is not the file of a range test: {error}") from None
        if not isinstance(found, dict) or found.get("passo") != "range test":
            raise PassoError(f"{name!r} is not the file of a range test")
        version = found.get("version")
        check = FILES.get(version) if type(version) is int else None
        if check is None:
            refuse_version(name, "a range test", version, VERSION)
        try:
            held = check(found, "test")
            return cls(tuple(held["ramp"]), tuple(map(tuple, held["runs"])), held["key"])
        except PassoError as error:
            raise PassoError(f"{name!r} is not the file of a range test: {error}") from None

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the range test and what it suggests as JSON, whole or not at all."""
        parts = {
            "passo": "range test",
            "version": VERSION,
            "key": self.key,
            "ramp": self.ramp,
            "runs": self.runs,
            "suggestion": self.suggestion().plain(),
        }
        content = (json.dumps(plain(parts), allow_nan=False) + "\n").encode()
        if len(content) > LARGEST:
            raise PassoError(
                f"the file of a range test holds at most {LARGEST:,} bytes, and these "
                f"{len(self.ramp):,} values with {len(self.runs):,} repeats need {len(content):,}; "
                "write fewer steps=, or fewer repeats="
            )
        with replacing(path) as file:
            file.write(content)

    @property
    def values(self) -> tuple[float, ...]:
        """The values that every repeat came to."""
        return self.ramp[: min(map(len, self.runs))]

    @property
    def losses(self) -> tuple[float, ...]:
        """The loss at each of `values`, the mean over the repeats."""
        if len(self.runs) == 1:
            return self.runs[0]
        return tuple(_one_nan(mean(column)) for column in zip(*self.runs, strict=False))

    @cached_property
    def smoothed(self) -> tuple[float, ...]:
        """The running mean of `losses` over the logarithm of the value, right from the first on.

        Its weights fall by e over a twentieth of the tested range, and it looks back only.

        >>> RangeTest((0.1, 1.0), ((2.0, 2.0),)).smoothed
        (2.0, 2.0)
        """
        return smoothed(self.values, self.losses)

    @property
    def band(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The lowest and the highest smoothed loss of the repeats at each of `values`.

        >>> RangeTest((0.1, 1.0), ((2.0, 2.0), (3.0, 3.0))).band
        ((2.0, 2.0), (3.0, 3.0))
        """
        each = [smoothed(self.ramp[: len(run)], run) for run in self.runs]
        columns = list(zip(*each, strict=False))
        return tuple(map(min, columns)), tuple(map(max, columns))

    def steepest(self) -> float | None:
        """Where the smoothed loss falls fastest over the logarithm of the value; None: nowhere.

        Neither the first nor the last value, nor one beside a loss that is not finite.

        >>> RangeTest((1.0, 2.0, 4.0, 8.0), ((3.0, 3.0, 1.0, 1.0),)).steepest()
        4.0
        """
        values, losses = self._sound()
        x = scale(values) if values else []
        slopes = [
            (losses[k + 1] - losses[k - 1]) / (x[k + 1] - x[k - 1]) if x[k - 1] < x[k + 1] else 0.0
            for k in range(1, len(losses) - 1)
        ]
        if not slopes or min(slopes) >= 0:
            return None
        return values[1 + slopes.index(min(slopes))]

    def valley(self) -> float | None:
        """The middle of the longest way down of the smoothed loss; None where there is none.

        The longest way down is the longest series of points, each lower than the one before; points
        between them may be higher. Never at an edge, never beside a loss that is not finite.

        >>> RangeTest((1.0, 2.0, 4.0, 8.0, 16.0), ((5.0, 4.0, 3.0, 2.0, 9.0),)).valley()
        4.0
        """
        values, losses = self._sound()
        way = _longest_way_down(losses)
        if len(way) < FEWEST:
            return None
        return _inside(values, way[len(way) // 2])

    def minimum(self) -> float | None:
        """Where the smoothed loss is lowest; None where that is at an edge of what was tested.

        >>> RangeTest((1.0, 2.0, 4.0, 8.0), ((3.0, 1.0, 3.0, 9.0),)).minimum()
        2.0
        """
        values, losses = self._sound()
        return _inside(values, losses.index(min(losses))) if losses else None

    def tenth(self) -> float | None:
        """A tenth of `minimum()`; None where there is none, or where it lies below the test.

        >>> RangeTest((0.1, 1.0, 2.0, 4.0), ((3.0, 2.5, 1.0, 9.0),)).tenth()
        0.2
        """
        lowest = self.minimum()
        return None if lowest is None or lowest / 10 <= self.ramp[0] else lowest / 10

    def suggestion(self) -> Suggestion:
        """A range of rates with how sure it is, or a refusal with its reason, which is false.

        The rule is that of `passo.trace.Suggestion`. It is made for the lr; other keys are refused.

        >>> RangeTest((0.1, 1.0), ((2.0, 2.0),), "weight_decay").suggestion().reason
        "a suggestion is made for 'lr' only; for 'weight_decay' look at the curve"
        """
        if self.key != "lr":
            reason = f"a suggestion is made for 'lr' only; for {self.key!r} look at the curve"
            return refusal(reason)
        return suggest(self.ramp, self.runs)

    def _sound(self) -> tuple[list[float], list[float]]:
        """Values and smoothed losses before the first that is not finite and the one beside it."""
        end = len(finite(self.values, self.losses)[0])
        return list(self.values[:end]), list(self.smoothed[:end])


def _one_nan(value: Any) -> float:
    """The value as a float; every NaN is the same one."""
    return float(one_nan(as_number("loss", value)) or 0.0)


def _inside(values: list[float], place: int) -> float | None:
    return values[place] if 0 < place < len(values) - 1 else None


def _longest_way_down(losses: list[float]) -> list[int]:
    """The places of the longest series of falling losses; of equals the one that ends first."""
    lengths: list[int] = []
    before: list[int | None] = []
    for k, loss in enumerate(losses):
        above = [j for j in range(k) if losses[j] > loss]
        best = max(above, key=lambda j: lengths[j], default=None)
        before.append(best)
        lengths.append(1 if best is None else lengths[best] + 1)
    place = lengths.index(max(lengths)) if lengths else None
    way = []
    while place is not None:
        way.append(place)
        place = before[place]
    return way[::-1]
