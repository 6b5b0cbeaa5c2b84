"""States as this version writes them, for later versions to read: run it once for each version.

    python -m tests.optim.make_fixtures

writes a file for each story that has none yet. A file that is there is never written again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

import passo
from passo import (
    Constant,
    Linear,
    Plateau,
    Run,
    base,
    by_group,
    epochs,
    percent,
    rest,
    steps,
    tokens,
)
from passo.optim import attach
from passo.optim.scheduler.state import VERSION

FOLDER = Path(__file__).parent / "fixtures"
RUN = Run(steps(40), steps_per_epoch=10, tokens_per_step=8)
MADE, NEXT = 17, 12  # updates before the state was saved, and values asserted after it

RULE = Plateau("val_loss", factor=0.5, patience=2, cooldown=1)
FLAT = {8: 1.0, 10: 1.0, 12: 1.0, 14: 1.0, 16: 1.0}  # one fall at 14, then cooling


class Story(NamedTuple):
    """A plan, the run it is measured on, and what was reported after which update.

    Before update `cools` a cooldown is called for.
    """

    plan: Any
    run: Run = RUN
    reports: Mapping[int, float] = MappingProxyType({})
    counts: tuple[int, ...] = ()
    cools: int | None = None


RECIPES = {
    "cosine_decay": passo.cosine_decay(floor=0.001),
    "cyclic": passo.cyclic(0.01, rise=steps(5), mode="triangular2"),
    "exponential_decay": passo.exponential_decay(0.9),
    "inverse_sqrt": passo.inverse_sqrt(warmup=percent(10)),
    "multistep_decay": passo.multistep_decay([epochs(1), epochs(2)]),
    "noam": passo.noam(64, warmup=steps(8)),
    "one_cycle": passo.one_cycle(),
    "polynomial_decay": passo.polynomial_decay(power=2.0),
    "step_decay": passo.step_decay(epochs(1), gamma=0.5),
    "warm_restarts": passo.warm_restarts(first=steps(7), grow=2.0, shrink=0.5),
    "warmup_constant": passo.warmup_constant(warmup=epochs(1)),
    "warmup_cosine": passo.warmup_cosine(warmup=percent(10), floor=0.1 * base),
    "warmup_linear": passo.warmup_linear(warmup=tokens(40)),
    "wsd": passo.wsd(shape="1-sqrt"),
}
MOMENTA = {
    "cyclic_momentum": passo.cyclic_momentum(rise=steps(5)),
    "one_cycle_momentum": passo.one_cycle_momentum(),
}
STORIES = {
    **{name: Story(schedule) for name, schedule in RECIPES.items()},
    **{name: Story({"momentum": schedule}) for name, schedule in MOMENTA.items()},
    "plateau-in-mid-patience": Story(base * RULE, reports={10: 1.0, 12: 1.0, 14: 1.0}),
    "plateau-in-mid-cooldown": Story(base * RULE, reports=dict.fromkeys((8, 10, 12, 14), 1.0)),
    "plateau-after-a-warm-up": Story(
        Linear(0, base, steps(9)).then(base * RULE), reports=FLAT | {2: 0.1}
    ),
    "two-fields-by-group": Story(
        {
            "lr": by_group({"head": passo.warmup_cosine()}, others=Linear(base, 0.0, rest)),
            "weight_decay": by_group({"backbone": Constant(0.1) * RULE}, others=None),
        },
        reports=FLAT,
    ),
    "tokens-that-vary": Story(
        passo.warmup_linear(),
        Run(tokens(400), axis="token"),
        counts=tuple(8 + k % 5 for k in range(MADE + NEXT)),
    ),
    "cooled-on-demand": Story({"lr": base * RULE, "momentum": 0.8}, reports=FLAT, cools=15),
}


def started(story: Story, **settings: Any) -> tuple[Any, Any]:
    """An optimizer of two groups, and the story's plan attached to it."""
    groups = [
        {"params": [torch.nn.Parameter(torch.ones(1))], "name": name, "lr": lr}
        for name, lr in (("head", 0.1), ("backbone", 0.01))
    ]
    optimizer = torch.optim.SGD(groups, momentum=0.9, weight_decay=0.01)
    return optimizer, attach(optimizer, story.plan, story.run, **settings)


def played(optimizer: Any, scheduler: Any, story: Story, first: int, last: int) -> list[Any]:
    """What the updates from `first` to `last` use, key by key and group by group."""
    used = []
    for k in range(first, last):
        if story.counts:
            scheduler.count(tokens=story.counts[k])
        if k == story.cools and scheduler.cooldown is None:
            scheduler.cool_down(over=steps(14), end=0.001 * base, shape="cosine")
        used.append(scheduler.values())
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.ones(1)
        optimizer.step()
        if k in story.reports:
            scheduler.report(val_loss=story.reports[k])
    return used


def path(name: str) -> Path:
    """Where the state of a story is kept."""
    return FOLDER / f"v{VERSION}-{name}.json"


def main() -> None:
    """Write the files that are not there."""
    FOLDER.mkdir(exist_ok=True)
    for name, story in STORIES.items():
        if path(name).exists():
            continue
        optimizer, scheduler = started(story)
        played(optimizer, scheduler, story, 0, MADE)
        state = scheduler.state_dict()
        told = {"state": state, "next": played(optimizer, scheduler, story, MADE, MADE + NEXT)}
        path(name).write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
