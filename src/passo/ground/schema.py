"""What a file may hold: a table from each field to what checks it, asked at the door.

A check takes a value and its place ("tracks[0].begin"), and answers with the value as it is used,
or raises `PassoError` with the place, what was given and what is needed.

>>> point = record({"at": count(), "name": text})
>>> point({"at": 3, "name": "a"}, "point")
{'at': 3, 'name': 'a'}
>>> point({"at": -1, "name": "a"}, "point")
Traceback (most recent call last):
...
passo.PassoError: point.at must be a whole number of at least 0, got -1
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError, closest

Check: TypeAlias = "Callable[[Any, str], Any]"
"""What takes a value and its place, and answers with the value or raises `PassoError`."""

MOST: Final = 10**18  # no clock and no count of a file is beyond it
ODD: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_NONE: Final[Mapping[str, Check]] = MappingProxyType({})
_DEEPEST: Final = 100
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class _Swift:
    """A check that looks at many values in one pass as well.

    `many` answers with all of them as they are used, or with None where one may be wrong: then
    each is looked at by itself, in its place.
    """

    one: Check
    many: Callable[[Sequence[Any]], list[Any] | None]

    def __call__(self, value: Any, place: str) -> Any:
        return self.one(value, place)


def _many(check: Check, values: Sequence[Any]) -> list[Any] | None:
    """The values as they are used where all are right: no word of their places is needed."""
    if isinstance(check, _Swift) and values:
        return check.many(values)
    try:
        return [check(each, "") for each in values]
    except PassoError:
        return None


def _are(kind: type, values: Sequence[Any]) -> bool:
    """Whether all are of that very class: True is no int."""
    return set(map(type, values)) == {kind}


def anything(value: Any, _place: str) -> Any:
    """The value as it is: something else checks it."""
    return value


def text(value: Any, place: str) -> str:
    """A string.

    >>> text("lr", "key")
    'lr'
    """
    if isinstance(value, str):
        return value
    msg = f"{place} must be a string, got {brief(value)}"
    raise PassoError(msg)


def _short(value: Any, place: str) -> str:
    if len(text(value, place)) <= _LONGEST:
        return str(value)
    msg = f"{place} may be at most {_LONGEST} characters long, got {brief(value)}"
    raise PassoError(msg)


def _all_short(values: Sequence[Any]) -> list[Any] | None:
    return list(values) if _are(str, values) and max(map(len, values)) <= _LONGEST else None


short: Final[Check] = _Swift(_short, _all_short)
"""A string that is short enough to stand in a sentence."""


def loose(value: Any, place: str) -> float:
    """A number of any kind: JSON has no NaN and no infinity, they are strings.

    >>> loose(1, "loss"), loose("-inf", "loss")
    (1.0, -inf)
    """
    if type(value) is float:
        return value
    if isinstance(value, str) and value in ODD:
        return ODD[value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    msg = f'{place} needs a number, "nan", "inf" or "-inf", got {brief(value)}'.lstrip()
    raise PassoError(msg)


def number(least: float = -math.inf, most: float = math.inf) -> Check:
    """A finite number within bounds.

    >>> number(least=0)(1, "begin")
    1.0
    """

    def check(value: Any, place: str) -> float:
        found = real(value, place)
        if not least <= found <= most:
            bound = f"at least {least:g}" if found < least else f"at most {most:g}"
            msg = f"{place} must be {bound}, got {brief(value)}"
            raise PassoError(msg)
        return found

    def many(values: Sequence[Any]) -> list[Any] | None:
        each_once = set(values) if _are(float, values) else ()
        fine = each_once and all(map(math.isfinite, each_once))
        if not fine or min(each_once) < least or max(each_once) > most:
            return None
        return [each + 0.0 for each in values] if 0.0 in each_once else list(values)

    return _Swift(check, many)


def count(least: int = 0, most: int = MOST) -> Check:
    """A whole number within bounds; 3.0 and True are none."""

    def many(values: Sequence[Any]) -> list[Any] | None:
        fine = _are(int, values) and least <= min(values) and max(values) <= most
        return list(values) if fine else None

    return _Swift(lambda value, place: whole(value, place, least=least, most=most), many)


def maybe(check: Check) -> Check:
    """None, or what the check lets through."""

    def many(values: Sequence[Any]) -> list[Any] | None:
        there = [each for each in values if each is not None]
        found = _many(check, there) if there else []
        if found is None or len(there) == len(values):
            return found
        checked = iter(found)
        return [None if each is None else next(checked) for each in values]

    return _Swift(lambda value, place: None if value is None else check(value, place), many)


def listed(check: Check) -> Check:
    """A list, each of whose members the check lets through.

    >>> listed(text)(["a", 1], "names")
    Traceback (most recent call last):
    ...
    passo.PassoError: names[1] must be a string, got 1
    """

    def checked(value: Any, place: str) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            msg = f"{place} must be a list, got {brief(value)}"
            raise PassoError(msg)
        found = _many(check, value)
        if found is None:
            found = [check(each, f"{place}[{k}]") for k, each in enumerate(value)]
        return found

    return checked


def row(**checks: Check) -> Check:
    """A list with one member for each of these, in this order.

    >>> row(group=count(), key=text)([0, "lr"], "field")
    (0, 'lr')
    """

    def checked(value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != len(checks):
            msg = f"{place} must be [{', '.join(checks)}], got {brief(value)}"
            raise PassoError(msg)
        named = zip(checks.items(), value, strict=True)
        return tuple(check(each, f"{place}.{name}") for (name, check), each in named)

    def many(values: Sequence[Any]) -> list[Any] | None:
        columns = _columns(checks, values)
        return None if columns is None else list(zip(*columns, strict=True))

    return _Swift(checked, many)


def _columns(checks: Mapping[str, Check], rows: Sequence[Any]) -> list[list[Any]] | None:
    """The columns of rows that are all right, each as it is used; else None."""
    if not set(map(type, rows)) <= {list, tuple} or set(map(len, rows)) != {len(checks)}:
        return None
    columns = zip(checks.values(), zip(*rows, strict=True), strict=True)
    fine = [found for each, own in columns if (found := _many(each, own)) is not None]
    return fine if len(fine) == len(checks) else None


def table(**checks: Check) -> Check:
    """A list of rows, with one member for each of these in each: a column for each of these.

    >>> table(group=count(), key=text)([[0, "lr"], [1, "lr"]], "fields")
    {'group': [0, 1], 'key': ['lr', 'lr']}
    """
    rows = listed(row(**checks))

    def checked(value: Any, place: str) -> dict[str, Any]:
        columns = _columns(checks, value) if isinstance(value, (list, tuple)) and value else None
        if columns is None:
            found = rows(value, place)
            columns = list(map(list, zip(*found, strict=True))) if found else [[] for _ in checks]
        return dict(zip(checks, columns, strict=True))

    return checked


def mapping(check: Check) -> Check:
    """A mapping from strings to what the check lets through."""

    def checked(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            msg = f"{place} must be a mapping from strings, got {brief(value)}"
            raise PassoError(msg)
        found = _many(check, list(value.values()))
        if found is None:
            found = [check(each, f"{place}[{brief(key)}]") for key, each in value.items()]
        return dict(zip(value, found, strict=True))

    return checked


def record(needed: Mapping[str, Check], more: Mapping[str, Check] = _NONE) -> Check:
    """A mapping with all fields that are `needed`, perhaps some of `more`, and no other.

    >>> record({"clock": count()})({"clok": 3}, "state")
    Traceback (most recent call last):
    ...
    passo.PassoError: state lacks clock, got {'clok': 3}
    """
    known = {**needed, **more}

    def checked(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            msg = f"{place} must be a mapping with {', '.join(needed)}, got {brief(value)}"
            raise PassoError(msg)
        lacking = [name for name in needed if name not in value]
        if lacking:
            msg = f"{place} lacks {', '.join(lacking)}, got {brief(value)}"
            raise PassoError(msg)
        for name in value:
            if name not in known:
                hint = closest(name, known) if isinstance(name, str) else ""
                msg = f"{place} has no {brief(name)}{hint}; it has {', '.join(known)}"
                raise PassoError(msg)
        return {name: known[name](value[name], f"{place}.{name}") for name in value}

    return checked


def plain(thing: Any, depth: int = 0) -> Any:
    """The thing as plain JSON, copied; raises `PassoError` for what JSON cannot hold.

    What is not finite becomes "nan", "inf" or "-inf", a tuple becomes a list.

    >>> plain({"a": (1, float("inf"))})
    {'a': [1, 'inf']}
    """
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else repr(float(thing))
    if depth > _DEEPEST:
        msg = f"plain JSON may be at most {_DEEPEST} deep here, got {brief(thing)}"
        raise PassoError(msg)
    if isinstance(thing, (list, tuple)):
        return [plain(each, depth + 1) for each in thing]
    if isinstance(thing, dict) and all(isinstance(key, str) for key in thing):
        return {key: plain(value, depth + 1) for key, value in thing.items()}
    msg = f"a trace holds plain JSON only, got {brief(thing)}; write its repr or its parts"
    raise PassoError(msg)


def parsed(given: str | bytes) -> Any:
    """The value of a JSON text; raises `PassoError` in words where it is none.

    A key that is there twice is refused: of two values nobody knows which one was meant.

    >>> parsed('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    passo.PassoError: 'a' is there twice
    """
    try:
        return _DECODER.decode(given.decode("utf-8") if isinstance(given, bytes) else given)
    except PassoError:
        raise
    except RecursionError:
        why = "it is nested too deep"
    except ValueError as error:
        why = str(error) if len(str(error)) < _LONGEST else "it is not JSON"
    raise PassoError(why)


def _no_constant(name: str) -> Any:
    msg = f'{name} is not JSON; write "nan", "inf" or "-inf"'
    raise PassoError(msg)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"{brief(twice)} is there twice"
        raise PassoError(msg)
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
