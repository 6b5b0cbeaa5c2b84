"""A store of results: lines of JSON, each whole or gone, written by one process at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.ground.files import append, cannot_write, followed, reading, refuse_unwritable
from passo.ground.schema import Check, anything, parsed, plain

VERSION: Final = 1
LARGEST: Final = 2**30
ANOTHER: Final = "give another store, store='another.journal'"


class Journal:
    """A file of results that outlives a kill: what was added is there, what was torn is dropped.

    The first line says what it is of: `kind`, its version and `head`. Each result is one line,
    and is on the disk when `add` returns. While it is open no other process can open it (a lock
    beside it, `FILE.lock`, which goes with its process, however that ends).

    `same(found, head)` compares the head of a file that is there with this one, and raises
    `PassoError` where they are of different things; the default wants them equal.
    `held(line, place)` raises it for a line that is no result.

    Raises `PassoError` for a file that is no such store, of another kind or version, damaged in its
    middle, or in use.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "runs.journal"
    >>> with Journal(path, "compare", {"run": "Run(steps(10))"}) as journal:
    ...     journal.add({"seed": 0, "loss": 0.5})
    >>> with Journal(path, "compare", {"run": "Run(steps(10))"}) as journal:
    ...     journal.lines
    [{'seed': 0, 'loss': 0.5}]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        kind: str,
        head: Mapping[str, Any],
        same: Callable[[Mapping[str, Any], Mapping[str, Any]], None] | None = None,
        held: Check = anything,
    ) -> None:
        self.path = followed(path)
        self.kind = kind
        self.head: Mapping[str, Any] = plain(dict(head))
        self.lines: list[dict[str, Any]] = []
        self._same = same or self._equal
        self._held = held

    @property
    def folder(self) -> Path:
        """Where the files of its runs are: beside it, under its name."""
        return self.path.with_name(f"{self.path.name}.runs")

    def __enter__(self) -> Journal:  # noqa: PYI034 (Self is of Python 3.11)
        """Locks the file, and reads what it holds."""
        self._lock = self._locked()
        try:
            self._open()
        except OSError as error:
            self._lock.release()
            raise cannot_write(self.path, error) from None
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Lets others have it."""
        try:
            self._file.close()
        finally:
            self._lock.release()

    def add(self, line: Mapping[str, Any]) -> None:
        """Writes a result: a mapping of plain JSON, in which what is not finite becomes a word.

        Raises `PassoError` where the disk does not take it: then nothing of it is there.
        """
        made = plain(dict(line))
        try:
            self._write(made)
        except OSError as error:
            raise cannot_write(self.path, error) from None
        self.lines.append(made)

    def _locked(self) -> Any:
        filelock = need("filelock", "passo[sweep]", "a store")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise cannot_write(self.path) from None
        refuse_unwritable(self.path)  # of a lock that cannot be made it would say: in use
        lock = filelock.FileLock(f"{self.path}.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            msg = (
                f"{str(self.path)!r} is in use by another process; wait until that is done, or "
                f"{ANOTHER}"
            )
            raise PassoError(msg) from None
        except OSError as error:
            raise cannot_write(self.path, error) from None
        return lock

    def _open(self) -> None:
        raw = b""
        if self.path.exists():
            with reading(self.path, "a store", LARGEST) as file:
                raw = file.read(LARGEST)
        whole = raw[: raw.rfind(b"\n") + 1]  # a kill leaves the last line without its end
        head = {"passo": self.kind, "version": VERSION, **self.head}
        if not _ended(head).startswith(raw):  # nothing yet, or killed in its first line
            self._read(whole.splitlines())
        self._file = self.path.open("ab", buffering=0)
        self._file.truncate(len(whole))
        if not whole:
            self._write(head)

    def _read(self, lines: list[bytes]) -> None:
        first = self._line(lines[0], 1) if lines else None
        if not isinstance(first, dict) or "passo" not in first:
            msg = f"{str(self.path)!r} is no store of passo; {ANOTHER}"
            raise PassoError(msg)
        kind, version = first.pop("passo"), first.pop("version", None)
        if kind != self.kind:
            msg = f"{str(self.path)!r} is of {brief(kind)}, and this is {self.kind!r}; {ANOTHER}"
            raise PassoError(msg)
        if version != VERSION:
            msg = (
                f"{str(self.path)!r} has version {brief(version)} of the store, and this passo has "
                f"{VERSION}; go on with the passo that wrote it, or {ANOTHER}"
            )
            raise PassoError(msg)
        self._same(first, self.head)
        self.head = first
        self.lines = [self._line(each, place) for place, each in enumerate(lines[1:], 2)]

    def _line(self, raw: bytes, place: int) -> Any:
        try:
            found = parsed(raw)
            if place > 1:
                self._held(found, "the result")
        except PassoError as error:
            if place == 1:
                return None
            msg = (
                f"{str(self.path)!r} is damaged in line {place}: {error}; take that line out, and "
                "its run is made again"
            )
            raise PassoError(msg) from None
        return found

    def _equal(self, found: Mapping[str, Any], head: Mapping[str, Any]) -> None:
        for key in (*head, *found):
            theirs, ours = found.get(key), head.get(key)
            if theirs != ours:
                msg = (
                    f"{str(self.path)!r} is of another {self.kind}: there {key} is "
                    f"{brief(theirs)}, here {brief(ours)}; {ANOTHER}"
                )
                raise PassoError(msg)

    def _write(self, line: Mapping[str, Any]) -> None:
        append(self._file, _ended(line))
        os.fsync(self._file.fileno())


def _ended(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"
