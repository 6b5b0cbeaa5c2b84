"""One recorded run as a law sees it: the rate of each update, some clocks, the losses there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.law.refusals import NotPredictable
from passo.schedules import Run, parse, steps
from passo.schedules.text import parse_run
from passo.trace import Stretch, Trace
from passo.trace.suggest import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from passo.law.columns import Numbers
    from passo.schedules import Span

POINTS: Final = 200  # of a run: more reports than twice as many are means of neighbours
FEWEST: Final = 10  # points from which three numbers are told from noise
RISE: Final = 0.03  # above the smoothed minimum: overfitted runs were predicted 9 to 15 % wrong
LATE: Final = 0.30  # of the run: who logged only the cooldown was 4 % wrong
WINDOW: Final = 5  # points of a running mean
DOUBT: Final = 3.0  # standard deviations of that mean: the lowest of many is low by chance
REACHED: Final = 0.98  # of the peak: the warm-up is over


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The rates of all updates; the clocks from `start` on and the losses reported there.

    `name` is how errors call the run, `length` how many updates its plan has.
    """

    name: str
    rates: Numbers
    clocks: NDArray[np.int64]
    losses: Numbers
    start: float
    length: int

    @classmethod
    def of(cls, trace: Trace, name: str, metric: str, start: Span, group: int | str | None) -> Seen:
        """What a trace holds; raises `NotPredictable` where a law cannot be fitted on it."""
        rates = rates_of(trace, name, group)
        run = Run(steps(max(trace.updates, 1))) if trace.run is None else parse_run(trace.run)
        begin = run.update_at(float(run.measure(start)))
        clocks, losses = _series(trace, name, metric)
        length = max(run.updates, trace.updates)
        if begin >= length:
            raise NotPredictable(
                f"start={start!r} leaves nothing of {name}, which has {length:,} updates; "
                "write start=percent(20)"
            )
        first = clocks[0] / length
        if first > LATE:
            raise NotPredictable(
                f"{name} reports {metric!r} from {first:.0%} of the run on; a law needs losses "
                f"from before {LATE:.0%}, report from the beginning on"
            )
        late = clocks > begin
        kept = cls(name, rates, *_thinned(clocks[late], losses[late]), begin, length)
        kept.check(metric)
        return kept

    @property
    def peak(self) -> float:
        """The largest rate."""
        return float(self.rates.max())

    @property
    def constant(self) -> bool:
        """Whether the rate never falls after the start."""
        late = self.rates[int(self.start) :]
        return bool(late.min() >= 0.999 * late.max())

    def check(self, metric: str) -> None:
        """Refuses a run whose losses are no law of its rates."""
        self._check_points(metric)
        reached = int(np.argmax(self.rates >= REACHED * self.peak))
        if reached > self.start:
            raise NotPredictable(
                f"{self.name} warms up for {reached:,} updates, and losses from update "
                f"{self.start:,.0f} on are used; write start=steps({reached}), or give a run with "
                "a shorter warm-up"
            )
        smooth = np.convolve(self.losses, np.ones(WINDOW) / WINDOW, mode="valid")
        place = int(np.argmin(smooth))
        last, least = float(smooth[-1]), float(smooth[place])
        after = self.rates[int(self.clocks[place + WINDOW - 1]) - 1 :]
        doubt = DOUBT * noise(self.losses.tolist()) / WINDOW**0.5
        if last <= (1.0 + RISE) * least + doubt or after.max() > 1.01 * after[0]:
            return
        if place == 0:
            raise NotPredictable(
                f"{metric!r} of {self.name} rises from {smooth[0]:.4g} to {last:.4g}; a law is of "
                "losses, which fall, write metric= with the name of one"
            )
        raise NotPredictable(
            f"{metric!r} of {self.name} ends {last / least - 1.0:.1%} above its lowest, while the "
            "rate did not rise: it overfits, or came apart; give runs that see new data, or more "
            "of it, and that end well"
        )

    def _check_points(self, metric: str) -> None:
        if len(self.losses) < FEWEST:
            raise NotPredictable(
                f"{self.name} has {len(self.losses)} reports of {metric!r} after update "
                f"{self.start:,.0f}, and a law needs {FEWEST}; report more often"
            )
        odd = ~(np.isfinite(self.losses) & (self.losses > 0.0))
        if odd.any():
            place = int(np.argmax(odd))
            raise NotPredictable(
                f"{metric!r} of {self.name} is {self.losses[place]:.4g} at update "
                f"{self.clocks[place]:,}; a law needs losses that are finite and above 0, give a "
                "run that did not diverge"
            )


