"""What a Scheduler follows, as a trace keeps it: schedules, bases and beginnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.trace.format import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.scheduler import Scheduler


def follows(
    scheduler: Scheduler,
    columns: Mapping[int, tuple[int | None, str]] | None = None,
    ahead: int = 0,
) -> list[dict[str, Any]]:
    """Each schedule once, from when it runs, and the base of each column that follows it.

    `columns` are those of the trace by the number of what is driven; without them a column is
    called by its present place. `ahead` is by how much the scheduler's clock is before the trace's.

    >>> import torch
    >>> from passo import Linear, attach, base, steps
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    >>> follows(attach(optimizer, Linear(1, 0, steps(9)) * base))
    [{'schedule': 'Linear(1, 0, steps(9)) * base', 'begin': 0.0, 'bases': {'0.lr': 0.5}}]
    """
    found: dict[int, dict[str, Any]] = {}
    for each in scheduler.driver.driven:
        column = (each.place, each.key) if columns is None else columns.get(each.column)
        if column is not None:
            track = each.track
            begin = float(track.begin) - ahead
            fresh = {"schedule": repr(track.source), "begin": begin, "bases": {}}
            found.setdefault(id(track), fresh)["bases"][name_of(*column)] = each.base
    return list(found.values())
