"""`Law`: what losses follow from which rates."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.files import replacing, text_in
from passo.ground.schema import (
    MOST,
    Check,
    anything,
    count,
    listed,
    number,
    parsed,
    record,
    short,
    text,
)
from passo.law.columns import Columns, Numbers
from passo.law.prediction import Comparison, Prediction
from passo.law.refusals import NotPredictable
from passo.law.seen import Seen, together
from passo.law.solving import lowest, solve, variety
from passo.schedules import (
    Linear,
    Run,
    Schedule,
    Span,
    base,
    percent,
    polynomial_decay,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from passo.schedules.recipes.warmup import Cooldown
from passo.trace import Trace

VARIED: Final = 0.1  # of the noise column: with 0.09 the end was predicted 4 % wrong
EXPLAINED: Final = 0.8  # R2 on its own runs: below, nothing follows from the rates
OTHER_PEAK: Final = 0.1
FAR, FARTHEST = 1.25, 2.0  # horizons: twice as far was up to 5 % wrong, four times 9 %
LOW, HIGH = 1e-3, 1.0  # the scales of the noise that are searched
POINTS: Final = 200
LARGEST: Final = 1 << 16  # bytes of a file
CONSTANT: Final = (
    "a run at a constant rate was fitted, and orders went wrong more often with one; "
    "linear to 0 and wsd(cooldown=percent(20)) are the better two"
)
_WARM: Final = Linear(0, base, percent(5))


@dataclass(frozen=True, slots=True, repr=False)
class Law:
    """What losses follow from which rates: two laws, fitted on recorded runs, whose mean predicts.

        functional: L0 + A (S + 1)^(-1/2) + B sum of rate^2 (1 + c (sum of rates since))^(-3/2)
        convex:     L0 + D2 / (2 S) + G2 * (the bound of the last iterate of SGD)

    Rates are divided by `peak`, S is their sum. `residual` is the relative error on the fitted
    runs, `variety` the share of the noise that progress alone does not explain, `horizon` the
    updates of the longest run. The coefficients are no findings: many fit as well.

    Sources: arXiv:2509.19189, arXiv:2501.18965, arXiv:2310.07831.

    >>> law = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)
    >>> law
    <Law of loss from 2 runs of 2,000 updates at peak 0.1: residual 1.00%, variety 0.40>
    """

    metric: str
    peak: float
    horizon: int
    start: float
    residual: float
    variety: float
    functional: tuple[float, float, float]
    scale: float
    convex: tuple[float, float, float]
    runs: int
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        several = "1 run" if self.runs == 1 else f"{self.runs} runs"
        return (
            f"<Law of {self.metric} from {several} of {self.horizon:,} updates at peak "
            f"{self.peak:.4g}: residual {self.residual:.2%}, variety {self.variety:.2f}>"
        )

    @classmethod
    def fit(
        cls,
        traces: Trace | Sequence[Trace] | Mapping[str, Trace],
        metric: str = "val_loss",
        start: Span = percent(20),
        *,
        group: int | str | None = None,
    ) -> Law:
        """The law of one to a few recorded runs of one task at one peak.

        Losses before `start` of a run are left out. Of several param groups the first with an lr is
        read, unless `group` says which. Errors call traces by the names of a mapping, or by their
        places. Raises `NotPredictable` with what would help where these runs do not say enough,
        `PassoError` for what is no trace.

        >>> import numpy as np
        >>> from passo import Run, cosine_decay, steps
        >>> from passo.trace import Column, Report, Trace
        >>> rates = cosine_decay(peak=0.1).on(Run(steps(500)))(np.arange(500.0))
        >>> losses = 1 + 5 / (np.cumsum(rates) + 0.1) ** 0.5 + 2 * rates
        >>> lr = Column(0, "lr", tuple(range(500)), tuple(rates.tolist()))
        >>> told = tuple(Report.of(t, {"val_loss": losses[t - 1]}) for t in range(10, 501, 10))
        >>> Law.fit({"a.jsonl": Trace(500, ("0",), (lr,), told)}).horizon
        500
        """
        given = _named(traces)
        return _fitted([Seen.of(t, name, metric, start, group) for name, t in given], metric)

    def predict(self, schedule: Schedule, run: Run) -> Prediction:
        """The losses of a schedule on a run, each with a band; `base` stands for the fitted peak.

        The band is sqrt((2 residual)^2 + (difference of the two laws)^2). Raises `NotPredictable`
        for another peak, a horizon too far, a plateau.

        >>> from passo import Run, steps, wsd
        >>> law = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)
        >>> made = law.predict(wsd(), Run(steps(2000)))
        >>> f"{made.end:.2f} ± {made.margin:.2f}", len(made.at), made.at[-1]
        ('1.81 ± 0.06', 200, 2000)
        """
        rates, warnings = self._rates(schedule, run), list(self.warnings)
        first = max(1, math.ceil(self.start * len(rates)))
        if not rates[:first].any():
            raise NotPredictable(
                f"the rates are 0 until update {first:,}, where the losses that are predicted "
                "begin; give a longer run, or a shorter time at 0"
            )
        at = np.unique(np.linspace(first, len(rates), POINTS).round().astype(np.int64))
        columns = Columns.of(rates / self.peak, at, self.scale, self.scale)
        one = columns.functional(self.scale) @ np.array(self.functional)
        other = columns.convex() @ np.array(self.convex)
        loss = (one + other) / 2.0
        if len(rates) > FAR * self.horizon:
            loss = one  # beyond its horizon the functional law was the better one
            warnings.append(
                f"{len(rates):,} updates are {len(rates) / self.horizon:.2f} times the longest "
                "fitted run; twice as far was up to 5 % wrong"
            )
        band = np.sqrt((2.0 * self.residual * loss) ** 2 + (one - other) ** 2)
        at_, loss_, low, high = (tuple(e.tolist()) for e in (at, loss, loss - band, loss + band))
        return Prediction(schedule, run, self.metric, at_, loss_, low, high, tuple(warnings))

    def compare(self, schedules: Mapping[str, Schedule], run: Run) -> Comparison:
        """The predicted ends of several schedules, by name, the lowest first.

        Raises what `predict` raises, and `PassoError` for schedules without names.

        >>> from passo import Run, steps, warmup_linear, wsd
        >>> law = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)
        >>> law.compare({"linear": warmup_linear(), "wsd": wsd()}, Run(steps(2000)))
        <Comparison of 2 schedules: wsd ends lowest, at 1.813>
        """
        if not isinstance(schedules, Mapping) or not schedules:
            raise PassoError(
                f"compare needs schedules by name, got {brief(schedules)}; "
                'write law.compare({"linear": cosine_decay(), ...}, run)'
            )
        for name in schedules:
            if not isinstance(name, str) or not name:
                raise PassoError(
                    f"compare names each schedule by a text that is not empty, got {brief(name)}; "
                    'write law.compare({"linear": cosine_decay(), ...}, run)'
                )
        return Comparison.of({name: self.predict(s, run) for name, s in schedules.items()})

    def best(self, run: Run, among: Mapping[str, Schedule] | None = None) -> Comparison:
        """The recipes at the fitted peak, the lowest predicted end first.

        Without `among`: wsd with cooldowns of 5 to 90 % in three shapes, linear, square, cosine,
        all after a warm-up of 5 %. The peak is never varied.

        >>> from passo import Run, steps
        >>> law = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)
        >>> law.best(Run(steps(2000)))
        <Comparison of 33 schedules: wsd(cooldown=percent(40), shape="linear") ends lowest, at 1.8>
        """
        return self.compare(recipes() if among is None else among, run)

    def _rates(self, schedule: Schedule, run: Run) -> Numbers:
        """What each update would use; refuses what these runs say nothing of."""
        if not isinstance(schedule, Schedule) or not isinstance(run, Run):
            raise PassoError(
                f"predict needs a Schedule and a Run, got {brief(schedule)} and {brief(run)}; "
                "write law.predict(cosine_decay(), Run(steps(1000)))"
            )
        placed = schedule.on(run)
        if any(placed.plateaus(lambda t: t)):
            raise NotPredictable(
                f"{schedule!r} falls when reports say so, and nobody knows them yet; "
                "write a schedule without a plateau"
            )
        if run.updates > FARTHEST * self.horizon:
            raise NotPredictable(
                f"{run.updates:,} updates are {run.updates / self.horizon:.2g} times the longest "
                f"fitted run of {self.horizon:,}, and {FARTHEST:g} times is the most that holds; "
                "give a longer run"
            )
        step = float(run.at(1))
        times = np.arange(run.updates, dtype=np.float64) * step
        rates = np.asarray(placed.with_base(self.peak)(times), dtype=np.float64)
        peak = float(rates.max())
        if rates.min() < 0.0:
            raise NotPredictable(
                f"the rates go down to {rates.min():.4g}, and a law is of rates of at least 0; "
                "write .clip(low=0)"
            )
        if abs(peak / self.peak - 1.0) > OTHER_PEAK:
            raise NotPredictable(
                f"the rates go from {rates.min():.4g} to {peak:.4g}, and the fitted runs had a "
                f"peak of {self.peak:.4g}: another one is predicted wrong by 3 to 14 %; write a "
                "schedule with that peak, base stands for it"
            )
        return rates

    def to_spec(self) -> dict[str, Any]:
        """The law as plain JSON."""
        return {"passo": "law", "version": 1, **asdict(self)}

    @classmethod
    def from_spec(cls, spec: Any) -> Law:
        """The law that `to_spec` wrote; raises `PassoError` with the place for anything else."""
        held = _SPEC(spec, "law")
        if held.pop("passo") != "law" or held.pop("version") != 1:
            raise PassoError(
                "the file is no law of version 1; write law.write(path) with this passo"
            )
        made: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in held.items()}
        for name, held_to, right in (
            ("peak", "above 0", made["peak"] > 0.0),
            ("scale", f"from {LOW:g} to {HIGH:g}", LOW <= made["scale"] <= HIGH),
            ("functional", "three numbers", len(made["functional"]) == 3),
            ("convex", "three numbers", len(made["convex"]) == 3),
        ):
            if not right:
                raise PassoError(f"law.{name} must be {held_to}, got {brief(made[name])}")
        return cls(**made)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the law as JSON, whole or not at all.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "law.json"
        >>> law = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)
        >>> law.write(path)
        >>> Law.load(path) == Law.from_spec(law.to_spec())
        True
        """
        with replacing(path) as file:
            file.write((json.dumps(self.to_spec()) + "\n").encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Law:
        """The law in a file that `write` made; raises `PassoError` for another file."""
        content = text_in(path, "a law", LARGEST)
        try:
            return cls.from_spec(parsed(content))
        except PassoError as error:
            raise PassoError(f"{os.fspath(path)!r} is not the file of a law: {error}") from None


_POSITIVE: Final = number(least=0.0)
_THREE: Final = listed(_POSITIVE)
_CHECKS: Final[dict[str, Check]] = {
    "metric": short,
    "horizon": count(least=1),
    "start": number(least=0.0, most=MOST),
    "runs": count(least=1),
    "functional": _THREE,
    "convex": _THREE,
    "warnings": listed(text),
}
_SPEC: Final = record(
    {"passo": anything, "version": anything}
    | {each.name: _CHECKS.get(each.name, _POSITIVE) for each in fields(Law)}
)


def _named(traces: Any) -> list[tuple[str, Trace]]:
    """The traces, each with the name by which errors call it."""
    if isinstance(traces, Mapping):
        given = [(str(name), each) for name, each in traces.items()]
    else:
        several = list(traces) if isinstance(traces, (list, tuple)) else [traces]
        places = (f"trace {place}" for place, _ in enumerate(several, 1))
        given = list(zip(["the run"] if len(several) == 1 else places, several, strict=True))
    for each in [each for _, each in given] or [traces]:
        if not isinstance(each, Trace):
            raise PassoError(
                f"Law.fit needs a Trace, or several, got {brief(each)}; "
                "write Law.fit([Trace.load(path)])"
            )
    return given


def recipes() -> dict[str, Schedule]:
    """What `best` chooses from, by the code that makes it."""
    decays = {
        "warmup_linear()": warmup_linear(),
        "warmup_cosine()": warmup_cosine(),
        "Linear(0, base, percent(5)).then(polynomial_decay(power=2))": _WARM.then(
            polynomial_decay(power=2)
        ),
    }
    shares = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90)
    shapes: tuple[Cooldown, ...] = ("linear", "1-sqrt", "cosine")
    wsds = {
        f'wsd(cooldown=percent({share}), shape="{shape}")': wsd(
            cooldown=percent(share), shape=shape
        )
        for shape in shapes
        for share in shares
    }
    return wsds | decays


