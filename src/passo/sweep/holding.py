"""A trial that this process makes: its heartbeat, and whether another makes it meanwhile."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from time import time
from types import TracebackType
from typing import Any


class GivenAway(BaseException):
    """This process was silent for so long that its run was given to another; it goes no further.

    No `Exception`, since a train function that goes on after any of those would go on here too.
    """


class Hold:
    """Says within its block that the trial has a process, by a thread; and hears when it has not.

    A process that is stopped, or whose machine sleeps, says nothing for a while, and does not
    notice. When it goes on its run may be another's, whose files and whose result it leaves alone.
    """

    def __init__(self, trial: Any, silence: float) -> None:
        self._storage, self._trial = trial.study._storage, trial._trial_id
        self._silence = silence
        self._over = Event()
        self._is_gone = False
        self._heard = 0.0

    def __enter__(self) -> Hold:  # noqa: PYI034 (Self is of Python 3.11)
        """Says so for the first time, before anybody else looks."""
        self._beat()
        self._thread = Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Says no more."""
        self._over.set()
        self._thread.join()

    def check(self, *, at_once: bool = False) -> None:
        """Raises `GivenAway` where the run is not this process's any more.

        The store is asked where the last word is old, or `at_once`. The time is that of the wall:
        the other clocks stand still while a machine sleeps.
        """
        if at_once or time() - self._heard > self._silence:
            self._beat()
        if self._is_gone:
            raise GivenAway

    def _beat(self) -> None:
        self._storage.record_heartbeat(self._trial)
        self._is_gone = self._storage.get_trial(self._trial).state.is_finished()
        self._heard = time()

    def _go_on(self) -> None:
        while not self._over.wait(self._storage.get_heartbeat_interval()):
            with suppress(Exception):  # a store that fails for longer is met by who checks
                self._beat()
