"""What one Scheduler of passo is about to write, told to the ledger before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.optim.scheduler.journal import follows

if TYPE_CHECKING:
    from passo.optim.recorder.ledger import Ledger
    from passo.optim.scheduler.scheduler import Scheduler


class Expectation:
    """A Scheduler, what was `told` of it last, and what its fields follow in the trace's words."""

    __slots__ = ("follows", "scheduler", "told")

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.told: Any = None
        self.follows: list[dict[str, Any]] = []

    def tell(self, clock: int, ledger: Ledger) -> None:
        """Tell which schedule each column follows from this update on."""
        scheduler = self.scheduler
        self.told = scheduler.driver.shared
        ahead = scheduler.clock - clock
        in_steps = scheduler.settings.axis == "step"
        columns: dict[int, tuple[int | None, str]] = {}
        for each, formula, begin in scheduler.driver.formulas():
            if each.place is not None and each.field is not None:
                columns[each.column] = column = (each.place, each.field.name)
                if in_steps:
                    ledger.follow(clock, column, formula, begin - ahead)
        known = in_steps or not ahead
        self.follows = follows(scheduler.driver, columns, ahead) if known else []
