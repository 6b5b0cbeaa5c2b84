"""What a terminal can show: how wide it is, and which characters it can write."""

from __future__ import annotations

import codecs
import shutil
import sys
from typing import Any, Final

_NARROWEST: Final = 40  # columns: below, no picture has room for its axis
_ALSO_LOSSY: Final = ("strict", "surrogateescape")


def columns(most: int) -> int:
    """How many columns a text may have: `most`, or fewer where the terminal is narrower.

    What goes into a file or a pipe has `most`, unless COLUMNS says otherwise.

    >>> 40 <= columns(80) <= 80
    True
    """
    return max(_NARROWEST, min(most, shutil.get_terminal_size((most, 24)).columns))


def let_write() -> None:
    """Let stdout and stderr write what their encoding lacks as "?": no command ends by that.

    A locale that says ASCII is one that says nothing, and UTF-8 is written, as Python does itself
    where it is asked for the locale "C".
    """
    streams: tuple[Any, ...] = sys.stdout, sys.stderr
    for stream in streams:
        if getattr(stream, "errors", None) in _ALSO_LOSSY and hasattr(stream, "reconfigure"):
            says_nothing = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if says_nothing else None, errors="replace")
