"""`tune`: a search for the best plan of a space, by Optuna, and how sure its answer is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from passo.ground.calls import called_like
from passo.ground.checks import brief, one_of, whole
from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.ground.files import followed
from passo.schedules import NeedsRun, Run
from passo.sweep.answers import Train, check_metric
from passo.sweep.intervals import EXTRA
from passo.sweep.search import SEED, SEEDS, TRIALS, Judge, Search, finished, quiet
from passo.sweep.searchers import by_processes, by_ray
from passo.sweep.source import Source
from passo.sweep.spaces import WHAT, space_of
from passo.sweep.store import opened, told
from passo.sweep.study import Plan, Study, none_has_a_loss
from passo.sweep.worker import refuse_in_worker
from passo.sweep.working import count, lost_among, work

if TYPE_CHECKING:
    from passo.law import Law

On: TypeAlias = Literal["process", "ray"]
Maker: TypeAlias = "Callable[..., None]"
FEW: Final = 3
FEWEST_SEEDS: Final = 2
MOST_SEEDS: Final = 1000
MOST_TRIALS: Final = 10**6
MOST_PROCESSES: Final = 1000


@called_like('tune(train, "warmup_cosine(peak=between(1e-4, 1e-1, log))", Run(steps(1000)))')
def tune(
    train: Train | str,
    space: Any,
    run: Run,
    *,
    trials: int = 40,
    seeds: int = 5,
    store: str | os.PathLike[str] = "tune.db",
    on: On = "process",
    judge: Judge | Law = "shares",
    metric: str | None = None,
    processes: int = 1,
    sampler: Any = None,
    pruner: Any = None,
) -> Study:
    """The best plan of a space, with an interval, by so many runs of a train function.

    `train(plan, run, seed, trial)` is what `compare` takes: it makes one run and answers with its
    loss (lower is better), or with a mapping, of which `metric` is judged. `space` is a function of
    an Optuna trial that answers with a plan, a text in which `between(low, high)`, `between(low,
    high, log)`, `between(low, high, whole)` and `one_of(a, b)` stand for what is searched, or the
    name of a schedule of the catalogue, whose parameters are searched around what is published.

    Each trial is one run with seed 0. The three best plans are then trained again with `seeds`
    other seeds, by which they are compared: what is chosen as the lowest of many is lower by chance
    too.

    `judge="shares"`: the losses that a run tells `trial.report` are compared at a quarter, a half
    and three quarters of the run, and `pruner` (the worst quarter there, after five runs) says
    which run is given up; `pruner=optuna.pruners.NopPruner()` gives none up. `judge="law"`: a
    `Law` fitted on finished runs of the same peak, or the one that is given, foresees the end of
    a plan, which is not run where that is above the best one. `sampler` is Optuna's TPE.

    All is kept in `store`, an sqlite file that Optuna reads too, and beside it in STORE.runs. A
    call with the same store goes on: nothing that is over is made again. Several processes, of one
    call (`processes`) or of several, may work at one store; a run whose process is silent for 20
    seconds is made again, from its `trial.latest`, at most twice. `on="ray"` makes them
    on a Ray cluster.

    Raises `PassoError` for what cannot be searched, for a store of something else, where `train`
    answers with no number, and where no run has a loss.

    >>> import tempfile
    >>> from passo import Run, steps
    >>> def train(plan, run, seed, trial):
    ...     return (plan.on(run)(0) - 0.3) ** 2 + 1e-4 * seed
    >>> store = tempfile.mkdtemp() + "/tune.db"
    >>> found = tune(train, "Constant(between(0.0, 1.0))", Run(steps(9)), trials=9, store=store)
    >>> abs(found.best.holes["value"] - 0.3) < 0.2
    True
    """
    refuse_in_worker("tune")
    need("optuna", EXTRA, WHAT)
    need("scipy.stats", EXTRA, WHAT)
    one_of(on, "on", On)
    _check(run, judge, metric)
    _check_optuna(sampler, pruner)
    size = whole(processes, "processes", most=MOST_PROCESSES)
    whole(seeds, "seeds", least=FEWEST_SEEDS, most=MOST_SEEDS)
    source = Source.of(train)
    alone = by_processes if size > 1 else here
    maker: Maker = partial(by_ray, source=source) if on == "ray" else alone
    with quiet(), told(followed(store)):
        search = Search(
            source.train,
            space_of(space, run),
            run,
            followed(store).absolute(),
            whole(trials, "trials", most=MOST_TRIALS),
            metric,
            judge,
            sampler,
            pruner,
        )
        study = opened(search, source)
        _made(search, TRIALS, trials, partial(maker, size=size))
        best = _few(finished(study))
        if not best:
            raise none_has_a_loss(study.get_trials(deepcopy=False))
        again, wanted = search.study(SEEDS), range(1, 1 + seeds)
        with search.lock():
            for number, other in product((each.number for each in best), wanted):
                again.enqueue_trial({"trial": number, "seed": other}, skip_if_exists=True)
        _made(search, SEEDS, len(_asked(again)), partial(maker, size=size))
        few = sorted(_plans(best, again, wanted), key=lambda each: (each.missing, each.mean))
        if few[0].missing == seeds:
            raise none_has_a_loss(again.get_trials(deepcopy=False))
        return Study(study, tuple(few), tuple(_notes(study, few)))


def here(search: Search, name: str, total: int, seen: Callable[[], None], size: int) -> None:
    """Makes the runs in this process, one after the other."""
    del size
    work(search, name, total, seen)


def _check(run: Any, judge: Any, metric: Any) -> None:
    if not isinstance(run, Run):
        msg = (
            f"a search needs a run, got {brief(run)}; write "
            "tune(train, space, Run.of(len(loader), epochs=90))"
        )
        raise NeedsRun(msg)
    if isinstance(judge, str):
        one_of(judge, "judge", Judge)
    elif not isinstance(judge, need("passo.law", "passo[law]", 'judge="law"').Law):
        msg = f'judge is "shares", "law" or a Law, got {brief(judge)}; write judge="shares"'
        raise PassoError(msg)
    check_metric(metric)


def _check_optuna(sampler: Any, pruner: Any) -> None:
    """Refuses what is none of Optuna's."""
    optuna = need("optuna", EXTRA, WHAT)
    if sampler is not None and not isinstance(sampler, optuna.samplers.BaseSampler):
        msg = (
            f"sampler is one of Optuna's, got {brief(sampler)}; write "
            "sampler=optuna.samplers.RandomSampler()"
        )
        raise PassoError(msg)
    if pruner is not None and not isinstance(pruner, optuna.pruners.BasePruner):
        msg = (
            f"pruner is one of Optuna's, got {brief(pruner)}; write "
            "pruner=optuna.pruners.NopPruner()"
        )
        raise PassoError(msg)


