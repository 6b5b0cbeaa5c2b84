"""The same runs on a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import nan

from passo.ground.extras import need
from passo.sweep.answers import Answer, Job, Train, answered
from passo.sweep.source import Source


def by_ray(source: Source, jobs: Sequence[Job]) -> Iterator[tuple[Job, Answer]]:
    """Makes the runs as tasks of Ray, one processor each; a killed one is made once more.

    A cluster that is joined already (`ray.init`) is used, else the one that RAY_ADDRESS names, else
    one is begun on this machine, and ended. The store must be where all machines see it.
    """
    ray = need("ray", "passo[ray]", 'compare(..., on="ray")')
    is_ours = not ray.is_initialized()
    if is_ours:
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        load = ray.put(_loader(source))
        task = ray.remote(max_retries=1, num_cpus=1)(_made)
        waiting = {task.remote(load, job): job for job in jobs}
        while waiting:
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            job = waiting.pop(done)
            try:
                yield job, ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
                yield job, Answer(nan, failed=f"its process was killed: {type(error).__name__}")
    finally:
        if is_ours:
            ray.shutdown()


def _loader(source: Source) -> Callable[[], Train]:
    """Ray sends a script's own functions by value, and those of a module by its name alone."""
    train = source.train
    if source.is_found and train.__module__ != "__main__":
        return source.loader()
    return lambda: train


def _made(load: Callable[[], Train], job: Job) -> Answer:
    return answered(load(), job)
