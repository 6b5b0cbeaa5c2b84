"""What a run came to: its loss, or why it has none."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from time import monotonic
from typing import Any, Final, TypeAlias

from passo.ground.checks import brief, shortened
from passo.ground.errors import PassoError, closest, words_of
from passo.schedules import Run
from passo.sweep.trial import Trial

Train: TypeAlias = "Callable[[Any, Run, int, Trial], Any]"
"""`train(plan, run, seed, trial)`: makes one run, and answers with its loss or its metrics."""
LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Job:
    """One run that is to be made: which plan, on which run, with which seed, in which folder."""

    name: str
    plan: Any
    run: Run
    seed: int
    folder: str
    base: float | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run came to. `failed` says why it has no loss; else it is empty."""

    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""
    seconds: float = 0.0


class WrongAnswer(PassoError):
    """A train function answered with what is neither a loss nor metrics.

    >>> judged(None, "loss")
    Traceback (most recent call last):
    ...
    passo.sweep.answers.WrongAnswer: train answered with None, and a run answers with its loss, a
    number, or with a mapping of metrics; write return loss
    """


def answered(train: Train, job: Job) -> Answer:
    """Makes one run. An exception of the train function is an answer, and so is a loss of NaN.

    That nobody reads what it prints ends all. Raises `WrongAnswer` where it answers with something
    else than a number or numbers.
    """
    trial = Trial(job.folder)
    begin = monotonic()
    try:
        answer = train(job.plan, job.run, job.seed, trial)
    except Exception as error:  # whatever it is, it is what this run came to
        if is_unheard(error):
            raise
        why = shortened(words_of(error), LONGEST)
        return Answer(math.nan, failed=why, seconds=monotonic() - begin)
    loss, metrics = judged(answer, job.metric)
    failed = "" if math.isfinite(loss) else f"its loss was {loss}"
    return Answer(loss, metrics, failed, monotonic() - begin)


def is_unheard(error: Exception) -> bool:
    """Whether it says that nobody reads what is printed any more (`| head`): no fault of the run.

    >>> is_unheard(RuntimeError())
    False
    """
    if not isinstance(error, BrokenPipeError):
        return False
    try:
        sys.stdout.flush()  # what could not be printed is still to be
    except BrokenPipeError:
        return True
    return False


def check_metric(metric: Any) -> None:
    """Refuses what is no name of a metric; None asks for none."""
    if metric is not None and not (isinstance(metric, str) and metric):
        msg = f'metric is the name of a metric, got {brief(metric)}; write metric="val_loss"'
        raise PassoError(msg)


def judged_by(metrics: Mapping[str, float], metric: str | None) -> str:
    """The name of the loss: the one that is asked for, else "loss", else the only one.

    >>> judged_by({"loss": 0.5, "lr": 0.1}, None), judged_by({"val": 0.5}, None)
    ('loss', 'val')
    """
    if metric is not None:
        return metric
    return next(iter(metrics)) if len(metrics) == 1 else "loss"


def judged(answer: Any, metric: str | None) -> tuple[float, dict[str, float]]:
    """The loss, lower is better, and all metrics that came with it.

    Which of several metrics it is, `judged_by` says.

    >>> judged(0.5, None), judged({"loss": 0.5, "accuracy": 0.9}, None)
    ((0.5, {}), (0.5, {'loss': 0.5, 'accuracy': 0.9}))
    """
    if not isinstance(answer, Mapping):
        return _number(answer, "a run answers with its loss, a number, or with"), {}
    metrics = {str(name): _number(each, "each metric is one in") for name, each in answer.items()}
    name = judged_by(metrics, metric)
    if name not in metrics:
        known = ", ".join(map(repr, metrics)) or "none"
        first = next(iter(metrics), "val_loss")
        way = "write return loss" if not metrics else f"write metric={first!r}"
        hint = closest(name, metrics)
        joint = f"{hint} Else " if hint else "; "
        msg = f"train answered with the metrics {known}, and {name!r} is asked for{joint}{way}"
        raise WrongAnswer(msg)
    return metrics[name], metrics


def _number(value: Any, need: str) -> float:
    plain = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
    if isinstance(plain, bool) or not isinstance(plain, Real):
        msg = (
            f"train answered with {brief(value)}, and {need} a mapping of metrics; "
            "write return loss"
        )
        raise WrongAnswer(msg)
    try:
        return float(plain)
    except OverflowError:
        sign = "-" if plain < 0 else ""
        msg = (
            f"train answered with {brief(value)}, and a loss must be below 1.8e308; write return "
            f"float('{sign}inf')"
        )
    raise WrongAnswer(msg)
