"""A file beside the one that is meant, while it is written; what a kill leaves of it goes later."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

try:
    import fcntl
except ImportError:  # Windows: there nobody can tell what is left from what is being written
    CAN_HOLD = False
else:
    CAN_HOLD = True
_LEFT: Final = r"\.{}\.\d+\.[0-9a-f]{{8}}\.tmp"


@contextmanager
def beside(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file beside `target`, and its path; with the block it is gone, but where it was moved.

    It is held by a lock that goes with its process, however that ends. What nobody holds was left
    by one that was killed, and the next that writes beside the same target takes it away.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> left = target.with_name(".note.txt.12.0123abcd.tmp")
    >>> left.touch()
    >>> with beside(target) as (file, path):
    ...     _ = file.write(b"new")
    ...     path.exists(), left.exists() and CAN_HOLD
    (True, False)
    >>> path.exists()
    False
    """
    _clear(target)
    path = target.with_name(f".{target.name}.{os.getpid()}.{token_hex(4)}.tmp")
    try:
        with _held(path) as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _held(path: Path) -> BinaryIO:
    """A new file, locked; one that was taken away before it was is made again."""
    while True:
        file = path.open("xb")
        if not CAN_HOLD:
            return file
        with suppress(OSError):  # no locks there, so that nobody takes it away either
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _clear(target: Path) -> None:
    if not CAN_HOLD:
        return
    is_left = re.compile(_LEFT.format(re.escape(target.name))).fullmatch
    with suppress(OSError), os.scandir(target.parent) as found:  # who may not look leaves it
        for each in found:
            if is_left(each.name):
                _take_away(Path(each.path))


def _take_away(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
