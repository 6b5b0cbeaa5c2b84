"""What the rates of a run say at some clocks: their sum, the noise put in, the convex bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Numbers: TypeAlias = "NDArray[np.float64]"
STEP: Final = 0.5  # of the logarithm between two exponentials: an error of 2e-7 of the kernel
LEAST, MOST = 1e-5, 35.0  # of the exponentials' weights: what lies outside is below 4e-8
NEAR: Final = 4_096  # updates before a clock that the bound sums one by one
LUMPS: Final = 4_096  # of what lies before them
NOTHING: Final = 1e-12  # of the largest rate
GAMMA: Final = math.gamma(1.5)


@dataclass(frozen=True, slots=True)
class Columns:
    """What a law is linear in, at each of some clocks.

    `sums` is the sum of the rates so far, `bound` the convex column; `decayed[i, j]` is what was
    put in by clock i and is forgotten at the pace `paces[j]`, of which `noise` is made.
    """

    sums: Numbers
    bound: Numbers
    decayed: Numbers
    paces: Numbers

    @classmethod
    def of(cls, rates: Numbers, clocks: NDArray[np.int64], low: float, high: float) -> Columns:
        """Those of the rates of all updates, for noise whose scale is from `low` to `high`."""
        sums = np.concatenate([[0.0], np.cumsum(rates)])
        paces = _paces(low, high, float(sums[clocks[-1]]))
        return cls(sums[clocks], bound(rates, clocks), _decayed(rates, sums, clocks, paces), paces)

    def noise(self, scale: float) -> Numbers:
        """Sum over k of rate[k]^2 * (1 + scale * (sum of the rates since))^(-3/2).

        The power is a sum of exponentials, each of which forgets at one pace, so that every clock
        is summed to the same 2e-7, wherever it lies:

            x^(-3/2) = integral of s^(1/2) exp(-s x) ds / Gamma(3/2)
        """
        s = self.paces / scale
        found: Numbers = self.decayed @ (STEP * s**1.5 * np.exp(-s) / GAMMA)
        return found

    def functional(self, scale: float) -> Numbers:
        """1, (S + 1)^(-1/2) and the noise, as columns."""
        one = np.ones_like(self.sums)
        return np.stack([one, (self.sums + 1.0) ** -0.5, self.noise(scale)], axis=1)

    def convex(self) -> Numbers:
        """1, 1 / (2 S) and the bound's noise, as columns."""
        return np.stack([np.ones_like(self.sums), 0.5 / self.sums, self.bound], axis=1)


def _paces(low: float, high: float, total: float) -> Numbers:
    """Even logarithms, on one grid for all runs."""
    first = math.floor(math.log(LEAST * low / (1.0 + low * total)) / STEP)
    last = math.ceil(math.log(MOST * high) / STEP)
    found: Numbers = np.exp(STEP * np.arange(first, last + 1))
    return found


def _decayed(rates: Numbers, sums: Numbers, clocks: NDArray[np.int64], paces: Numbers) -> Numbers:
    """Squares of the rates, each decayed over the sum of the rates since, at each clock."""
    end = int(clocks[-1])
    starts = np.concatenate([[0], clocks[:-1]])
    squares = rates[:end] ** 2
    since = np.repeat(sums[clocks], clocks - starts) - sums[1 : end + 1]
    gaps = sums[clocks] - sums[starts]
    found = np.empty((len(clocks), len(paces)))
    work = np.empty(end)
    for column, pace in enumerate(paces):
        np.multiply(since, -pace, out=work)
        np.exp(work, out=work)
        np.multiply(work, squares, out=work)
        found[:, column] = np.add.reduceat(work, starts)
    held = np.zeros(len(paces))
    for row, gap in enumerate(gaps):
        held = held * np.exp(-paces * gap) + found[row]
        found[row] = held
    return found


def bound(rates: Numbers, clocks: NDArray[np.int64]) -> Numbers:
    """The noise term of the convex bound of the last iterate, at each clock.

        Q / (2 S) + 1/2 sum over k of rate[k] * (Q - Q[k]) / ((S - S[k + 1]) * (S - S[k]))

    An update at rate zero changes nothing and is left out, and so is one at less than 1e-12 of the
    largest rate: squares of what decays for ever are no floats. The last 4,096 updates or more are
    summed one by one; before them lumps of equal length, in which Q is taken as linear in
    S: an error of at most 1e-6 for the recipes.
    """
    moved = np.flatnonzero(rates > NOTHING * rates.max())
    used = rates[moved]
    size = -(-max(len(used), 1) // LUMPS)
    edges = np.arange(0, len(used) + 1, size)
    sums = np.concatenate([[0.0], np.cumsum(used)])[edges]
    squares = np.concatenate([[0.0], np.cumsum(used**2)])[edges]
    counts = np.searchsorted(moved, clocks)
    return np.array([_bound(used[:count], size, sums, squares) for count in counts.tolist()])


def _bound(used: Numbers, size: int, sums: Numbers, squares: Numbers) -> float:
    """At one clock, of the rates until then; `sums` and `squares` are those at the lumps' edges."""
    lumps = max(0, len(used) - NEAR) // size
    near = used[lumps * size :]
    since = _tails(near)
    noise = _tails(near**2)
    last = len(near) - 1
    total = noise[0] / (2.0 * since[0]) if not lumps else 0.0
    near_terms = near[:last] * noise[:last] / (since[1 : last + 1] * since[:last])
    total += 0.5 * float(np.sum(near_terms))
    if lumps:
        far = since[0] + sums[lumps] - sums[: lumps + 1]
        left = noise[0] + squares[lumps] - squares[: lumps + 1]
        total += left[0] / (2.0 * far[0]) + 0.5 * _far(far, left, size)
    return float(total)


def _far(far: Numbers, left: Numbers, size: int) -> float:
    """The integral of (Q - q) / (S - s)^2 over each lump."""
    a, b = far[:-1], far[1:]
    slope = (left[:-1] - left[1:]) / (a - b)
    pieces = (left[:-1] - slope * a) * (1.0 / b - 1.0 / a) + slope * np.log(a / b)
    pieces += 0.5 * (left[:-1] - left[1:]) / size * (1.0 / b - 1.0 / a)  # a sum is of left ends
    return float(np.sum(pieces))


def _tails(numbers: Numbers) -> Numbers:
    """The sum from each place to the end, without the loss that a difference of sums has."""
    found: Any = np.cumsum(numbers[::-1])[::-1]
    return np.concatenate([found, [0.0]])
