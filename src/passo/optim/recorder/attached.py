"""What a Record knows of the Schedulers of passo that are attached to its optimizer."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder import source
from passo.optim.scheduler.journal import follows

if TYPE_CHECKING:
    from collections.abc import Callable

    from passo.optim.recorder.ledger import Ledger
    from passo.optim.scheduler.promises import Word
    from passo.optim.scheduler.scheduler import Scheduler
    from passo.schedules import Schedule

UNSEEN: Final = "P002"  # the word that no update was ever seen


class Awaited:
    """A Scheduler that was attached: that no update of it was ever seen is told once.

    Where its optimizer is freed before the run is over, that is known then.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], scheduler: Scheduler) -> None:
        self._tell, self._scheduler, self._told = tell, weakref.ref(scheduler), False
        scheduler.promises.listen(self.hear)

    def hear(self, word: Word, where: str) -> bool:
        """It says something; answers that it is still to be warned of."""
        if word.code == UNSEEN and not self._told:
            self._told = True
            file, _, line = where.rpartition(":")
            told = {"seen": word.seen, "why": word.why, "write": word.write}
            told["where"] = source.shown(file, int(line))
            self._tell(told)
        return False

    def look(self) -> None:
        """The run is over."""
        scheduler = self._scheduler()
        word = None if scheduler is None else scheduler.unseen()
        if scheduler is not None and word is not None:
            self.hear(word, f"{scheduler.promises.here.file}:{scheduler.promises.here.line}")


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
        alike: dict[tuple[int, float], tuple[Schedule, list[tuple[int, str]]]] = {}
        for each, formula, begin in scheduler.driver.formulas():
            if each.place is not None and each.field is not None:
                columns[each.column] = column = (each.place, each.field.name)
                alike.setdefault((id(formula), begin), (formula, []))[1].append(column)
        for (_, begin), (formula, several) in alike.items() if in_steps else ():
            ledger.follow(clock, several, formula, begin - ahead)
        known = in_steps or not ahead
        self.follows = follows(scheduler.driver, columns, ahead) if known else []