def _series(trace: Trace, name: str, metric: str) -> tuple[NDArray[np.int64], Numbers]:
    """The clocks, each once, and the mean of what was reported there."""
    try:
        found, values = trace.series(metric)
    except PassoError:
        known = ", ".join(map(repr, trace.metrics)) or "no reports"
        raise NotPredictable(
            f"{name} has no reports of {brief(metric)}; it has {known}, write metric= with one of "
            "them, or scheduler.report(val_loss=...) in the loop"
        ) from None
    clocks, place = np.unique(np.array(found, dtype=np.int64), return_inverse=True)
    held = np.bincount(place, weights=np.array(values)) / np.bincount(place)
    there = clocks > 0  # what was reported before the first update says nothing of a rate
    return clocks[there], held[there]


def _thinned(clocks: NDArray[np.int64], losses: Numbers) -> tuple[NDArray[np.int64], Numbers]:
    """Of very many reports means of neighbours: the losses of training are too noisy alone."""
    if len(clocks) <= 2 * POINTS:
        return clocks, losses
    edges = np.linspace(0, len(clocks), POINTS + 1).astype(np.int64)[:-1]
    counts = np.diff(np.append(edges, len(clocks)))
    middle = np.add.reduceat(clocks.astype(np.float64), edges) / counts
    return np.rint(middle).astype(np.int64), np.add.reduceat(losses, edges) / counts


def rates_of(trace: Trace, name: str, group: int | str | None) -> Numbers:
    """What each update used; of the first group that has an lr unless one is given."""
    groups = [each.group for each in trace.columns if each.key == "lr"]
    if not groups:
        raise NotPredictable(
            f"{name} has no column 'lr', and a law is of learning rates; "
            "write attach(..., record=path) where the run is made"
        )
    column = trace.column("lr", groups[0] if group is None else group)
    rates = np.full(trace.updates, np.nan)
    for each in column.coarse:
        rates[each.begin : each.end] = each.mean
    for begin, end, what in column.pieces(trace.updates):
        rates[begin:end] = _values(what, begin, end) if isinstance(what, Stretch) else what
    if not len(rates) or np.isnan(rates).any():
        gap = int(np.argmax(np.isnan(rates))) if len(rates) else 0
        raise NotPredictable(
            f"{name} does not know what update {gap:,} used; give the trace of the whole run, from "
            "its first update on"
        )
    if rates.min() < 0.0 or rates.max() <= 0.0:
        raise NotPredictable(
            f"{name} uses rates from {rates.min():.4g} to {rates.max():.4g}; a law needs rates of "
            "at least 0, and one above 0, give another run"
        )
    return rates


def _values(stretch: Stretch, begin: int, end: int) -> Any:
    schedule = parse(stretch.schedule)
    return schedule(np.arange(begin, end, dtype=np.float64) - stretch.shift)


def together(seen: list[Seen]) -> float:
    """The peak of all runs; refuses runs whose peaks are far apart."""
    peaks = [each.peak for each in seen]
    low, high = min(peaks), max(peaks)
    if high > 1.1 * low:
        raise NotPredictable(
            f"the runs have peaks from {low:.4g} to {high:.4g}, and a law is of one peak, "
            "within 10 %; give the runs of one peak"
        )
    return high
