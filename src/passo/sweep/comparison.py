"""What a comparison found: which plan is better than which, and which cannot be told apart."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from statistics import fmean, median_low, stdev
from typing import TYPE_CHECKING, Any, Final

from passo.ground.calls import called_like
from passo.ground.checks import brief, some
from passo.ground.errors import PassoError, closest
from passo.ground.files import replacing
from passo.ground.pictures import Pictured
from passo.ground.schema import plain
from passo.plot import poster
from passo.plot.picture import Picture
from passo.sweep import pictures
from passo.sweep.intervals import Pair, with_margin
from passo.sweep.plans import Entrant
from passo.sweep.trial import TRACE, reports_in
from passo.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Result:
    """What one run came to. `failed` says why it has no loss; `folder` has its files."""

    plan: str
    seed: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""
    seconds: float = 0.0
    base: float | None = None
    folder: str = ""

    @property
    def trace(self) -> Trace | None:
        """What the run used and reported, where it attached with `record=trial.record`."""
        path = Path(self.folder) / TRACE
        return Trace.load(path) if self.folder and path.exists() else None

    @property
    def reports(self) -> list[tuple[int, dict[str, float]]]:
        """What was told by `trial.report`."""
        return reports_in(Path(self.folder)) if self.folder else []


@dataclass(frozen=True, repr=False)
class Comparison(Pictured):
    """Several plans with the same seeds: `print` shows a table, and what can be said of each pair.

    Of several bases a plan is judged at its own best one, by the mean over all seeds: between plans
    that are alike this is called a difference no more often than without bases.

    >>> runs = [Result("a", s, 0.5 + s / 100) for s in range(5)]
    >>> runs += [Result("b", s, 0.7 + s / 90) for s in range(5)]
    >>> print(Comparison(("a", "b"), tuple(range(5)), tuple(runs)).pairs[0])
    'a' is better than 'b': its loss is 0.202 lower (0.2 to 0.204)
    """

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    results: tuple[Result, ...]
    bases: tuple[float, ...] = ()
    entrants: tuple[Entrant, ...] = ()
    budget: str = "updates"
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Comparison of {some(self.names)} with {len(self.seeds)} seeds>"

    def __str__(self) -> str:
        """The table, what can be said of each pair, and what is to be known of it."""
        from rich.console import Console

        console = Console(width=WIDTH, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(self.table())
        said = [*map(str, self.pairs), *self.notes]
        return captured.get() + "\n".join(said)

    @cached_property
    def _found(self) -> dict[tuple[str, float | None, int], Result]:
        return {(each.plan, each.base, each.seed): each for each in self.results}

    @called_like('comparison.losses("cosine")')
    def losses(self, name: str, base: float | None = None) -> dict[int, float]:
        """The loss of a plan by its seed; NaN where the run has none. `base` is one of several.

        Raises `PassoError` for a plan or a base that is not compared.

        >>> Comparison(("a",), (0,), (Result("a", 0, 0.5),)).losses("a")
        {0: 0.5}
        """
        self._refuse_unknown(name, base)
        if base is None and self.bases:
            base = self.best_base(name)
        return {seed: _loss(self._found.get((name, base, seed))) for seed in self.seeds}

    def _refuse_unknown(self, name: Any, base: Any = None) -> None:
        if name not in self.names:
            hint = closest(name, self.names) if isinstance(name, str) else ""
            msg = f"the comparison has no plan {brief(name)}{hint}; it has {some(self.names)}"
            raise PassoError(msg)
        if base is not None and base not in self.bases:
            known = some(tuple(f"{each:g}" for each in self.bases)) or "no bases"
            msg = f"the comparison has no base {brief(base)}; it has {known}"
            raise PassoError(msg)

    @called_like('comparison.best_base("cosine")')
    def best_base(self, name: str) -> float | None:
        """The base with the lowest mean loss; None without bases, or where all had failed runs."""
        self._refuse_unknown(name)
        means = {}
        for base in self.bases:
            losses = list(self.losses(name, base).values())
            if all(map(math.isfinite, losses)):
                means[base] = fmean(losses)
        return min(means, key=means.__getitem__, default=None)

    @property
    def ranking(self) -> tuple[str, ...]:
        """The names by their mean loss, the lowest first; a plan with failed runs is last."""
        return tuple(sorted(self.names, key=self._rank))

    def _rank(self, name: str) -> tuple[int, float]:
        done = self._finished(name)
        return len(self.seeds) - len(done), fmean(done) if done else math.inf

    def _finished(self, name: str) -> list[float]:
        return [loss for loss in self.losses(name).values() if math.isfinite(loss)]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Each plan with each other one, in the order of `ranking`."""
        found = list(combinations(self.ranking, 2))
        return tuple(self._pair(*each, of=len(found)) for each in found)

    def _pair(self, first: str, second: str, of: int) -> Pair:
        one, other = self.losses(first), self.losses(second)
        differences = [one[seed] - other[seed] for seed in self.seeds]
        kept = tuple(x for x in differences if math.isfinite(x))
        noiseless = all(len(set(each.values())) == 1 for each in (one, other))
        return Pair(first, second, kept, of, len(differences) - len(kept), noiseless)

    @property
    def best(self) -> tuple[str, ...]:
        """The plan with the lowest mean loss, and all that cannot be told apart from it.

        Of those with a loss for every seed; empty where there is none.
        """
        if len(self._finished(self.ranking[0])) < len(self.seeds):
            return ()
        others = [
            each.second
            for each in self.pairs
            if each.first == self.ranking[0] and not each.is_told and not each.missing
        ]
        return (self.ranking[0], *others)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the numbers: how they were made, and which are missing."""
        of = len(self.pairs)
        method = (
            f"intervals: 95 % for all {of} pairs together, by Student's t of the paired "
            f"differences, each at 1 - 0.05/{of}"
            if of > 1
            else "interval: 95 %, by Student's t of the paired differences"
        )
        return (method, *self.remarks, *_scaled(self.entrants), *self._failures(), *self._same())

    def _failures(self) -> list[str]:
        found = []
        for name in self.names:
            lost = [each for each in self.results if each.plan == name and each.failed]
            total = sum(each.plan == name for each in self.results)
            if lost:
                why = "; ".join(dict.fromkeys(each.failed for each in lost[:3]))
                found.append(
                    f"{name!r}: {len(lost)} of {total} runs have no loss ({why}); a lower peak or "
                    "a longer warm-up may keep them, and retry=True makes them again"
                )
        return found

    def _same(self) -> list[str]:
        if not any(each.is_noiseless for each in self.pairs):
            return []
        return [
            "each seed gave the same loss: let train use its seed, as in torch.manual_seed(seed)"
        ]

    def table(self) -> Table:
        """The plans by their mean loss, as a table of rich."""
        from rich.table import Table

        bases = ["best base"] if self.bases else []
        made = Table("plan", "mean loss", "spread", "runs", *bases, "less the best one")
        for name in self.ranking:
            done = self._finished(name)
            spread = f"{stdev(done):.2g}" if len(done) > 1 else ""
            runs = (
                f"{len(done)}"
                if len(done) == len(self.seeds)
                else f"{len(done)} of {len(self.seeds)}"
            )
            base = self.best_base(name)
            cells = [f"{fmean(done):.4g}" if done else "none", spread, runs]
            cells += [("none" if base is None else f"{base:g}") for _ in bases]
            made.add_row(name, *cells, self._behind(name))
        return made

    def _behind(self, name: str) -> str:
        pair = self.behind(name)
        if pair is None or pair.missing:
            return ""
        return " ".join(with_margin(-pair.mean, -pair.high, -pair.low, sign="+"))

    @called_like('comparison.behind("cosine")')
    def behind(self, name: str) -> Pair | None:
        """The best one and this one; None for the best one itself."""
        self._refuse_unknown(name)
        first = self.ranking[0]
        return next((e for e in self.pairs if (e.first, e.second) == (first, name)), None)

    @property
    def traces(self) -> dict[str, dict[int, Trace]]:
        """The traces by plan and seed (at the best base), of the runs that were recorded."""
        found: dict[str, dict[int, Trace]] = {}
        for name in self.names:
            base = self.best_base(name)
            for seed in self.seeds:
                result = self._found.get((name, base, seed))
                trace = None if result is None else result.trace
                if trace is not None:
                    found.setdefault(name, {})[seed] = trace
        return found

    @called_like("comparison.poster(columns=2)")
    def poster(self, *, columns: int = 4) -> Figure:
        """One page: of each plan the run with the median loss, its rate over its losses.

        Raises `PassoError` where no run was recorded.
        """
        return poster(
            {n: each[self._typical(n, each)] for n, each in self.traces.items()}, columns=columns
        )

    def _typical(self, name: str, traces: Mapping[int, Trace]) -> int:
        losses = self.losses(name, self.best_base(name))
        done = [seed for seed in traces if math.isfinite(losses[seed])] or list(traces)
        middle = median_low([losses[seed] for seed in done])
        return next((seed for seed in done if losses[seed] == middle), done[0])

    def picture(self) -> Picture:
        """What `draw` draws: losses over the bases, or how far each plan is behind the best."""
        return pictures.sensitivity(self) if self.bases else pictures.differences(self)

    def to_spec(self) -> dict[str, Any]:
        """All of it as plain JSON: plans, runs, pairs and what is said of them."""
        return {
            "passo": "comparison",
            "version": 1,
            "budget": self.budget,
            "plans": {
                each.name: {"text": each.text, "run": repr(each.run), "factor": each.factor}
                for each in self.entrants
            },
            "seeds": list(self.seeds),
            "ranking": list(self.ranking),
            "best": list(self.best),
            "runs": [plain(asdict(each)) for each in self.results],
            "pairs": [_spec_of(each) for each in self.pairs],
            "notes": list(self.notes),
        }

    @called_like('comparison.write("compare.json")')
    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes it as JSON, whole or not at all."""
        with replacing(path) as file:
            file.write((json.dumps(self.to_spec()) + "\n").encode())


def _spec_of(pair: Pair) -> Any:
    numbers = {"mean": pair.mean, "low": pair.low, "high": pair.high, "spread": pair.spread}
    told = {"told_apart": pair.is_told, "seeds": pair.seeds, "says": str(pair)}
    return plain({"first": pair.first, "second": pair.second, **numbers, **told})


def _loss(result: Result | None) -> float:
    return math.nan if result is None or result.failed else result.loss


def _scaled(entrants: Sequence[Entrant]) -> list[str]:
    return [
        f"{each.name!r}: rates times {each.factor:.4g}, for the area of {entrants[0].name!r}"
        for each in entrants
        if each.factor != 1.0
    ]
