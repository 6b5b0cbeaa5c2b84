"""The state of a Scheduler as plain JSON, and the same as it is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, real, whole
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError, from_spec
from passo.schedules.time import run_from_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.engine import Engine

VERSION: Final = 1
_PARTS: Final = ("version", "clock", "at", "run", "tracks", "fields")
_MEMORY: Final = {"best", "bad", "cooling", "reductions", "fell"}


def save(engine: Engine) -> dict[str, Any]:
    """Clock, run, tracks with what their plateaus remember, and each field with its base."""
    driver, clock, run = engine.driver, engine.clock, engine.settings.run
    number = {id(track): k for k, track in enumerate(driver.tracks)}
    return {
        "version": VERSION,
        "clock": clock.updates,
        "at": clock.at,
        "offset": clock.offset,
        "run": None if run is None else run.to_spec(),
        "tracks": [track.state() for track in driver.tracks],
        "fields": [
            [each.place, each.key, number[id(each.track)], each.base] for each in driver.driven
        ],
    }


class Saved:
    """A state as it was saved, read and checked before anything is changed."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        lacking = [part for part in _PARTS if part not in state]
        if lacking:
            msg = f"this is not the state of a passo Scheduler: it lacks {', '.join(lacking)}"
            raise PassoError(msg)
        if state["version"] != VERSION:
            msg = f"this state has version {brief(state['version'])}; this passo reads {VERSION}"
            raise PassoError(msg)
        self.clock = whole(state["clock"], "the clock of a state", least=0)
        self.at = real(state["at"], "the position of a state")
        self.offset = real(state.get("offset", 0.0), "the offset of a state")
        self.run = None if state["run"] is None else run_from_spec(state["run"])
        self.tracks = [self._track(track) for track in _listed(state["tracks"], "tracks")]
        self.fields = dict(self._field(row) for row in _listed(state["fields"], "fields"))

    def _track(self, state: Any) -> Track:
        if not isinstance(state, dict) or not {"schedule", "begin", "plateaus"} <= set(state):
            msg = f"a track of a state has schedule, begin and plateaus, got {brief(state)}"
            raise PassoError(msg)
        begin = real(state["begin"], "the begin of a track")
        track = Track(from_spec(state["schedule"]), self.run, begin)
        told = _listed(state["plateaus"], "plateaus")
        if len(told) != len(track.memories):
            msg = f"{track.source!r} has {len(track.memories)} plateaus, its state {len(told)}"
            raise PassoError(msg)
        for memory, each in zip(track.memories, told, strict=True):
            if not isinstance(each, dict) or set(each) != _MEMORY or _is_nan(each["fell"]):
                msg = f"a plateau's state has {', '.join(sorted(_MEMORY))}, got {brief(each)}"
                raise PassoError(msg)
            memory.load(each)
        track.refresh()
        return track

    def _field(self, row: Any) -> tuple[tuple[int | None, str], tuple[Track, float]]:
        if not isinstance(row, (list, tuple)) or len(row) != 4:
            msg = f"a field of a state is [group, key, track, base], got {brief(row)}"
            raise PassoError(msg)
        place, key, number, base = row
        if not isinstance(key, str) or not isinstance(place, (int, type(None))):
            msg = f"a field of a state is [group, key, track, base], got {brief(row)}"
            raise PassoError(msg)
        if number not in range(len(self.tracks)):
            msg = f"field {key!r} of a state follows track {brief(number)} of {len(self.tracks)}"
            raise PassoError(msg)
        return (place, key), (self.tracks[number], real(base, f"the base of {key!r}"))

    @property
    def groups(self) -> int:
        """How many param groups were driven."""
        return 1 + max((place for place, _ in self.fields if place is not None), default=-1)


def _listed(value: Any, what: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        msg = f"the {what} of a state are a list, got {brief(value)}"
        raise PassoError(msg)
    return list(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
