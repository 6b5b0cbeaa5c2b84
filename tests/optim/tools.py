"""Small optimizers, and loops that tell what each of their updates really used."""

from __future__ import annotations

import gc
import json
import re
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from passo import PassoWarning
from tests import warm

ROOT = Path(__file__).parents[2]


def weight(*shape: int) -> torch.nn.Parameter:
    """A parameter of ones."""
    return torch.nn.Parameter(torch.ones(shape or (1,)))


def sgd(lr: float = 1.0, **settings: Any) -> torch.optim.SGD:
    """SGD of one weight."""
    return torch.optim.SGD([weight()], lr=lr, **settings)


def adam(lr: Any = 0.1, **settings: Any) -> torch.optim.Adam:
    """Adam of one weight."""
    return torch.optim.Adam([weight()], lr=lr, **settings)


def graded(optimizer: torch.optim.Optimizer, value: float = 1.0) -> None:
    """Give each parameter a gradient."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.full_like(parameter, value)


def update(optimizer: Any, times: int = 1) -> None:
    """Real updates, each from gradients of one."""
    for _ in range(times):
        graded(optimizer)
        optimizer.step()


def used(optimizer: torch.optim.Optimizer, times: int, key: str = "lr") -> list[Any]:
    """What each of so many updates uses, read before it: one number for each group."""
    found = []
    for _ in range(times):
        found.append([float(group[key]) for group in optimizer.param_groups])
        update(optimizer)
    return found


def rates(optimizer: torch.optim.Optimizer, times: int) -> list[float]:
    """The lr of the first group in each of so many updates."""
    return [first for first, *_ in used(optimizer, times)]


def values(schedule: Any, times: int) -> list[float]:
    """What a schedule says for the first updates."""
    return [schedule(t) for t in range(times)]


def warned(story: Callable[[], object]) -> list[warnings.WarningMessage]:
    """The warnings of a story, first to last; nothing is raised."""
    gc.collect()  # what others left behind
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        story()
        gc.collect()
    return told


def said(story: Callable[[], object], category: type[Warning] = PassoWarning) -> list[str]:
    """What a story warns of, all of one category."""
    told = warned(story)
    assert all(each.category is category for each in told), [str(each.message) for each in told]
    return [str(each.message) for each in told]


def python(code: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Code in a process of its own."""
    return warm.python("-c", code, *arguments, timeout=timeout, cwd=ROOT)


RANK = """
import json, os, sys
import torch
from tests.optim.tools import process_group

rank, size = map(int, sys.argv[1:3])
with process_group(rank, size, int(sys.argv[3])):
    for name, code in json.loads(sys.argv[4]).items():
        print("==", name, flush=True)
        exec(code, {"torch": torch, "rank": rank, "size": size})
        torch.distributed.barrier()
sys.stdout.flush()
os._exit(0)  # gloo's threads are not always done when an interpreter ends by itself
"""


def on_ranks(stories: dict[str, str], size: int) -> dict[str, list[list[str]]]:
    """Stories in so many processes of one gloo group: for each story what each rank printed.

    A story is code that knows `rank`, `size` and `torch`; warnings are printed as well.
    """
    port, told = str(free_port()), json.dumps(stories)
    with ThreadPoolExecutor(size) as pool:
        start = [str(rank) for rank in range(size)]
        done = list(pool.map(lambda rank: python(RANK, rank, str(size), port, told), start))
    for each in done:
        assert each.returncode == 0, each.stdout + each.stderr
    pages = [re.split(r"^== (.*)\n", each.stdout, flags=re.MULTILINE) for each in done]
    found = [dict(zip(page[1::2], page[2::2], strict=True)) for page in pages]
    return {name: [each[name].splitlines() for each in found] for name in stories}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process_group(rank: int, size: int, port: int) -> Iterator[None]:
    """A gloo group, for as long as the block lasts."""
    torch.set_num_threads(1)
    warnings.showwarning = lambda message, *_, **__: print(message, flush=True)  # noqa: T201
    warnings.simplefilter("always", PassoWarning)
    wait = timedelta(seconds=30)
    store = distributed.TCPStore("127.0.0.1", port, size, is_master=rank == 0, timeout=wait)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=wait)
    yield
    distributed.barrier()
    distributed.destroy_process_group()
