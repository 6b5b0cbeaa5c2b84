"""How good the suggestions of a range test are: `python -m bench.range_quality`.

Quadratics whose stability limit is known, 100 seeds each: SGD diverges from 2 / L on, with momentum
m from 2 (1 + m) / L on, where L is the largest eigenvalue. Their axes are turned at random: along
axes of its own, without noise, single precision now and then puts the steepest coordinate exactly
on its minimum, where no rate is seen to be too high (2 % of those tests then suggest a rate above
the limit). Networks on digits, whose limit is found by brute force. Losses that hold no answer.
Beside each figure stands its bar.
"""

from __future__ import annotations

import argparse
import math
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from passo import RangeTest, loader_step, range_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPES = ((1, 1.0), (3, 30.0), (10, 1.0), (10, 1000.0), (50, 10.0), (200, 1.0), (200, 1000.0))
NOISES = {"none": 0.0, "low": 0.1, "high": 1.0}
MOMENTA = (0.0, 0.9)
GRID = 2 ** (1 / 3)


class Score(NamedTuple):
    """What came of one range test, and the limit that is known."""

    best: float | None
    limit: float


def quadratic(
    dim: int, condition: float, noise: float, momentum: float, seed: int
) -> tuple[Callable[[], float], torch.optim.Optimizer, float]:
    """A step on a quadratic whose minimum moves with every batch, and its stability limit."""
    dice = torch.Generator().manual_seed(seed)
    top = 10 ** (3 * torch.rand((), generator=dice).item() - 0.5)
    exponents = torch.linspace(0, 1, dim) if dim > 1 else torch.zeros(1)
    curvature = top * condition**-exponents
    turn = torch.linalg.qr(torch.randn(dim, dim, generator=dice))[0]
    centre = torch.randn(dim, generator=dice)
    weight = torch.nn.Parameter(centre + torch.randn(dim, generator=dice))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=momentum)

    def step() -> float:
        away = turn.T @ (weight.detach() - centre)
        if noise:
            away = away - noise * torch.randn(dim, generator=dice)
        weight.grad = turn @ (curvature * away)
        optimizer.step()
        return 0.5 * (curvature * away * away).sum().item()

    return step, optimizer, 2 * (1 + momentum) / top


def best_of(test: RangeTest) -> float | None:
    """What is suggested, where something is."""
    found = test.suggestion()
    return found.best if found else None


def on_quadratics(noise: str, seeds: int, *, momenta: Any = MOMENTA) -> Iterator[Score]:
    """Every shape with every momentum."""
    for dim, condition in SHAPES:
        for momentum in momenta:
            for seed in range(seeds):
                step, optimizer, limit = quadratic(dim, condition, NOISES[noise], momentum, seed)
                found = range_test(step, optimizer, restore=[])
                yield Score(best_of(found), limit)


def logistic() -> torch.nn.Module:
    """One linear layer."""
    return torch.nn.Linear(64, 10)


def perceptron() -> torch.nn.Module:
    """A hidden layer of 32."""
    return torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """All images, from 0 to 1, and their labels."""
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels)


def on_digits(
    make: Callable[[], torch.nn.Module], batch: int, momentum: float, seed: int
) -> tuple[Any, torch.nn.Module, torch.optim.Optimizer]:
    """A step on digits from this seed's weights and batches."""
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    data = torch.utils.data.TensorDataset(*digits())
    loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True)
    return loader_step(model, optimizer, cross_entropy, loader), model, optimizer


def limit_by_force(
    make: Callable[[], torch.nn.Module], batch: int, momentum: float, seed: int
) -> float:
    """The highest rate up to which no update takes the loss of all images above where it began.

    Constant rates, a third of an octave apart, from 0.01 upwards; 100 updates each; above means by
    a twentieth.
    """
    rate = 1e-2
    while holds(make, batch, momentum, seed, rate * GRID):
        rate *= GRID
    return rate


