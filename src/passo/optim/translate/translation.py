"""`Translation`: the expression that a live scheduler became, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from passo.ground.errors import PassoError
from passo.schedules import Schedule
from passo.schedules import steps as in_steps

FoundBy: TypeAlias = Literal["parameters", "lift"]
"""Whether an expression was written by the scheduler's own parameters, or from what it does."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A live scheduler as expressions: what it is, how that was found, what is to be known.

    `groups` has for each field that it moves ("lr", "momentum") the schedule of each param group,
    in calls of its step from where it began, `at` how many it has made. `by` is "parameters" or
    "lift": the scheduler's own parameters, which agree with a simulation of `checked` steps, or the
    simulation itself, which begins at the step where it stands. `source` is what it is called in
    its library; `remarks` what an expression cannot tell.

    >>> import torch
    >>> from passo.optim import translate
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> found = translate(torch.optim.lr_scheduler.StepLR(optimizer, 30))
    >>> found.schedule, found.by, found.source
    (Exponential(0.1, 0.1, every=steps(30)).staircase(steps(30)), 'parameters', 'torch.StepLR')
    """

    groups: Mapping[str, tuple[Schedule, ...]]
    by: FoundBy
    source: str
    at: int = 0
    checked: int = 0
    remarks: tuple[str, ...] = ()
    relative: Mapping[str, Schedule] | None = None

    @property
    def schedule(self) -> Schedule:
        """The one schedule of the rate; raises PassoError where the groups follow different ones.

        Where they differ in nothing but their bases it is written with `base`.
        """
        return self._common("lr")

    @property
    def plan(self) -> dict[str, Schedule]:
        """The schedule of each field, as `attach` takes them; raises PassoError as `schedule`."""
        return {key: self._common(key) for key in self.groups}

    @property
    def left(self) -> dict[str, Schedule]:
        """As `plan`, from the step where the scheduler stands: what is still to come.

        >>> import torch
        >>> from passo.optim import translate
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 0.5, 1.0, 4)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> translate(scheduler).left["lr"](0)
        0.625
        """
        gone = in_steps(self.at)
        return {key: each.skip(gone) if self.at else each for key, each in self.plan.items()}

    def _common(self, key: str) -> Schedule:
        found = self.groups.get(key, ())
        if found and all(each == found[0] for each in found):
            return found[0]
        if self.relative is not None and key in self.relative:
            return self.relative[key]
        msg = (
            f"the {len(found)} param groups follow different schedules of {key!r}; write "
            f"translation.groups[{key!r}]"
        )
        raise PassoError(msg)
