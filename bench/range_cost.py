"""What a range test costs beside the bare loop of as many updates, and beside torch-lr-finder.

Processor time of one thread, the least of several rounds that take turns: what else runs on the
machine would otherwise outweigh the few percent in question.
"""

from __future__ import annotations

import contextlib
import io
import math
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from rich.table import Table
from torch import nn

from bench.stepping import Idle
from passo import loader_step, range_test, untouched

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, UPDATES, LOW, HIGH = 15, 100, 1e-7, 1e-4
loss_fn = nn.CrossEntropyLoss()


class Case(NamedTuple):
    """A network with its data, the same for every way of testing it."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loader: Any


def small() -> Case:
    """The network of the demo."""
    return _case(8, 16, 32)


def large() -> Case:
    """4 x its channels, batches of 128."""
    return _case(32, 64, 128)


def _case(first: int, second: int, batch: int) -> Case:
    model = nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * second, 10),
    )
    inputs = torch.randn(1797, 1, 8, 8)
    data = torch.utils.data.TensorDataset(inputs, torch.randint(0, 10, (len(inputs),)))
    loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True)
    return Case(model, torch.optim.AdamW(model.parameters(), lr=LOW), loader)


def bare(case: Case) -> None:
    """The same updates, by the same step."""
    step = loader_step(case.model, case.optimizer, loss_fn, case.loader)
    for _ in range(UPDATES):
        float(step())


def snapshot(case: Case) -> None:
    """Only the copy, and putting it back."""
    with untouched(case.model, case.optimizer, case.loader):
        pass


def passo(case: Case) -> None:
    """The range test."""
    step = loader_step(case.model, case.optimizer, loss_fn, case.loader)
    test = range_test(step, case.optimizer, restore=[], low=LOW, high=HIGH, steps=UPDATES)
    if len(test.values) != UPDATES:
        raise SystemExit("the range test stopped early")


def other(case: Case) -> None:
    """torch-lr-finder: the test and its reset."""
    from torch_lr_finder import LRFinder

    finder = LRFinder(case.model, case.optimizer, loss_fn, device="cpu")
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        finder.range_test(case.loader, start_lr=LOW, end_lr=HIGH, num_iter=UPDATES)
        finder.reset()
    case.model.to("cpu")


WAYS: dict[str, Callable[[Case], None]] = {
    "bare": bare,
    "snapshot": snapshot,
    "passo": passo,
    "torch-lr-finder": other,
}


def measure(case: Case) -> dict[str, float]:
    """Milliseconds of each way."""
    ways = dict(WAYS)
    try:
        import torch_lr_finder  # noqa: F401
    except ImportError:
        del ways["torch-lr-finder"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for way in ways.values():
        way(case)
    least = dict.fromkeys(ways, math.inf)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = process_time()
            way(case)
            least[name] = min(least[name], 1e3 * (process_time() - begin))
    torch.set_num_threads(threads)
    return least


def alone(updates: int = 2000) -> float:
    """Microseconds that a range test adds to an update of an optimizer that does nothing."""
    idle = Idle(1)

    def step() -> float:
        idle.step()
        return 1.0

    def seconds(work: Callable[[], object]) -> float:
        begin = process_time()
        work()
        return process_time() - begin

    plain = min(seconds(lambda: [step() for _ in range(updates)]) for _ in range(ROUNDS))
    tests = [
        seconds(lambda: range_test(step, idle, restore=[], steps=updates, high=HIGH))
        for _ in range(ROUNDS)
    ]
    return 1e6 * (min(tests) - plain) / updates


def table() -> Table:
    """Milliseconds, and what the test costs besides its snapshot."""
    made = Table(title=f"a range test of {UPDATES} updates, ms", title_justify="left")
    names = ("network", "bare loop", "snapshot", "range_test", "over it (budget 3 %)")
    for name in (*names, "torch-lr-finder"):
        made.add_column(name, justify="left" if name == "network" else "right")
    for case in (small, large):
        times = measure(case())
        over = (times["passo"] - times["snapshot"]) / times["bare"] - 1
        rival = times.get("torch-lr-finder")
        made.add_row(
            str(case.__doc__).rstrip("."),
            f"{times['bare']:.1f}",
            f"{times['snapshot']:.1f}",
            f"{times['passo']:.1f}",
            f"{over:+.1%}",
            "not installed" if rival is None else f"{rival:.1f}",
        )
    made.caption = f"a range test adds {alone():.1f} µs to an update, whatever the network"
    made.caption_justify = "left"
    return made
