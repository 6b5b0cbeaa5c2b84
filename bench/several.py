"""What one plan over several optimizers costs beside an attach for each; attach and load."""

from __future__ import annotations

import gc
import statistics
import warnings
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import torch
from rich.table import Table

from bench.stepping import LAST, ROUNDS, WARM, Idle
from passo import Cosine, Linear, PassoWarning, Run, attach, base, steps

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = Linear(0.1 * base, base, steps(WARM)).then(Cosine(base, 0, steps(LAST)))
RUN = Run(steps(WARM + LAST))
warnings.filterwarnings("ignore", "the run ended early", PassoWarning)  # it is a measurement


def bare(many: int) -> Callable[[], None]:
    """No schedule at all."""
    return _stepping([Idle(1) for _ in range(many)])


def each_attached(many: int) -> Callable[[], None]:
    """An attach for each optimizer."""
    optimizers = [Idle(1) for _ in range(many)]
    for each in optimizers:
        attach(each, PLAN, RUN)
    return _stepping(optimizers)


def together(many: int) -> Callable[[], None]:
    """One attach for all of them."""
    optimizers = [Idle(1) for _ in range(many)]
    attach(optimizers, PLAN, RUN)
    return _stepping(optimizers)


def _stepping(optimizers: list[Idle]) -> Callable[[], None]:
    def step() -> None:
        for each in optimizers:
            each.step()

    return step


KINDS = {"bare": bare, "an attach for each": each_attached, "one attach": together}


def measure(many: int) -> dict[str, float]:
    """Microseconds per update of all: medians of rounds that take turns."""
    number = max(20, 2000 // many)
    made = {name: make(many) for name, make in KINDS.items()}
    rounds: dict[str, list[float]] = {name: [] for name in made}
    gc.disable()
    for _ in range(ROUNDS):
        for name, step in made.items():
            begin = perf_counter()
            for _ in range(number):
                step()
            rounds[name].append((perf_counter() - begin) / number * 1e6)
    gc.enable()
    return {name: statistics.median(times) for name, times in rounds.items()}


def table(counts: tuple[int, ...] = (2, 50)) -> Table:
    """µs on top of the bare steps, for each number of optimizers."""
    made = Table(title="several optimizers, µs on top of their steps", title_justify="left")
    for name in ("optimizers", "bare steps", "an attach for each", "one attach", "budget"):
        made.add_column(name, justify="right")
    for many in counts:
        times = measure(many)
        over = [times[name] - times["bare"] for name in ("an attach for each", "one attach")]
        shown = [f"{each:.2f}" for each in (times["bare"], *over)]
        made.add_row(f"{many}", *shown, "as for each")
    return made


def setting_up(groups: int = 1000, repeat: int = 9) -> Table:
    """Milliseconds of the processor for `attach` and for loading a state."""

    def fresh(apart: float = 0.0) -> Any:
        lots = [
            {"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.1 + apart * k}
            for k in range(groups)
        ]
        return torch.optim.SGD(lots)

    def timed(name: str, call: Callable[[], Any]) -> Any:
        begin = process_time()
        answer = call()
        times.setdefault(name, []).append((process_time() - begin) * 1e3)
        return answer

    times: dict[str, list[float]] = {}
    before = fresh()
    earlier = attach(before, PLAN, RUN)
    earlier.advance()
    state, saved = earlier.state_dict(), before.state_dict()
    for _ in range(repeat):
        optimizer, alone, other = fresh(), fresh(), fresh()
        scheduler = timed("attach", lambda one=optimizer: attach(one, PLAN, RUN))
        timed("load", lambda one=scheduler: one.load_state_dict(state))
        timed("torch", lambda one=alone: one.load_state_dict(saved))
        kept = attach(other, PLAN, RUN)
        timed("optimizer", lambda one=other: one.load_state_dict(saved))
        kept.detach()
    for _ in range(repeat // 2):
        optimizer = fresh(apart=1e-5)
        timed("apart", lambda one=optimizer: attach(one, PLAN, RUN))
    middle = {name: f"{statistics.median(each):.1f}" for name, each in times.items()}
    made = Table(title=f"attach and load, {groups:,} groups, processor ms", title_justify="left")
    for name in ("what", "measured", "budget"):
        made.add_column(name, justify="right")
    made.add_row("attach", middle["attach"], "10")
    made.add_row("attach, a base for each", middle["apart"], "400")
    made.add_row("load_state_dict", middle["load"], "5")
    made.add_row("optimizer.load_state_dict", middle["optimizer"], f"15, torch {middle['torch']}")
    return made
