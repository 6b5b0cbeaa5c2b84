"""The same runs on a Ray cluster: the one that is joined, or one of this machine's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import nan
from typing import Any, Final

from passo.ground.extras import need
from passo.ground.processes import processors
from passo.sweep.answers import Answer, Job, Train, WrongAnswer, answered
from passo.sweep.source import Source

ADDRESS: Final = "RAY_ADDRESS"
ALONE: Final = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too: it listens on 127.0.0.1 alone
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",  # they would be served to any other machine
}
SHARED: Final = 100 * 2**20  # bytes of shared memory: only plans and losses go through it


@contextmanager
def cluster(call: str) -> Iterator[Any]:
    """Ray, with a cluster to make runs on.

    One that is joined already (`ray.init`) is used, else the one that RAY_ADDRESS names, else one
    is begun on this machine, and ended: it is heard by this machine alone, has no dashboard and
    tells nobody of its use. What ALONE says may be said otherwise in the environment.
    """
    with _alone():
        ray = need("ray", "passo[ray]", call)  # some of it is read as Ray is imported
        is_ours = not ray.is_initialized()
        if is_ours and os.environ.get(ADDRESS, "local") != "local":
            ray.init(log_to_driver=False)
        elif is_ours:
            ray.init(
                num_cpus=processors(),
                include_dashboard=False,
                log_to_driver=False,
                object_store_memory=SHARED,
            )
    try:
        yield ray
    finally:
        if is_ours:
            ray.shutdown()


@contextmanager
def _alone() -> Iterator[None]:
    """With what is not said otherwise in the environment, which is as before afterwards."""
    ours = [name for name in ALONE if name not in os.environ]
    os.environ.update({name: ALONE[name] for name in ours})
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def by_ray(source: Source, jobs: Sequence[Job]) -> Iterator[tuple[Job, Answer]]:
    """Makes the runs as tasks of Ray, one processor each; a killed one is made once more.

    The store must be where all machines see it.
    """
    with cluster('compare(..., on="ray")') as ray:
        load = ray.put(loader_of(source))
        task = ray.remote(max_retries=1, num_cpus=1)(_made)
        waiting = {task.remote(load, job): job for job in jobs}
        while waiting:
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            job = waiting.pop(done)
            try:
                answer = ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
                answer = Answer(nan, failed=f"its process was killed: {type(error).__name__}")
            if isinstance(answer, WrongAnswer):
                raise answer
            yield job, answer


def loader_of(source: Source) -> Callable[[], Train]:
    """What gives a train function to a task of Ray.

    Ray sends a script's own functions by value, and those of a module by its name alone, under
    which a process that has made other runs may know another file.
    """
    train = source.train
    if source.is_found and train.__module__ != "__main__":
        return source.loader()
    return lambda: train


def _made(load: Callable[[], Train], job: Job) -> Answer | WrongAnswer:
    """A wrong answer is handed back: Ray prints what is raised where nobody asks for it."""
    try:
        return answered(load(), job)
    except WrongAnswer as error:
        return error
