"""A comparison as Pictures."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Final, Protocol

from passo.plot.names import shorten
from passo.plot.picture import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    Area,
    Line,
    Mark,
    Panel,
    Picture,
    wants_log,
)
from passo.sweep.intervals import Pair

NAME: Final = 34
GREY: Final = "#777777"


class Compared(Protocol):
    """What is drawn of a Comparison."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of each plan."""
        ...

    @property
    def bases(self) -> tuple[float, ...]:
        """The bases, from the lowest."""
        ...

    @property
    def ranking(self) -> tuple[str, ...]:
        """The names, the best first."""
        ...

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Each plan with each other one."""
        ...

    def losses(self, name: str, base: float | None = None) -> dict[int, float]:
        """The loss by the seed."""
        ...

    def behind(self, name: str) -> Pair | None:
        """The best plan and this one."""
        ...


def sensitivity(found: Compared) -> Picture:
    """The losses over the base: a line for each plan, from its lowest to its highest seed."""
    lines, areas = [], []
    for place, name in enumerate(found.ranking):
        colour, dash = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
        losses = {base: list(found.losses(name, base).values()) for base in found.bases}
        whole = {b: ls for b, ls in losses.items() if all(map(math.isfinite, ls))}
        means = [fmean(whole[base]) if base in whole else math.nan for base in found.bases]
        lines.append(Line(shorten(name, NAME), found.bases, means, colour, dash, marks=True))
        if whole:
            low, high = (
                [min(each) for each in whole.values()],
                [max(each) for each in whole.values()],
            )
            areas.append(Area("", tuple(whole), low, high, colour))
    means = [y for line in lines for y in line.y if math.isfinite(y)]
    panel = Panel("loss", tuple(lines), log=wants_log(means), height=2.0, areas=tuple(areas))
    xlog = found.bases[0] > 0 and found.bases[-1] > 10 * found.bases[0]
    note = (
        f"mean of {len(found.seeds)} seeds, from the lowest to the highest; none where a run failed"
    )
    return Picture("Losses over the base", "base", (panel,), note, xlog=xlog)


def differences(found: Compared) -> Picture:
    """How far each plan is behind the best one, with its interval; best at the top."""
    lines, names = [], []
    for place, name in enumerate(reversed(found.ranking)):
        pair = found.behind(name)
        names.append((float(place), shorten(name, NAME)))
        if pair is None:
            lines.append(Line("", (0.0,), (float(place),), BLACK, marks=True))
        elif not pair.missing:
            colour = BLUE if pair.is_told else GREY
            at = (float(place),)
            lines.append(Line("", (-pair.high, -pair.low), at * 2, colour, width=3.0))
            lines.append(Line("", (-pair.mean,), at, colour, marks=True))
        else:
            names[-1] = (float(place), f"{shorten(name, NAME)} (failed)")
    panel = Panel(
        "",
        tuple(lines),
        height=0.3 + 0.15 * len(names),
        legend=False,
        marks=(Mark("", 0.0),),
        names=tuple(names),
    )
    seeds, pairs = len(found.seeds), len(found.pairs)
    note = f"{seeds} seeds; 95 % for all {pairs} pairs together; grey: cannot be told apart"
    first = shorten(found.ranking[0], NAME)
    return Picture(f"How far behind {first}", f"loss above that of {first}", (panel,), note)
