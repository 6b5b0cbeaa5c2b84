"""Every change that is looked for, the plainer ones first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.schedules.explain.forms import shapes, unused
from passo.schedules.explain.heights import floors, peaks, rates, stairs, starts
from passo.schedules.explain.moves import cut, past, shifts, shifts_by_epoch
from passo.schedules.explain.spans import decays, lengths, warmups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.schedules.explain.pair import Candidate, Pair

_ORDER = (
    shifts,
    past,
    cut,
    peaks,
    floors,
    starts,
    stairs,
    warmups,
    shapes,
    decays,
    lengths,
    rates,
    unused,
    shifts_by_epoch,
)


def candidates(pair: Pair) -> Iterator[Candidate]:
    """The first of the two with one change made, for every change and the numbers it may have.

    Whether it explains anything is measured by whoever asks.
    """
    for look in _ORDER:
        yield from look(pair)
