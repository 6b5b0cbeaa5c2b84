"""A tree of schedules as plain data and back, for all kinds at once, by their fields.

A schedule is pickled through this, so it stands below all of them: each room tells it the names of
its kinds, and hands a class out when one is read.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import MISSING, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest
from passo.ground.schema import parsed
from passo.schedules.algebra.limits import DEEPEST, LARGEST
from passo.schedules.time import Span, span_from_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

LONGEST_LINE: Final = 1 << 25  # a table of as many points as data may hold
_DEEPEST_DATA: Final = 4 * DEEPEST
_LARGEST_DATA: Final = 8 * LARGEST
_ROOMS: Final[dict[str, ModuleType]] = {}


def readable(room: str, names: Iterable[str]) -> None:
    """From now on data may name these kinds, which the module `room` hands out.

    A room says so and no class says it of itself: then a class that somebody else derives from
    Schedule, under whatever name, is never made because data asked for it.
    """
    _ROOMS.update(dict.fromkeys(names, sys.modules[room]))


def to_data(root: Any) -> dict[str, Any]:
    """A schedule, and everything inside it, as plain data.

    >>> from passo import Linear, steps
    >>> to_data(Linear(0, 1, steps(5)))["over"]
    {'span': '5', 'unit': 'steps'}
    """
    made: dict[int, dict[str, Any]] = {}
    for node in reversed(list(_tree(root, lambda node: node._parts()))):
        values = {name: _plain(value, made) for name, value in node._fields().items()}
        made[id(node)] = {"is": type(node).__name__, **values}
    return made[id(root)]


def _plain(value: Any, made: dict[int, dict[str, Any]]) -> Any:
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, tuple):
        return [_plain(each, made) for each in value]
    if isinstance(value, Span):
        return value.to_spec()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (float, int)) and not isinstance(value, bool):
        return float(value) if isinstance(value, float) else int(value)  # no subclass of a shape's
    return str(value) if isinstance(value, Fraction) else value


def from_data(spec: Any) -> Any:
    """The schedule that `to_data` wrote.

    >>> from_data({"is": "Constant", "value": 0.1})
    Constant(0.1)
    """
    if not isinstance(spec, dict) or "is" not in spec:
        msg = f'a schedule\'s spec is {{"is": "Constant", "value": 0.1}}, got {brief(spec)}'
        raise PassoError(msg)
    made: dict[int, Any] = {}
    for container in reversed(list(_containers(spec))):
        if id(container) not in made:
            made[id(container)] = _read(container, made)
    return made[id(spec)]


def to_line(root: Any) -> str:
    """A schedule as one line of JSON."""
    return json.dumps(to_data(root))


def from_line(text: str) -> Any:
    """The schedule that `to_line` wrote."""
    if isinstance(text, (str, bytes)) and len(text) > LONGEST_LINE:
        msg = f"the JSON of a schedule may be at most {LONGEST_LINE:,} long, got {len(text):,}"
        raise PassoError(msg)
    try:
        spec = parsed(text)
    except (PassoError, TypeError, AttributeError) as error:
        msg = f"this is not the JSON of a schedule ({error}): {brief(text)}"
        raise PassoError(msg) from None
    return from_data(spec)


def _read(value: Any, made: dict[int, Any]) -> Any:
    """One container whose contents have been read."""

    def inside(each: Any) -> Any:
        return made[id(each)] if isinstance(each, (dict, list)) else each

    if isinstance(value, list):
        return tuple(inside(each) for each in value)
    if "is" not in value:
        return span_from_spec(value)
    kind = _kind(value["is"])
    given = {key: inside(each) for key, each in value.items() if key != "is"}
    _check_fields(kind, given)
    return kind._make(**given)


def _kind(name: Any) -> Any:
    room = _ROOMS.get(name) if isinstance(name, str) else None
    if room is None:
        hint = closest(name, _ROOMS) if isinstance(name, str) else ""
        msg = f"there is no schedule {brief(name)}{hint}"
        raise PassoError(msg)
    return getattr(room, name)


def _check_fields(kind: Any, given: dict[str, Any]) -> None:
    known = fields(kind)
    names = [each.name for each in known]
    for key in given:
        if key not in names:
            msg = f"{kind.__name__} has no field {brief(key)}; it has {', '.join(names) or 'none'}"
            raise PassoError(msg)
    for each in known:
        if each.default is MISSING and each.name not in given:
            msg = f"{kind.__name__} needs {each.name!r}, got {', '.join(given) or 'nothing'}"
            raise PassoError(msg)
    if "parts" in names and not isinstance(given["parts"], tuple):
        msg = f"the parts of {kind.__name__} are a list, got {brief(given['parts'])}"
        raise PassoError(msg)


def _containers(spec: Any) -> Iterator[Any]:
    """Every dict and list in the data, wholes before parts, within bounds."""
    return _tree(
        spec,
        lambda each: (
            child
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ),
    )


def _tree(root: Any, children: Any) -> Iterator[Any]:
    level, depth, size = [root], 0, 0
    while level:
        depth, size = depth + 1, size + len(level)
        if depth > _DEEPEST_DATA or size > _LARGEST_DATA:
            msg = (
                f"the data of a schedule may be at most {_DEEPEST_DATA} levels deep and "
                f"{_LARGEST_DATA:,} lists and dicts large"
            )
            raise PassoError(msg)
        yield from level
        level = [child for each in level for child in children(each)]
