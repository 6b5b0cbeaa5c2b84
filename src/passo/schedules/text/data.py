"""Schedules as plain data and as JSON, from their fields, for all kinds at once."""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest
from passo.schedules import algebra, shapes
from passo.schedules.algebra.node import DEEPEST, LARGEST, Node
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.time import Span, span_from_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

_NODES: Final = [getattr(algebra, name) for name in algebra.__all__ if name[0].isupper()]
_SHAPES: Final = [getattr(shapes, name) for name in shapes.__all__]
KINDS: Final[dict[str, type[Schedule]]] = {
    kind.__name__: kind for kind in (*_NODES, *_SHAPES) if kind is not Schedule
}
_DEEPEST_DATA: Final = 4 * DEEPEST
_LARGEST_DATA: Final = 8 * LARGEST


def to_spec(schedule: Schedule) -> dict[str, Any]:
    """A schedule, and everything inside it, as plain data.

    >>> from passo import Linear, steps
    >>> to_spec(Linear(0, 1, steps(5)))["over"]
    {'span': '5', 'unit': 'steps'}
    """
    found = list(_tree(schedule, lambda node: node._parts()))
    made: dict[int, dict[str, Any]] = {}
    for node in reversed(found):
        values = {name: _plain(value, made) for name, value in node._fields().items()}
        made[id(node)] = {"is": type(node).__name__, **values}
    return made[id(schedule)]


def _plain(value: Any, made: dict[int, dict[str, Any]]) -> Any:
    if isinstance(value, Node):
        return made[id(value)]
    if isinstance(value, tuple):
        return [_plain(each, made) for each in value]
    if isinstance(value, Span):
        return value.to_spec()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Fraction) else value


def from_spec(spec: Any) -> Schedule:
    """The schedule that `to_spec` wrote. Nothing is imported and nothing but passo is called.

    Raises PassoError for unknown kinds and fields, for bad values, and for data nested too deep.

    >>> from passo import Linear, steps
    >>> from_spec(Linear(0, 1, steps(5)).to_spec())
    Linear(0, 1, steps(5))
    """
    if not isinstance(spec, dict) or "is" not in spec:
        msg = f'a schedule\'s spec is {{"is": "Constant", "value": 0.1}}, got {brief(spec)}'
        raise PassoError(msg)
    found = list(_containers(spec))
    made: dict[int, Any] = {}
    for container in reversed(found):
        if id(container) not in made:
            made[id(container)] = _read(container, made)
    return cast("Schedule", made[id(spec)])


def to_json(schedule: Schedule) -> str:
    """A schedule as one line of JSON.

    >>> from passo import Constant
    >>> to_json(Constant(0.1))
    '{"is": "Constant", "value": 0.1, "over": null}'
    """
    return json.dumps(to_spec(schedule))


def from_json(text: str) -> Schedule:
    """The schedule that `to_json` wrote.

    >>> from_json('{"is": "Constant", "value": 0.1, "over": null}')
    Constant(0.1)
    """
    try:
        spec = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"this is not the JSON of a schedule ({type(error).__name__}): {brief(text)}"
        raise PassoError(msg) from None
    return from_spec(spec)


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


def _kind(name: Any) -> type[Schedule]:
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        hint = closest(name, KINDS) if isinstance(name, str) else ""
        msg = f"there is no schedule {brief(name)}{hint}"
        raise PassoError(msg)
    return kind


def _check_fields(kind: type[Schedule], given: dict[str, Any]) -> None:
    known = fields(kind)  # type: ignore[arg-type]
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
