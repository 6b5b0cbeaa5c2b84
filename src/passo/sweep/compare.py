"""`compare`: the same seeds for all plans, and how sure each difference is."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from passo.ground.calls import called_like
from passo.ground.checks import brief, can_be_listed, one_of, real, truth, whole
from passo.ground.errors import PassoError, PassoWarning
from passo.ground.extras import need
from passo.ground.processes import processors
from passo.ground.schema import count, loose, mapping, maybe, number, record, text
from passo.schedules import Run
from passo.sweep.answers import Answer, Job, Train, answered, check_metric
from passo.sweep.comparison import Comparison, Result
from passo.sweep.crew import by_crew
from passo.sweep.intervals import EXTRA
from passo.sweep.journal import ANOTHER, Journal
from passo.sweep.plans import Budget, Entrant, code, entrants, with_base
from passo.sweep.ray_crew import by_ray
from passo.sweep.screen import Screen
from passo.sweep.source import Source
from passo.sweep.worker import refuse_in_worker

On: TypeAlias = Literal["process", "ray"]
FEWEST_SEEDS: Final = 2
MOST_SEEDS: Final = 10_000
LOG: Final = "workers.log"
HELD: Final = record(
    {
        "plan": text,
        "text": text,
        "base": maybe(number()),
        "seed": count(),
        "loss": loose,
        "metrics": mapping(loose),
        "failed": text,
        "seconds": loose,
    }
)
Key: TypeAlias = "tuple[str, str, float | None, int]"
Tried: TypeAlias = "list[tuple[Entrant, float | None]]"


@called_like('compare(train, {"cosine": warmup_cosine(), "wsd": wsd()}, Run(steps(1000)))')
def compare(
    train: Train | str,
    plans: Mapping[str, Any] | Sequence[Any],
    run: Run | Mapping[str, Run] | None = None,
    *,
    seeds: int | Sequence[int] = 5,
    store: str | os.PathLike[str] = "compare.journal",
    on: On = "process",
    bases: Sequence[float] = (),
    budget: Budget = "updates",
    metric: str | None = None,
    processes: int | None = None,
    retry: bool = False,
    progress: bool | None = None,
) -> Comparison:
    """Which plan ends lower, and how sure that is: each plan is trained with the same seeds.

    `train(plan, run, seed, trial)` makes one run and answers with its loss (lower is better), or
    with a mapping of metrics, of which `metric` is judged, else "loss". It may `trial.report` while
    it goes on, keep a `trial.checkpoint(folder)` that a killed run goes on from, and attach with
    `record=trial.record`, so that its trace is kept. `plans` are schedules, texts or mappings of
    fields, in a list or under names. `seeds` are so many, from 0, or a list of them.

    Two plans are told apart where the interval of their paired differences leaves 0 out; the
    intervals hold for all pairs together (`Pair` has the formula).

    Runs are made by `processes` worker processes (as many as there are processors), one torch
    thread each, where they find `train` in a file or a module; a lambda or a local function is run
    in this process, one after the other, and so is everything with `processes=1`. `on="ray"` makes
    them on a Ray cluster. A run that raises, or whose loss is not finite, is a result without a
    loss; one whose process is killed is made once more.

    Each result is in `store` as soon as it is there, and a run that is there is not made again,
    with more seeds or more plans either; `retry` makes those again that have no loss.

    `bases` trains each plan at several bases. `budget` says what is equal: "updates"; "tokens", by
    the length of the runs (`run` may be a mapping from names); or "area": each rate is scaled by
    (sum of the first plan's rates) / (sum of its own) over all updates.

    Raises `PassoError` for what cannot be compared, for a store of something else or in use, and
    where `train` answers with no number; `NeedsRun` without a run.

    >>> import random, tempfile
    >>> from passo import Run, steps
    >>> def train(plan, run, seed, trial):
    ...     return abs(plan.on(run)(0) - 0.3) + random.Random(seed).random() / 100
    >>> store = tempfile.mkdtemp() + "/compare.journal"
    >>> found = compare(
    ...     train, {"a": "Constant(0.1)", "b": "Constant(0.3)"}, Run(steps(9)), store=store
    ... )
    >>> print(found.pairs[0])
    'b' is better than 'a': its loss is 0.2 lower with every seed
    """
    refuse_in_worker("compare")
    need("scipy.stats", EXTRA, "compare")
    one_of(on, "on", On)
    check_metric(metric)
    truth(retry, "retry")
    if progress is not None:
        truth(progress, "progress")
    source = Source.of(train)
    found = entrants(plans, run, budget)
    numbers, values = _seeds(seeds), _bases(bases)
    tried: Tried = [(with_base(each, value), value) for value in values for each in found]
    tried = tried or [(each, None) for each in found]
    runs = {each.name: repr(each.run) for each in found} if isinstance(run, Mapping) else repr(run)
    head = {"train": source.name, "run": runs, "budget": budget, "metric": metric}
    head = {**head, "code": source.code}
    with Journal(store, "compare", head, partial(_same, store), HELD) as journal:
        known = _known(journal, tried)
        _warn_of_changes(journal, source)
        jobs = {
            _key(each, base, seed): _job(journal, each, base, seed, metric)
            for seed in numbers
            for each, base in tried
        }
        waiting = [job for key, job in jobs.items() if _is_wanted(known.get(key), retry=retry)]
        made, remarks = _makers(source, waiting, on, _size(processes, len(waiting)), journal)
        with Screen([each.name for each in found], len(waiting), shown=progress) as screen:
            for job, answer in made:
                key = _key_of(job)
                known[key] = _line(key, answer)
                journal.add(known[key])
                screen.done(job, answer)
    names = tuple(each.name for each in found)
    results = tuple(_result(known[key], job) for key, job in jobs.items())
    return Comparison(names, numbers, results, values, tuple(found), budget, remarks)


def _seeds(seeds: Any) -> tuple[int, ...]:
    many = can_be_listed(seeds) and not isinstance(seeds, (str, bytes, Mapping))
    listed = seeds if many else range(whole(seeds, "seeds", most=MOST_SEEDS))
    found = tuple(whole(each, "a seed", least=0) for each in listed)
    if len(set(found)) < len(found):
        msg = f"a seed is there twice, got {brief(seeds)}; write each once"
        raise PassoError(msg)
    if len(found) < FEWEST_SEEDS:
        msg = (
            f"a difference is judged by how it varies from seed to seed, and seeds is "
            f"{brief(seeds)}; write seeds=5"
        )
        raise PassoError(msg)
    return found


def _bases(bases: Any) -> tuple[float, ...]:
    if not can_be_listed(bases) or isinstance(bases, (str, bytes, Mapping)):
        msg = f"bases are numbers that base stands for, got {brief(bases)}; write bases=[0.03, 0.1]"
        raise PassoError(msg)
    return tuple(sorted({real(each, "a base") for each in bases}))


def _size(processes: Any, jobs: int) -> int:
    most = processors() if processes is None else whole(processes, "processes")
    return max(1, min(most, jobs))


def _same(store: Any, found: Mapping[str, Any], head: Mapping[str, Any]) -> None:
    """Refuses a store of other runs; that the code has changed is only warned of."""
    for key in ("train", "run", "budget", "metric"):
        theirs, ours = found.get(key), head[key]
        if theirs != ours:
            msg = (
                f"{os.fspath(store)!r} is of another comparison: there {key} is {brief(theirs)}, "
                f"here {brief(ours)}; {ANOTHER}"
            )
            raise PassoError(msg)


def _warn_of_changes(journal: Journal, source: Source) -> None:
    then = journal.head.get("code")
    if journal.lines and then and source.code and then != source.code:
        warnings.warn(
            f"{source.name} has changed since {len(journal.lines)} runs of {str(journal.path)!r} "
            f"were made, and they are kept; to make all of them again {ANOTHER}",
            PassoWarning,
            stacklevel=4,
        )


def _key(each: Entrant, base: float | None, seed: int) -> Key:
    return each.name, each.text, base, seed


def _key_of(job: Job) -> Key:
    return job.name, code(job.plan), job.base, job.seed


def _job(journal: Journal, each: Entrant, base: float | None, seed: int, metric: Any) -> Job:
    """A run with a folder of its own, the same whenever it is made."""
    word = re.sub(r"[^\w.]+", "-", each.name)[:40].strip("-")
    mark = hashlib.sha256(repr((each.name, each.text, base)).encode()).hexdigest()[:8]
    folder = journal.folder / f"{word}-{mark}" / f"seed-{seed}"
    return Job(each.name, each.plan, each.run, seed, str(folder), base, metric)


def _line(key: Key, answer: Answer) -> dict[str, Any]:
    name, plan, base, seed = key
    return {"plan": name, "text": plan, "base": base, "seed": seed, **asdict(answer)}


def _known(journal: Journal, tried: Tried) -> dict[Key, dict[str, Any]]:
    """The results that are there, the later ones where a run was made again.

    Raises `PassoError` where a plan is left out that was seen: what is left out for its losses
    makes the others look surer than they are.
    """
    ours = {(each.name, each.text, base) for each, base in tried}
    known = {}
    for line in journal.lines:
        name, plan, base, seed = (line[each] for each in ("plan", "text", "base", "seed"))
        if (name, plan, base) not in ours:
            at = "" if base is None else f" at the base {base:g}"
            msg = (
                f"{str(journal.path)!r} holds runs of {name!r}, {brief(plan)}{at}, which is not "
                f"among the plans; give it too, or {ANOTHER}"
            )
            raise PassoError(msg)
        known[name, plan, base, seed] = line
    return known


def _is_wanted(line: Mapping[str, Any] | None, *, retry: bool) -> bool:
    return line is None or (retry and bool(line["failed"]))


def _result(line: Mapping[str, Any], job: Job) -> Result:
    metrics = {name: loose(each, name) for name, each in line["metrics"].items()}
    loss, failed = loose(line["loss"], "loss"), line["failed"]
    return Result(job.name, job.seed, loss, metrics, failed, line["seconds"], job.base, job.folder)


def _makers(
    source: Source, jobs: Sequence[Job], on: On, size: int, journal: Journal
) -> tuple[Iterator[tuple[Job, Answer]], tuple[str, ...]]:
    """Who makes the runs, and what is to be said of that."""
    if on == "ray":
        return by_ray(source, jobs), ()
    here = ((job, answered(source.train, job)) for job in jobs)
    if size == 1:
        return here, ()
    if not source.is_found or not _can_be_sent(jobs):
        what = "its plans" if source.is_found else source.name
        said = (
            f"made in this process, one run after the other: no other process finds {what}; "
            "functions at the head of a file are found"
        )
        return here, (said,)
    journal.folder.mkdir(exist_ok=True)
    return by_crew(source, jobs, size, journal.folder / LOG), ()


def _can_be_sent(jobs: Sequence[Job]) -> bool:
    try:
        pickle.dumps(jobs)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True
