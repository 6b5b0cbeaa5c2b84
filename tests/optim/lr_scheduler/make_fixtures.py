"""States as torch's own classes write them, for ours to read: run it once for each torch.

    python -m tests.optim.lr_scheduler.make_fixtures

writes a file for each story that has none yet. A file that is there is never written again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.optim import lr_scheduler as torchs

from tests.optim.tools import update, weight

FOLDER = Path(__file__).parent / "fixtures"
WRITTEN_BY = "torch2.13"
MADE, NEXT = 7, 9  # steps before the state was saved, and rates asserted after it
LOSSES = (1.0, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7)


class Halving:
    """A function with a state, which LambdaLR saves."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, t: float) -> float:
        return self.share**t


class Story(NamedTuple):
    """How a scheduler is built from a library's classes, and what it is built on."""

    build: Callable[[Any, Any], Any]
    kind: str = "sgd"
    is_told: bool = False
    is_torchs: bool = True


def _warm_up(library: Any, optimizer: Any) -> Any:
    parts = [library.LinearLR(optimizer, 0.1, 1.0, 3), library.CosineAnnealingLR(optimizer, 10)]
    return library.SequentialLR(optimizer, parts, [3])


def _chain(library: Any, optimizer: Any) -> Any:
    parts = [library.ConstantLR(optimizer, 0.5, 9), library.ExponentialLR(optimizer, 0.9)]
    return library.ChainedScheduler(parts, optimizer)


def _plateau(library: Any, optimizer: Any) -> Any:
    return library.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1)


def _chained_sequence(library: Any, optimizer: Any) -> Any:
    parts = [_warm_up(library, optimizer), library.ExponentialLR(optimizer, 0.9)]
    return library.ChainedScheduler(parts, optimizer)


def _chained_chain(library: Any, optimizer: Any) -> Any:
    return library.ChainedScheduler([_chain(library, optimizer), library.StepLR(optimizer, 4)])


def _chained_plateau(library: Any, optimizer: Any) -> Any:
    parts = [library.LambdaLR(optimizer, lambda t: 1 - t / 50), _plateau(library, optimizer)]
    return library.ChainedScheduler(parts, optimizer)


def _sequence_of(first: Any, second: Any) -> Any:
    def build(library: Any, optimizer: Any) -> Any:
        return library.SequentialLR(
            optimizer, [first(library, optimizer), second(library, optimizer)], [5]
        )

    return build