def _made(search: Search, name: str, total: int, maker: Any) -> None:
    """Makes all runs of a part of the search, and shows how far it is."""
    study, console = search.study(name), Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    left = (TextColumn("left"), TimeRemainingColumn())
    shown = console.is_terminal
    with Progress(*columns, *left, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task(name, total=total)

        def seen() -> None:
            lowest = min((each.value for each in finished(study)), default=None)
            said = name if lowest is None else f"{name}, lowest loss {lowest:.4g}"
            bar.update(task, completed=count(study).over, description=said)

        if count(study).over < total:
            maker(search, name, total, seen=seen if shown else _nothing)


def _nothing() -> None:
    """Where nobody looks."""


def _few(done: Sequence[Any]) -> list[Any]:
    """The best trials, each of another plan."""
    found: dict[str, Any] = {}
    for each in sorted(done, key=lambda each: (each.value, each.number)):
        found.setdefault(each.user_attrs["plan"], each)
    return list(found.values())[:FEW]


def _key(trial: Any) -> tuple[int, int]:
    """Which trial, and with which seed; one that waits, or was killed, may not have asked yet."""
    params = trial.system_attrs.get("fixed_params", {}) | trial.params
    return params["trial"], params["seed"]


def _asked(again: Any) -> set[tuple[int, int]]:
    return {_key(each) for each in again.get_trials(deepcopy=False)}


def _plans(best: Sequence[Any], again: Any, seeds: Sequence[int]) -> Iterator[Plan]:
    losses = {_key(each): each.value for each in finished(again)}
    for each in best:
        found = [losses[each.number, seed] for seed in seeds if (each.number, seed) in losses]
        lost = len(seeds) - len(found)
        text, holes = each.user_attrs["plan"], dict(each.params)
        yield Plan(text, holes, each.value, tuple(found), len(best), lost)


def _notes(study: Any, few: Sequence[Plan]) -> Iterator[str]:
    """What is to be known of the numbers."""
    trials = study.get_trials(deepcopy=False)
    yield (
        f"intervals: 95 % for all {len(few)} plans together, by Student's t over "
        f"{len(few[0].losses)} seeds that they were not chosen by (the search had seed {SEED})"
    )
    early = sum("given_up_at" in each.user_attrs for each in trials)
    if early:
        yield f"{early} of {len(trials)} runs were given up before their end"
    failed = [each.user_attrs["failed"] for each in trials if "failed" in each.user_attrs]
    if failed:
        why = "; ".join(dict.fromkeys(failed[:3]))
        yield f"{len(failed)} of {len(trials)} runs have no loss ({why})"
    lost = lost_among(trials)
    if lost:
        yield f"the processes of {len(lost)} runs died each time, and they have no loss"
    unforeseen = [x.user_attrs["unforeseen"] for x in trials if "unforeseen" in x.user_attrs]
    if unforeseen:
        yield f"the law foresaw nothing of {len(unforeseen)} runs: {unforeseen[-1]}"
    if any(len(each.losses) > 1 and each.spread == 0.0 for each in few):
        yield "each seed gave the same loss: let train use its seed, as in torch.manual_seed(seed)"
