"""Schedules as text, as plain data and as JSON; all of them read without running anything."""

from __future__ import annotations

from typing import Any, cast

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.data import from_data, from_line, to_line
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.text.parser import parse, parse_run, parse_span

__all__ = ["from_json", "from_spec", "parse", "parse_run", "parse_span", "to_json", "to_spec"]


def to_spec(schedule: Schedule) -> dict[str, Any]:
    """A schedule, and everything inside it, as plain data.

    >>> from passo import Linear, steps
    >>> to_spec(Linear(0, 1, steps(5)))["over"]
    {'span': '5', 'unit': 'steps'}
    """
    return _schedule(schedule, "to_spec").to_spec()


def from_spec(spec: Any) -> Schedule:
    """The schedule that `to_spec` wrote. Nothing is imported and nothing but passo is called.

    Raises PassoError for unknown kinds and fields, for bad values, and for data nested too deep.

    >>> from passo import Linear, steps
    >>> from_spec(Linear(0, 1, steps(5)).to_spec())
    Linear(0, 1, steps(5))
    """
    return cast("Schedule", from_data(spec))


def to_json(schedule: Schedule) -> str:
    """A schedule as one line of JSON.

    >>> from passo import Constant
    >>> to_json(Constant(0.1))
    '{"is": "Constant", "value": 0.1, "over": null}'
    """
    return to_line(_schedule(schedule, "to_json"))


def from_json(text: str) -> Schedule:
    """The schedule that `to_json` wrote.

    >>> from_json('{"is": "Constant", "value": 0.1, "over": null}')
    Constant(0.1)
    """
    return cast("Schedule", from_line(text))


def _schedule(value: Any, call: str) -> Schedule:
    if not isinstance(value, Schedule):
        msg = f"{call} needs a schedule, got {brief(value)}; write {call}(Constant(0.1))"
        raise PassoError(msg)
    return value
