"""The same runs on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan

from passo.ground.extras import need
from passo.sweep.answers import Answer, Job, answered
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
        train = ray.put(source.train)
        task = ray.remote(max_retries=1, num_cpus=1)(answered)
        waiting = {task.remote(train, job): job for job in jobs}
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
