"""A CSV file: `update,name,value`, one line for each number."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.files import append, cannot_write, created, followed, refuse_unwritable, replacing
from passo.integrations.log.writer import Buffered

HEADER = ["update", "name", "value"]


class CsvFile(Buffered):
    """Whole lines only, so that a killed run leaves a file that can be read.

    A file that is there already waits: with a state that is loaded it is gone on with, and what it
    holds of later updates is superseded.
    """

    kind = "the CSV file"

    def __init__(self, path: str | os.PathLike[str], *, anew: bool = False) -> None:
        super().__init__(None)
        self._path = _file(path)
        self._quoted: dict[str, str] = {}
        self.waits = self._path.exists()
        if not self.waits:
            self._make()
        elif anew:
            raise self._is_there()
        else:
            _refuse_others(self._path)
            refuse_unwritable(self._path)

    def _make(self) -> None:
        try:
            created(self._path, f"{','.join(HEADER)}\n".encode())
            self._go_on()
        except FileExistsError:  # another process was faster
            raise self._is_there() from None
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def _is_there(self) -> PassoError:
        return PassoError(f"{str(self._path)!r} is there already; give another file, or remove it")

    def put(self, numbers: Sequence[tuple[str, float, int]]) -> None:
        """Write their lines, in one piece."""
        if self.waits:
            self._go_on()
        quoted = self._quoted
        lines = []
        for name, value, update in numbers:
            text = quoted.get(name) or quoted.setdefault(name, _quoted(name))
            lines.append(f"{update},{text},{value!r}\n")
        append(self._file, "".join(lines).encode())

    def rewind(self, clock: int, values: Collection[str]) -> bool:
        """Leave out what is there of update `clock` and later, and of reports after it."""
        if not clock and self.waits:
            return True
        self.flush()
        lines = [
            f"{update},{_quoted(name)},{value}\n"
            for update, name, value in _rows(self._path)
            if (update < clock if name in values else update <= clock)
        ]
        if not self.waits:
            self._file.close()
        with replacing(self._path) as file:
            file.write("".join([f"{','.join(HEADER)}\n", *lines]).encode())
        self._go_on()
        return True

    def _go_on(self) -> None:
        self._file = self._path.open("ab", buffering=0)
        self.waits = False

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update would begin a file that is there already."""
        if self.waits:
            last = max((update for update, _, _ in _rows(self._path)), default=-1)
            msg = (
                f"{str(self._path)!r} holds {last + 1:,} updates of an earlier run, and this one "
                f"begins anew; load its state first (scheduler.load_state_dict) to go on with the "
                f"log, or give passo.log another file"
            )
            raise PassoError(msg)

    def close(self) -> None:
        """Write what waits, and let the file go."""
        try:
            self.flush()
        finally:
            if not self.waits:
                self._file.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path


def _quoted(name: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([name])
    return text.getvalue()


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """The lines that are whole; raises PassoError for one that no log has written."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]
    rows = csv.reader(io.StringIO(whole, newline=""), strict=True)
    row: list[str] = []
    try:
        for row in rows:
            if row != HEADER:
                update, name, value = row
                float(value)
                yield int(update), name, value
    except (ValueError, csv.Error):
        msg = (
            f"{str(path)!r} is damaged at line {rows.line_num:,}, {brief(','.join(row))}; take "
            "the line out, or give another file"
        )
        raise PassoError(msg) from None


def _file(path: str | os.PathLike[str]) -> Path:
    """The path of a CSV file that can be written; raises PassoError with what to write."""
    found = followed(path)
    if found.is_dir():
        msg = f"{str(found)!r} is a folder; write passo.log(scheduler, {str(found / 'run.csv')!r})"
        raise PassoError(msg)
    if found.suffix.lower() != ".csv":
        other = str(found.with_suffix(".csv"))
        given = brief(str(found))
        msg = f"a log in a file is CSV, got {given}; write passo.log(scheduler, {other!r})"
        raise PassoError(msg)
    if not found.parent.is_dir():
        raise cannot_write(found)
    return found.absolute()


def _refuse_others(path: Path) -> None:
    """Raises PassoError where the file is no log, or one that cannot be gone on with."""
    try:
        with path.open("rb") as file:
            first = file.readline(200).decode("utf-8", errors="replace").rstrip("\r\n")
    except OSError as error:
        raise cannot_write(path, error) from None
    if first != ",".join(HEADER):
        msg = (
            f"{str(path)!r} is there already and is no log of passo: its first line is "
            f"{brief(first)}; give another file"
        )
        raise PassoError(msg)
    for _ in _rows(path):
        pass
