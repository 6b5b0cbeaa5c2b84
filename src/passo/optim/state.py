"""The state of a Scheduler as plain JSON, the way back, and what a changed plan means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from passo.optim import changes
from passo.optim.tracks import Track
from passo.schedules import PassoError, from_spec
from passo.schedules.time import run_from_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler import Scheduler

VERSION: Final = 1
_PARTS: Final = ("version", "clock", "offset", "run", "tracks", "fields")


def save(scheduler: Scheduler) -> dict[str, Any]:
    """Clock, run, tracks with what their plateaus remember, and each field with its base."""
    driver = scheduler.driver
    number = {id(track): k for k, track in enumerate(driver.tracks)}
    return {
        "version": VERSION,
        "clock": scheduler.clock,
        "offset": scheduler.at.offset,
        "run": None if scheduler.run is None else scheduler.run.to_spec(),
        "tracks": [track.state() for track in driver.tracks],
        "fields": [
            [each.place, each.key, number[id(each.track)], each.base] for each in driver.driven
        ],
    }


def load(scheduler: Scheduler, state: Mapping[str, Any]) -> None:
    """Clock, bases and plateaus as they were saved, on the plan that `on_change` chooses."""
    saved = Saved(state)
    saved.check_fields(scheduler)
    differences = changes.differences(scheduler, saved)
    policy = scheduler.settings.on_change if differences else "keep"
    if policy == "error":
        raise PassoError(changes.told(scheduler, saved, differences))
    clock, offset = saved.clock, saved.offset
    if policy == "rescale":
        clock, offset = changes.rescaled(scheduler, saved), 0.0
    if policy == "keep":
        _adopt(scheduler, saved)
    else:
        changes.remember(scheduler, saved, stretch=clock / saved.clock if saved.clock else 1.0)
    scheduler.at.move(clock, offset)
    scheduler.under_way = False


class Saved:
    """A state as it was saved, read and checked before anything is changed."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        lacking = [part for part in _PARTS if part not in state]
        if lacking:
            msg = f"this is not the state of a passo Scheduler: it lacks {', '.join(lacking)}"
            raise PassoError(msg)
        if state["version"] != VERSION:
            msg = f"this state has version {state['version']!r}; this passo reads {VERSION}"
            raise PassoError(msg)
        self.clock, self.offset = int(state["clock"]), float(state["offset"])
        self.run = None if state["run"] is None else run_from_spec(state["run"])
        self.tracks = [self._track(track) for track in state["tracks"]]
        self.fields = {
            (place, key): (self.tracks[number], float(base))
            for place, key, number, base in state["fields"]
        }

    def _track(self, state: Mapping[str, Any]) -> Track:
        track = Track(from_spec(state["schedule"]), self.run, float(state["begin"]))
        track.remember(state["plateaus"])
        return track

    def check_fields(self, scheduler: Scheduler) -> None:
        """Refuse a checkpoint that drives what is not driven here."""
        here = {(each.place, each.key) for each in scheduler.driver.driven}
        for place, key in self.fields:
            if (place, key) not in here:
                where = "a free value" if place is None else f"param group {place}"
                msg = (
                    f"the checkpoint drives {key!r} of {where}, this scheduler does not; "
                    "attach the plan that was saved, to as many param groups"
                )
                raise PassoError(msg)


def _adopt(scheduler: Scheduler, saved: Saved) -> None:
    """Run, tracks and bases of the checkpoint; a group that it does not know stays as it is."""
    driver = scheduler.driver
    scheduler.settings.run = driver.run = saved.run
    for each in driver.driven:
        if (each.place, each.key) in saved.fields:
            each.track, each.base = saved.fields[each.place, each.key]
    used = {id(each.track): each.track for each in driver.driven}
    driver.tracks = list(used.values())
