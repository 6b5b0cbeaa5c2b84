"""The state of a Scheduler as plain JSON, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from passo.schedules import PassoError, from_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler import Scheduler

VERSION: Final = 1
_PARTS: Final = ("version", "clock", "run", "schedules", "plateaus", "fields")


def save(scheduler: Scheduler) -> dict[str, Any]:
    """Clock, run, schedules, what their plateaus remember, and each driven field with its base."""
    tracks = scheduler.tracks
    number = {id(track): k for k, track in enumerate(tracks)}
    return {
        "version": VERSION,
        "clock": scheduler.clock,
        "run": None if scheduler.run is None else scheduler.run.to_spec(),
        "schedules": [track.plan.to_spec() for track in tracks],
        "plateaus": [[memory.state() for memory in track.memories] for track in tracks],
        "fields": [
            [each.place, each.key, number[id(each.track)], each.base] for each in scheduler.driven
        ],
    }


def load(scheduler: Scheduler, state: Mapping[str, Any]) -> None:
    """Clock, bases and plateaus as they were saved; the plan must be the one that was saved."""
    _check(scheduler, state)
    saved = {(place, key): base for place, key, _, base in state["fields"]}
    for each in scheduler.driven:
        each.base = float(saved[each.place, each.key])
    for track, memories in zip(scheduler.tracks, state["plateaus"], strict=True):
        for memory, told in zip(track.memories, memories, strict=True):
            memory.load(told)
        track.refresh()
    scheduler.clock = int(state["clock"])


def _check(scheduler: Scheduler, state: Mapping[str, Any]) -> None:
    if not set(_PARTS) <= set(state):
        msg = f"this is not the state of a passo Scheduler: it lacks {_lacking(state)}"
        raise PassoError(msg)
    if state["version"] != VERSION:
        msg = f"this state has version {state['version']!r}; this passo reads version {VERSION}"
        raise PassoError(msg)
    for k, track in enumerate(scheduler.tracks):
        saved = from_spec(state["schedules"][k]) if k < len(state["schedules"]) else None
        if saved != track.plan:
            msg = (
                f"the checkpoint's plan is not this one: it has {saved!r}, here is "
                f"{track.plan!r}; attach the checkpoint's plan to load it"
            )
            raise PassoError(msg)
    saved_fields = [(place, key) for place, key, *_ in state["fields"]]
    here = [(each.place, each.key) for each in scheduler.driven]
    if sorted(saved_fields) != sorted(here):
        msg = f"the checkpoint drives {saved_fields}, this scheduler {here} (group, field)"
        raise PassoError(msg)


def _lacking(state: Mapping[str, Any]) -> str:
    return ", ".join(repr(part) for part in _PARTS if part not in state)
