"""What can be read from a Scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import LRScheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.clock import Position
    from passo.optim.scheduler.driver import Driver
    from passo.optim.scheduler.journal import Journal
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Run


class Readings(LRScheduler):
    """Clock, plan and values, under our names and under torch's."""

    settings: Settings
    driver: Driver
    at: Position
    _journal: Journal | None

    @property
    def clock(self) -> int:
        """How many updates have been made."""
        return self.at.updates

    @property
    def records(self) -> bool:
        """Whether a trace is being written."""
        return self._journal is not None

    @property
    def run(self) -> Run | None:
        """The run that the plan is measured on."""
        return self.settings.run

    @property
    def plan(self) -> Mapping[str, Any]:
        """Which field follows which schedule, as it was given."""
        return self.driver.plan

    @property
    def last_epoch(self) -> int:  # type: ignore[override]
        """The clock under torch's name."""
        return self.clock

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """What each group's lr was when it was attached, for the groups whose lr is driven."""
        return [each.base for each in self.driver.driven if each.key == "lr"]

    @property
    def position(self) -> float:
        """Where the next update stands on the run's axis: updates, or samples or tokens seen."""
        return self.at.at

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The rate that the next update uses, for each group (torch's convention).

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(1.0, 0.0, steps(4))).get_last_lr()
        [1.0]
        """
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return [rate.clone() if isinstance(rate, torch.Tensor) else rate for rate in rates]

    _last_lr = property(get_last_lr)

    def get_lr(self) -> list[float | torch.Tensor]:
        """As `get_last_lr`: nothing is computed from what is there."""
        return self.get_last_lr()

    def last_used(self) -> dict[str, list[float]] | None:
        """What the last update used, for each key of the plan; None if not seen.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> scheduler = attach(optimizer, Linear(1.0, 0.0, steps(4)))
        >>> weight.grad = torch.ones(1)
        >>> optimizer.step()
        >>> scheduler.last_used(), scheduler.values()
        ({'lr': [1.0]}, {'lr': [0.75]})
        """
        used = self.driver.by_key("used")
        return None if any(None in numbers for numbers in used.values()) else used

    def values(self) -> dict[str, list[float]]:
        """What the next update uses, for each key of the plan, group by group."""
        return self.driver.by_key("last")

    def __getitem__(self, key: str) -> float:
        """What the next update uses of a free value, or of a key that one group has.

        >>> import torch
        >>> from passo import Table, attach, base, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> sizes = Table([(steps(0), 32), (steps(10), 64)], kind="step")
        >>> attach(optimizer, base, values={"batch_size": sizes})["batch_size"]
        32.0
        """
        return self.driver.one(key)
