"""A step of which only the device knows whether it was an update: counted now, settled later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from passo.optim.scheduler.driven import slot_of

if TYPE_CHECKING:
    from passo.optim.scheduler.clock import Clock
    from passo.optim.scheduler.driven import Shared
    from passo.optim.scheduler.driver import Driver


class Flag:
    """`found_inf` on its way from a device: nobody waits before it is read.

    Then only for the step that it belongs to: what was queued behind that goes on.
    """

    __slots__ = ("_event", "_kept")

    def __init__(self, found_inf: torch.Tensor) -> None:
        self._kept = torch.empty(found_inf.shape, dtype=found_inf.dtype, pin_memory=True)
        self._kept.copy_(found_inf, non_blocking=True)
        self._event = torch.Event("cuda")
        self._event.record(torch.cuda.current_stream(found_inf.device))

    def read(self) -> bool:
        """Whether the step was skipped."""
        self._event.synchronize()
        return bool(self._kept)


class Late:
    """What was before a step that is counted as an update until its flag is read.

    The obvious form counts nothing before that, and then the field would hold the number of the
    last update where everybody expects the next one's.
    """

    __slots__ = ("_before", "_clock", "_driver", "_flag", "past", "used")

    def __init__(self, flag: Flag, clock: Clock, driver: Driver, *, reads: bool) -> None:
        self._flag, self._clock, self._driver = flag, clock, driver
        self.past = clock.is_past
        self.used = driver.used() if reads else []
        self._before = (
            (clock.updates, clock.consumed),
            [(one, one.value, one.used) for one in driver.shared],
        )
        clock.tick()
        driver.write(clock.at, made=True)

    def was_skipped(self) -> bool:
        """Whether there was no update; then clock and fields are again what they were.

        What another hand has put into a field since is left there.
        """
        if not self._flag.read():
            return False
        (updates, consumed), values = self._before
        self._clock.updates = updates
        self._clock.consumed = consumed
        self._driver.met = None
        for one, value, used in values:
            _take_back(one, value)
            one.used = used
        return True


def _take_back(one: Shared, value: float) -> None:
    written, one.value = one.value, value
    for each in one.followers:
        field, group = each.field, each.group
        if field is None or group is None:
            continue
        slot = slot_of(field, group)
        if slot is each.tensor:
            if each.is_filled():
                each.fill(value)
        elif slot is written:
            field.write(group, value)
