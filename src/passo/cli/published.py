"""Published schedules on the command line: a schedule by its name in any library."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from passo.catalogue import find, knows, search
from passo.ground.errors import closest
from passo.schedules import PassoError
from passo.schedules.from_torch import twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.catalogue import Entry

_NAME: Final = re.compile(r"\s*[A-Za-z][\w .,'-]*")
_VALUES: Final = {"base", "rest"}  # they stand in expressions only


def published(text: str) -> tuple[Entry, ...]:
    """The entries of the catalogue that have this name; none where it is an expression.

    A name of passo's own, and a class of torch that has a twin, are not looked up. Raises
    PassoError for what can only be a name, and is nobody's.

    >>> [entry.name for entry in published("RexScheduler")]
    ['REX']
    >>> published("one_cycle"), published("base - 0.1")
    ((), ())
    """
    from passo.schedules.text.parser import FUNCTIONS, parse

    name = text.strip()
    written = _VALUES & set(re.findall(r"\w+", name))
    if name in FUNCTIONS or written or twin(name) is not None:
        return ()
    if not knows(name):
        if not _NAME.fullmatch(text) or closest(name, FUNCTIONS):
            return ()
        with suppress(PassoError):
            parse(text)
            return ()
    return find(name)


def card(entry: Entry) -> str:
    """What is known of an entry, a line each.

    >>> from passo import catalogue
    >>> print(card(catalogue.named("REX")).partition("  formula")[0])
    REX
      passo      Rex(base, 0, percent(100))
    """
    elsewhere = "; ".join(f"{lib}: {', '.join(names)}" for lib, names in entry.peers.items())
    lines = {
        "passo": repr(entry.expression()) if entry.expression else "",
        "formula": entry.formula,
        "source": entry.source,
        "also": ", ".join(entry.aliases),
        "elsewhere": elsewhere,
        "note": entry.notes,
    }
    return "\n".join([entry.name, *(f"  {name:<10} {x}" for name, x in lines.items() if x)])


def having(word: str, lists: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What of the lists has the word, and the published schedules that have it.

    Raises PassoError where nothing has.

    >>> list(having("restart", {"recipes": {"warm_restarts": "...", "wsd": "..."}}))
    ['recipes', 'published']
    """
    wanted = word.lower()
    found = {
        title: {n: line for n, line in lines.items() if wanted in f"{n} {line}".lower()}
        for title, lines in lists.items()
    }
    found["published"] = {each.name: each.source for each in search(word)}
    if not any(found.values()):
        msg = f"nothing has {word!r} in its name; write passo list for what there is"
        raise PassoError(msg)
    return {title: lines for title, lines in found.items() if lines}
