"""Schedules as plain data and as JSON, from their fields, for all kinds at once."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from passo.schedules import algebra, shapes
from passo.schedules.algebra.node import DEEPEST
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.errors import PassoError, closest
from passo.schedules.feedback import Plateau
from passo.schedules.time import Span, span_from_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

_NODES: Final = [getattr(algebra, name) for name in algebra.__all__ if name[0].isupper()]
_SHAPES: Final = [getattr(shapes, name) for name in shapes.__all__]
KINDS: Final[dict[str, type[Schedule]]] = {
    kind.__name__: kind for kind in (*_NODES, *_SHAPES, Plateau) if kind is not Schedule
}
_DEEPEST_DATA: Final = 4 * DEEPEST


def to_spec(value: Any) -> Any:
    """A schedule, and everything inside it, as plain data.

    >>> from passo import Linear, steps
    >>> to_spec(Linear(0, 1, steps(5)))["over"]
    {'span': '5', 'unit': 'steps'}
    """
    if isinstance(value, Schedule):
        kind = {"kind": type(value).__name__}
        return kind | {name: to_spec(each) for name, each in value._fields().items()}
    if isinstance(value, Span):
        return value.to_spec()
    if isinstance(value, tuple):
        return [to_spec(each) for each in value]
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
    _check_depth(spec)
    if not isinstance(spec, dict) or "kind" not in spec:
        msg = f'a schedule\'s spec is {{"kind": "Constant", "value": 0.1}}, got {_brief(spec)}'
        raise PassoError(msg)
    return _read(spec)  # type: ignore[no-any-return]


def to_json(schedule: Schedule) -> str:
    """A schedule as one line of JSON.

    >>> from passo import Constant
    >>> to_json(Constant(0.1))
    '{"kind": "Constant", "value": 0.1, "over": null}'
    """
    return json.dumps(to_spec(schedule))


def from_json(text: str) -> Schedule:
    """The schedule that `to_json` wrote.

    >>> from_json('{"kind": "Constant", "value": 0.1, "over": null}')
    Constant(0.1)
    """
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"this is not the JSON of a schedule ({type(error).__name__}): {_brief(text)}"
        raise PassoError(msg) from None
    return from_spec(spec)


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_read(each) for each in value)
    if not isinstance(value, dict):
        return value
    if "kind" not in value:
        return span_from_spec(value)
    return _read_schedule(value)


def _read_schedule(spec: dict[str, Any]) -> Schedule:
    name = spec["kind"]
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        hint = closest(name, KINDS) if isinstance(name, str) else ""
        msg = f"no schedule is of kind {_brief(name)}{hint}"
        raise PassoError(msg)
    given = {key: _read(value) for key, value in spec.items() if key != "kind"}
    known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            msg = f"{name} has no field {_brief(key)}; it has {', '.join(known) or 'none'}"
            raise PassoError(msg)
    try:
        return kind._make(**given)  # type: ignore[no-any-return]
    except (TypeError, KeyError, AttributeError) as error:
        msg = f"{name} needs {', '.join(known)}, got {_brief(given)} ({error})"
        raise PassoError(msg) from None


def _check_depth(spec: Any) -> None:
    level, depth = [spec], 0
    while level:
        depth += 1
        if depth > _DEEPEST_DATA:
            msg = f"the data of a schedule may be at most {_DEEPEST_DATA} levels deep"
            raise PassoError(msg)
        level = [child for each in level for child in _children(each)]


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (each for each in value.values() if isinstance(each, (dict, list)))
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, (dict, list)))


def _brief(value: Any) -> str:
    code = repr(value) if not isinstance(value, (dict, list)) else f"a {type(value).__name__}"
    return code if len(code) <= 60 else code[:57] + "..."
