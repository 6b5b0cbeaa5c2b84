"""`watch="ranks"`: processes that drift apart are told of, by a look that cannot hang."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any, Final

from torch import distributed

from passo.ground.here import place
from passo.optim.ground.ranks import several

if TYPE_CHECKING:
    from passo.optim.scheduler.clock import Clock
    from passo.optim.scheduler.driver import Driver

_EVERY: Final = 25
_LATER: Final = 5
_KEPT: Final = 4

# All ranks attach in one order, so that the same number is the same plan on each.
_numbers: Final = itertools.count()


class Drift:
    """Compares clock and values with those of the other ranks, and warns once.

    Each 25 updates they are left in the store that the processes have in common; 5 later, what
    others left is looked at. A collective would be simpler, and would hang where one rank makes
    fewer updates than another, which is what is looked for. Gradients keep ranks together to
    within an update, so a rank that left nothing by then is behind.
    """

    __slots__ = ("_clock", "_driver", "_mark", "_number", "said")

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver, self._clock = driver, clock
        self._number = next(_numbers)
        self._mark = 0
        self.said: set[str] = set()

    def compare(self) -> None:
        """Leave what is here, or look at what others left, where it is time to."""
        mark, since = divmod(self._clock.updates, _EVERY)
        if since not in (0, _LATER) or not mark or not several():
            return
        store, rank = _store(), distributed.get_rank()
        if since == 0:
            self._mark = mark
            store.set(self._key(mark, rank), self._digest())
            store.delete_key(self._key(mark - _KEPT, rank))
            return
        if self._mark != mark:
            return
        ours = _read(store, self._key(mark, rank))
        for other in set(range(distributed.get_world_size())) - {rank}:
            theirs = _read(store, self._key(mark, other))
            if theirs is None:
                self._warn(f"rank {other} has made fewer updates than rank {rank}")
            elif theirs != ours:
                self._warn(f"rank {other} has another plan or other values than rank {rank}")

    def _digest(self) -> str:
        found = [self._clock.updates, self._driver.by_key("last")]
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()

    def _key(self, mark: int, rank: int) -> str:
        return f"passo/{self._number}/{mark}/{rank}"

    def _warn(self, what: str) -> None:
        if "ranks" in self.said:
            return
        self.said.add("ranks")
        text = f"{what}, at update {self._clock.updates:,}: from here on the ranks train apart"
        place().warn(text)


def _store() -> Any:
    return distributed.distributed_c10d._get_default_store()


def _read(store: Any, key: str) -> str | None:
    return store.get(key).decode() if store.check([key]) else None