def holds(make: Any, batch: int, momentum: float, seed: int, rate: float) -> bool:
    """Whether the loss stays below where it began, at this constant rate."""
    images, labels = digits()
    step, model, optimizer = on_digits(make, batch, momentum, seed)
    optimizer.param_groups[0]["lr"] = rate
    most = math.inf
    for _ in range(100):
        with torch.no_grad():
            loss = cross_entropy(model(images), labels).item()
        if not loss <= most:
            return False
        most = min(most, 1.05 * loss) if most == math.inf else most
        step()
    return True


def hopeless(kind: str, seed: int) -> RangeTest:
    """A range test on a loss that holds no answer."""
    dice = random.Random(seed)
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    draw = {
        "flat": lambda: 2.3,
        "rounding": lambda: 2.3 * (1 + 1e-7 * dice.random()),
        "normal": lambda: dice.gauss(2.3, 0.1),
        "normal about 0": lambda: dice.gauss(0.0, 1.0),
        "lognormal": lambda: dice.lognormvariate(0.0, 1.0),
        "uniform": dice.random,
        "heavy tails": lambda: dice.gauss(0.0, 1.0) / max(1e-3, abs(dice.gauss(0.0, 1.0))),
        "two values": lambda: float(dice.random() < 0.5),
    }[kind]

    def step() -> float:
        weight.grad = torch.ones(1)
        optimizer.step()
        return draw()

    return range_test(step, optimizer, restore=[])


HOPELESS = (
    "flat",
    "rounding",
    "normal",
    "normal about 0",
    "lognormal",
    "uniform",
    "heavy tails",
    "two values",
)


def shares(scores: list[Score]) -> tuple[float, float, float]:
    """The shares that answered; of these, below the limit, and above a fiftieth of it."""
    answers = [score for score in scores if score.best is not None]
    below = sum(score.best < score.limit for score in answers)
    above = sum(score.best > score.limit / 50 for score in answers)
    count = max(1, len(answers))
    return len(answers) / len(scores), below / count, above / count


def table(seeds: int = 100) -> Table:
    """All of it, beside its bars."""
    made = Table(title="suggestions of a range test", title_justify="left")
    made.add_column("on")
    for name in ("tests", "answered", "below limit", "above limit / 50", "best / limit"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_row("bars", "", ">= 90 % (not high)", ">= 99 %", ">= 95 %", "", end_section=True)
    every = []
    for noise in NOISES:
        for momentum in MOMENTA:
            scores = list(on_quadratics(noise, seeds, momenta=(momentum,)))
            add(made, f"quadratics, noise {noise}, momentum {momentum:g}", scores)
            every += scores
    add(made, "quadratics, all", every)
    made.add_section()
    for make in (logistic, perceptron):
        for momentum in MOMENTA:
            found = [digits_score(make, momentum, seed) for seed in range(max(3, seeds // 10))]
            add(made, f"{make.__name__} on digits, momentum {momentum:g}", found)
    made.add_section()
    made.add_row("bar", "", "<= 5 %", "", "", "")
    for kind in HOPELESS:
        answers = sum(bool(hopeless(kind, seed).suggestion()) for seed in range(seeds))
        made.add_row(f"no answer in it: {kind}", f"{seeds}", f"{answers / seeds:.1%}", "", "", "")
    return made


def add(made: Table, name: str, scores: list[Score]) -> None:
    """One row; of best / limit the lowest, the median and the highest."""
    ratios = sorted(score.best / score.limit for score in scores if score.best is not None)
    picked = (ratios[0], ratios[len(ratios) // 2], ratios[-1]) if ratios else ()
    spread = " ... ".join(f"{ratio:.2g}" for ratio in picked)
    made.add_row(name, f"{len(scores):,}", *(f"{each:.1%}" for each in shares(scores)), spread)


def digits_score(make: Callable[[], torch.nn.Module], momentum: float, seed: int) -> Score:
    """A network on digits and its limit by force."""
    step, _, optimizer = on_digits(make, 32, momentum, seed)
    best = best_of(range_test(step, optimizer, restore=[]))
    return Score(best, limit_by_force(make, 32, momentum, seed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    torch.set_num_threads(1)
    Console(width=130).print(table(parser.parse_args().seeds))
