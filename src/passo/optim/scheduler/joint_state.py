"""The one state of several optimizers, made of those of each, and taken apart again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from passo.ground.checks import brief
from passo.ground.schema import anything, listed, record, text
from passo.optim.ground.caller import caller
from passo.optim.scheduler.state import VERSION as PART
from passo.schedules import PassoError

VERSION: Final = 3
_PARTS: Final = ("name", "clock", "at", "offset", "groups", "fields")

_STATE: Final = record(
    {
        "version": anything,
        "run": anything,
        "tracks": listed(anything),
        "optimizers": listed(
            record({"name": text, **dict.fromkeys(_PARTS[1:], anything)}),
        ),
    },
    {"cooldown": anything},
)


def join(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One state: a run, each track once, and what each optimizer has for itself.

    >>> part = {"run": None, "tracks": ["a"], "clock": 1, "at": 1.0, "offset": 0.0, "groups": 1}
    >>> both = join({name: part | {"fields": [[0, "lr", 0, 0.1]]} for name in ("one", "other")})
    >>> both["tracks"], [each["name"] for each in both["optimizers"]]
    (['a'], ['one', 'other'])
    """
    tracks: list[Any] = []
    parts = []
    for name, state in states.items():
        numbers = []
        for track in state["tracks"]:
            if track not in tracks:
                tracks.append(track)
            numbers.append(tracks.index(track))
        fields = [[place, key, numbers[k], base] for place, key, k, base in state["fields"]]
        parts.append({"name": name, **{key: state[key] for key in _PARTS[1:-1]}, "fields": fields})
    run = next(iter(states.values()))["run"]
    both = {"version": VERSION, "run": run, "tracks": tracks, "optimizers": parts}
    told = [state["cooldown"] for state in states.values() if "cooldown" in state]
    return {**both, "cooldown": told[0]} if told else both


def part(state: Any, names: list[str]) -> dict[str, dict[str, Any]]:
    """The state of each optimizer by its name, in today's order.

    Raises PassoError for what is no such state, or is that of other optimizers.
    """
    if not isinstance(state, Mapping):
        msg = f"a state is what scheduler.state_dict() gave, got {brief(state)}"
        raise PassoError(msg)
    if "optimizers" not in state:
        msg = (
            f"the state of several optimizers ({_told(names)}) has a part for each, and this has "
            f"none: it is that of one optimizer; load it into {caller().single}"
        )
        raise PassoError(msg)
    if type(state.get("version")) is not int or state["version"] != VERSION:
        msg = f"this state has version {brief(state.get('version'))}; this passo reads {VERSION}"
        raise PassoError(msg)
    held: dict[str, Any] = _STATE(state, "state")
    parts = {each["name"]: each for each in held["optimizers"]}
    if set(parts) != set(names) or len(parts) < len(held["optimizers"]):
        saved = [each["name"] for each in held["optimizers"]]
        call = ", ".join(f"{name!r}: ..." for name in dict.fromkeys(saved))
        msg = (
            f"the state is that of {_told(saved)}, and the optimizers are {_told(names)}; "
            f"{caller().by_names(call)}"
        )
        raise PassoError(msg)
    return {name: _one(held, parts[name]) for name in names}


def _one(held: Mapping[str, Any], mine: Mapping[str, Any]) -> dict[str, Any]:
    """The state of one optimizer, with the tracks that it follows."""
    fields, tracks = mine["fields"], held["tracks"]
    told = held.get("cooldown")
    try:
        numbers = sorted({each[2] for each in fields})
        own = [tracks[number] for number in numbers]
        if isinstance(told, Mapping) and all(told.get("key") != each[1] for each in fields):
            told = None  # it ends another optimizer's key
        fields = [[*each[:2], numbers.index(each[2]), *each[3:]] for each in fields]
    except (TypeError, IndexError):  # something that is no field: said where it is read
        own = tracks
    cooling = {} if told is None else {"cooldown": told}
    return {
        "version": PART,
        "run": held["run"],
        "tracks": own,
        **{key: mine[key] for key in _PARTS[1:-1]},
        "fields": fields,
        **cooling,
    }


def _told(names: list[str]) -> str:
    return ", ".join(map(repr, names)) or "no optimizer"
