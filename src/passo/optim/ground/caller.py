"""Who calls `attach`, the user or a callback that does it for him: what he is told to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


def _report(metric: str) -> str:
    return f"scheduler.report({{{metric!r}: ...}}) after each validation"


@dataclass(slots=True, eq=False)
class Caller:
    """How the user calls what makes a Scheduler, and what that knows of the run.

    `name` is what he writes, `scheduler` where he finds the Scheduler, `trainer` whose callback it
    is, `report` what makes a metric heard, `without` what leaves out the state that an optimizer
    brings. Of a run whose end is `told` by a trainer, an end that is not told was an exception.
    `left` is how many updates the trainer will still make, where the run is its own count.

    >>> Caller().option("carry=False")
    'attach(..., carry=False)'
    """

    name: str = "attach"
    scheduler: str = "scheduler"
    trainer: str = ""
    report: Callable[[str], str] = _report
    without: str = "attach(..., carry=False)"
    told: bool = False
    left: int | None = None

    def option(self, code: str) -> str:
        """The call with an option."""
        return f"{self.name}(..., {code})"

    def with_run(self, more: str = "") -> str:
        """The call with a run."""
        if self.trainer:
            return f"{self.name}(plan, run=Run(steps(10_000)){more})"
        return f"attach(..., run{more})"

    @property
    def anew(self) -> str:
        """The whole call, with a run."""
        if self.trainer:
            return self.with_run()
        return "attach(optimizer, plan, Run.of(len(loader), epochs=90))"

    @property
    def single(self) -> str:
        """Where the state of one optimizer belongs."""
        if self.trainer:
            return f"{self.name} in {self.trainer} with that one optimizer"
        return "the Scheduler of attach(optimizer, ...) with that one"

    @property
    def several(self) -> str:
        """Where the state of several optimizers belongs."""
        if self.trainer:
            return f"{self.name} in {self.trainer} with the same optimizers"
        return "the Scheduler of attach([...], ...) or attach({...}, ...) with the same optimizers"

    def by_names(self, names: str) -> str:
        """How several optimizers are given by the names of a state."""
        if self.trainer:
            return f"let {self.trainer} have those of the state"
        return f"give them by the names of the state, attach({{{names}}}, ...)"

    @property
    def apart(self) -> str:
        """How paces differ on purpose."""
        if self.trainer:
            return f"give each its own plan, {self.name}([plan, other], ...)"
        return "use two attaches, each with a plan and a run of its own"

    @property
    def instead(self) -> str:
        """Behind a call of `attach` that a callback cannot make."""
        return f" in place of {self.name}" if self.trainer else ""


_now: Final[ContextVar[Caller]] = ContextVar("caller", default=Caller())  # noqa: B039 (nobody changes that one)


def caller() -> Caller:
    """Who calls now.

    >>> with calling(Caller("Passo", trainer="Lightning")):
    ...     print(caller().with_run())
    Passo(plan, run=Run(steps(10_000)))
    """
    return _now.get()


@contextmanager
def calling(who: Caller) -> Iterator[None]:
    """What is attached in here was asked for by that one."""
    token = _now.set(who)
    try:
        yield
    finally:
        _now.reset(token)