STORIES = {
    "LambdaLR": Story(lambda of, o: of.LambdaLR(o, lambda t: 0.9**t)),
    "LambdaLR-object": Story(lambda of, o: of.LambdaLR(o, Halving(0.5))),
    "MultiplicativeLR": Story(lambda of, o: of.MultiplicativeLR(o, lambda t: 1 - 0.01 * t)),
    "StepLR": Story(lambda of, o: of.StepLR(o, 3, 0.5)),
    "MultiStepLR": Story(lambda of, o: of.MultiStepLR(o, [3, 9, 9], 0.5)),
    "ConstantLR": Story(lambda of, o: of.ConstantLR(o, 0.5, 9)),
    "LinearLR": Story(lambda of, o: of.LinearLR(o, 0.1, 1.0, 10)),
    "ExponentialLR": Story(lambda of, o: of.ExponentialLR(o, 0.9)),
    "PolynomialLR": Story(lambda of, o: of.PolynomialLR(o, 12, 2.0)),
    "CosineAnnealingLR": Story(lambda of, o: of.CosineAnnealingLR(o, 10, 0.001)),
    "CosineAnnealingWarmRestarts": Story(
        lambda of, o: of.CosineAnnealingWarmRestarts(o, 3, 2, 0.001)
    ),
    "CyclicLR": Story(lambda of, o: of.CyclicLR(o, 0.01, 0.1, 4, mode="triangular2")),
    "CyclicLR-adam": Story(lambda of, o: of.CyclicLR(o, 0.01, 0.1, 4, 3), kind="adam"),
    "CyclicLR-own": Story(lambda of, o: of.CyclicLR(o, 0.01, 0.1, 4, scale_fn=Halving(0.5))),
    "OneCycleLR": Story(lambda of, o: of.OneCycleLR(o, [0.1, 0.2], 20)),
    "OneCycleLR-adam": Story(
        lambda of, o: of.OneCycleLR(o, 0.1, 20, three_phase=True, anneal_strategy="linear"),
        kind="adam",
    ),
    "ReduceLROnPlateau": Story(_plateau, is_told=True),
    "SequentialLR": Story(_warm_up),
    "ChainedScheduler": Story(_chain),
    "ChainedScheduler-of-a-SequentialLR": Story(_chained_sequence),
    "ChainedScheduler-of-a-ChainedScheduler": Story(_chained_chain),
    "ExponentialLR-tensor": Story(lambda of, o: of.ExponentialLR(o, 0.9), kind="tensor"),
    "SequentialLR-of-SequentialLR": Story(_sequence_of(_warm_up, _warm_up), is_torchs=False),
    "SequentialLR-of-ChainedScheduler": Story(_sequence_of(_chain, _warm_up), is_torchs=False),
    "SequentialLR-with-a-plateau": Story(
        _sequence_of(_warm_up, _plateau), is_told=True, is_torchs=False
    ),
    "ChainedScheduler-with-a-plateau": Story(_chained_plateau, is_told=True, is_torchs=False),
    "SequentialLR-with-a-chained-plateau": Story(
        _sequence_of(_warm_up, _chained_plateau), is_told=True, is_torchs=False
    ),
}
BOTH = [name for name, story in STORIES.items() if story.is_torchs]
LOADED = [name for name, story in STORIES.items() if story.is_torchs or not story.is_told]


def optimizer_for(story: Story) -> torch.optim.Optimizer:
    """Two groups of one weight each."""
    if story.kind == "tensor":
        lrs: list[Any] = [torch.tensor(lr, dtype=torch.float64) for lr in (0.1, 0.02)]
    else:
        lrs = [0.1, 0.02]
    groups = [{"params": [weight()], "lr": lr} for lr in lrs]
    return (
        torch.optim.Adam(groups) if story.kind == "adam" else torch.optim.SGD(groups, momentum=0.9)
    )


def started(story: Story, library: Any) -> tuple[Any, Any]:
    """An optimizer, and the story's scheduler of a library on it."""
    optimizer = optimizer_for(story)
    return optimizer, story.build(library, optimizer)


def played(optimizer: Any, scheduler: Any, story: Story, first: int, last: int) -> list[Any]:
    """What the steps from `first` to `last` use: the lr and the momentum of each group."""
    used = []
    for k in range(first, last):
        used.append([fields(group) for group in optimizer.param_groups])
        update(optimizer)
        scheduler.step(*LOSSES[k : k + 1] if story.is_told else ())
    return used


def fields(group: dict[str, Any]) -> tuple[float, float]:
    """The lr of a group, and its momentum or first beta."""
    momentum = group["betas"][0] if "betas" in group else group["momentum"]
    return float(group["lr"]), float(momentum)


def path(name: str) -> Path:
    """Where the state of a story is kept."""
    return FOLDER / f"{WRITTEN_BY}-{name}.pt"


def main() -> None:
    """Write the files that are not there."""
    FOLDER.mkdir(exist_ok=True)
    for name in BOTH:
        if path(name).exists():
            continue
        story = STORIES[name]
        optimizer, scheduler = started(story, torchs)
        played(optimizer, scheduler, story, 0, MADE)
        told = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        torch.save(told, path(name))
        told = torch.load(path(name), weights_only=True)
        told["next"] = played(optimizer, scheduler, story, MADE, MADE + NEXT)
        torch.save(told, path(name))


if __name__ == "__main__":
    main()
