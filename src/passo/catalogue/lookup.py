"""Looking an entry up: by any of its names in any library, whatever its case, spaces or dashes."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from passo.catalogue import (
    cosine,
    cyclical,
    elementary,
    inverse,
    others,
    published,
    stable,
    warmups,
)
from passo.ground.checks import brief
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.catalogue.entry import Entry

ENTRIES: Final[tuple[Entry, ...]] = tuple(
    chain(
        elementary.FAMILY,
        cosine.FAMILY,
        cyclical.FAMILY,
        inverse.FAMILY,
        stable.FAMILY,
        warmups.FAMILY,
        published.FAMILY,
        published.HEARING,
        others.FAMILY,
    )
)
"""Every published schedule, by family."""

_NEAR: Final = 0.82
_MOST: Final = 3


def plain(name: str) -> str:
    """A name without what does not matter in it: case, spaces, dashes, underscores.

    >>> plain("Cosine with hard-restarts"), plain("transformers.cosine")
    ('cosinewithhardrestarts', 'transformers.cosine')
    """
    return "".join(each for each in name.lower() if each not in " -_'\t\n")


@cache
def _by_name() -> Mapping[str, tuple[Entry, ...]]:
    found: dict[str, dict[int, Entry]] = {}
    for entry in ENTRIES:
        for name in entry.names():
            found.setdefault(plain(name), {})[id(entry)] = entry
    return {name: tuple(entries.values()) for name, entries in found.items()}


def find(name: str) -> tuple[Entry, ...]:
    """The entries of that name, here or in any library: several where several have it.

    Case, spaces, dashes and underscores do not matter; "transformers.cosine" asks one library. A
    name of its own here comes first. Raises PassoError for a name that nobody has, with the
    nearest where they are near.

    >>> [entry.name for entry in find("get_inverse_sqrt_schedule")]
    ['inverse square root', 'inverse square root with a time scale']
    """
    found = _found(name)
    if found:
        return found
    near = _near(name)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; write passo list --search WORD"
    msg = f"no schedule of the catalogue is called {brief(name)} here or in any library{hint}"
    raise PassoError(msg)


def _found(name: object) -> tuple[Entry, ...]:
    if not isinstance(name, str):
        msg = f'a schedule is looked up by its name, such as "SGDR", got {brief(name)}'
        raise PassoError(msg)
    found = _by_name().get(plain(name), ())
    return tuple(sorted(found, key=lambda each: plain(each.name) != plain(name)))


def knows(name: str) -> bool:
    """Whether some entry has that name.

    >>> knows("StepLR"), knows("banana")
    (True, False)
    """
    return bool(_found(name))


def named(name: str) -> Entry:
    """The one entry of that name; where several have it, the one whose own name it is.

    Raises PassoError where there is none, or no one that it must mean.

    >>> named("SGDR").name
    'warm restarts'
    """
    first, *others_ = find(name)
    if others_ and plain(first.name) != plain(name):
        names = ", ".join(repr(each.name) for each in (first, *others_))
        msg = f"{brief(name)} may be any of {names}; write catalogue.find({name!r}) for all of them"
        raise PassoError(msg)
    return first


def search(word: str) -> tuple[Entry, ...]:
    """The entries that have `word` in a name of theirs, in their source or in their notes.

    >>> [entry.name for entry in search("half-life")]
    ['WSD with an exponential cooldown', 'WSD with a half-life cooldown', 'EMA half-life ramp']
    """
    if not isinstance(word, str) or not plain(word):
        msg = f'a word is searched for, such as "restart", got {brief(word)}'
        raise PassoError(msg)
    wanted = plain(word)
    return tuple(
        entry
        for entry in ENTRIES
        if any(wanted in plain(text) for text in (*entry.names(), entry.source, entry.notes))
    )


def _near(name: str) -> list[str]:
    """The names that are near, as they are written."""
    written = {plain(each): each for entry in ENTRIES for each in reversed(list(entry.names()))}
    close = get_close_matches(plain(name)[:100], written, n=_MOST, cutoff=_NEAR)
    return [repr(written[each]) for each in close]