def _fitted(seen: list[Seen], metric: str) -> Law:
    """The law of runs that were looked at one by one."""
    peak = together(seen)
    losses = [each.losses for each in seen]
    columns = [Columns.of(each.rates / peak, each.clocks, LOW, HIGH) for each in seen]
    scale = lowest(
        lambda c: solve([each.functional(c) for each in columns], losses).error, LOW, HIGH
    )
    first, second = [each.functional(scale) for each in columns], [e.convex() for e in columns]
    share = variety(first, losses)
    if share < VARIED:
        raise NotPredictable(
            f"the runs are too alike: {share:.3f} of the noise is told apart from progress, and a "
            f"law needs {VARIED}; add a run that ends low: linear to 0, or "
            "wsd(cooldown=percent(20))"
        )
    one, other = solve(first, losses), solve(second, losses)
    told = [a @ one.weights / 2 + b @ other.weights / 2 for a, b in zip(first, second, strict=True)]
    gaps = np.concatenate(told) - np.concatenate(losses)
    every = np.concatenate(losses)
    explained = 1.0 - float(gaps @ gaps) / float(np.sum((every - every.mean()) ** 2))
    if explained < EXPLAINED:
        raise NotPredictable(
            f"the rates explain {explained:.2f} of how the losses differ (R2), and a "
            f"law needs {EXPLAINED}; report means of more batches, or give a loss that follows "
            "the rate"
        )
    return Law(
        metric,
        peak,
        max(each.length for each in seen),
        max(each.start / each.length for each in seen),
        math.sqrt((one.error + other.error) / 2.0 / len(seen)),
        share,
        _three(one.weights),
        scale,
        _three(other.weights),
        len(seen),
        _warnings(seen),
    )


def _three(weights: Numbers) -> tuple[float, float, float]:
    a, b, c = weights.tolist()
    return a, b, c


def _warnings(seen: list[Seen]) -> tuple[str, ...]:
    """What makes the law less sure."""
    if not any(each.constant for each in seen):
        return ()
    return (CONSTANT,)
