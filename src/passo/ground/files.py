"""Files that are there whole, or not at all; and what somebody else wrote, read within bounds."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from passo.ground.beside import CAN_HOLD, beside
from passo.ground.checks import brief
from passo.ground.errors import PassoError

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends, and vanishes when it fails.

    It is written beside `path` and moved over it in one act: whoever looks sees the old file or the
    whole new one, also after a Ctrl-C or a kill. Of a link, what it points to is replaced. An
    `OSError` (no such folder, no room) is passed on.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with replacing(path) as file:
    ...     _ = file.write(b"whole")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('whole', 1)
    """
    target = _target(path)
    with beside(target) as (file, made):
        yield file
        file.flush()
        os.fsync(file.fileno())
        if not CAN_HOLD:
            file.close()  # where it could be held, it is until it has its name
        made.replace(target)


def created(path: str | os.PathLike[str], head: bytes) -> None:
    """Makes a new file that begins with `head`: it is there with it, or not at all.

    Raises `FileExistsError` where there is one. Another `OSError` is passed on.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> created(path, b"update,name,value")
    >>> path.read_text()
    'update,name,value'
    """
    target = _target(path)
    with beside(target) as (file, made):
        file.write(head)
        file.flush()
        try:
            os.link(made, target)
        except FileExistsError:
            raise
        except OSError:  # a disk that knows no links: for a moment it is there without its head
            with target.open("xb") as plain:
                plain.write(head)


def append(file: FileIO, data: bytes) -> None:
    """Writes all of it at the end of an unbuffered file, or nothing where the disk is full.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> with path.open("ab", buffering=0) as file:
    ...     append(file, b"0,lr,0.1")
    >>> path.read_bytes()
    b'0,lr,0.1'
    """
    end, rest = file.seek(0, os.SEEK_END), data
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except BaseException:
        with suppress(OSError):  # what is torn is left out by who reads it
            file.truncate(end)
        raise


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Refuses before the work what `replacing` could not write after it; nothing is left there.

    Raises `PassoError` for a folder that is not there or lets nothing be written into it, for a
    path that is a folder itself, and for a name that is too long.

    >>> import tempfile
    >>> refuse_unwritable(Path(tempfile.mkdtemp()) / "tune.png")
    """
    target = _target(path)
    try:
        with beside(target):
            pass
    except OSError as error:
        raise cannot_write(target, error) from None


def refuse_written_over(
    written: Iterable[str | os.PathLike[str]], read: Iterable[str | os.PathLike[str]] = ()
) -> None:
    """Refuses two results that would go into one file, and one that would replace what is read.

    >>> refuse_written_over(["law.json", "./law.json"])
    Traceback (most recent call last):
    ...
    passo.PassoError: './law.json' is given for two results; give each a file of its own
    """
    kept, taken = {os.path.realpath(each) for each in read}, set[str]()
    for each in written:
        place = os.path.realpath(each)
        if place in kept:
            msg = f"{str(each)!r} is read here, and a result would replace it; give another file"
            raise PassoError(msg)
        if place in taken:
            msg = f"{str(each)!r} is given for two results; give each a file of its own"
            raise PassoError(msg)
        taken.add(place)


def cannot_write(path: str | os.PathLike[str], error: OSError | None = None) -> PassoError:
    """That a file cannot be written, why, and what to do; `error` is what the disk said.

    >>> print(cannot_write("no such folder/tune.db"))
    cannot write 'no such folder/tune.db': there is no folder 'no such folder'; make it first
    """
    name, parent = str(path), Path(path).parent
    if error is not None and error.errno == errno.ENAMETOOLONG:
        return PassoError(f"cannot write {brief(name)}: its name is too long; give a shorter one")
    why = os.strerror(errno.ENOTDIR) if error is None else error.strerror
    try:
        parent.stat()
    except FileNotFoundError:
        return PassoError(
            f"cannot write {name!r}: there is no folder {str(parent)!r}; make it first"
        )
    except OSError as other:
        why = other.strerror
    return PassoError(
        f"cannot write {name!r}: {why}; give a path in a folder that can be written to"
    )


def _target(path: str | os.PathLike[str]) -> Path:
    """Where a file is to be."""
    target = followed(path)
    if target.is_dir():
        msg = f"{str(target)!r} is a folder, and a file is written; give the path of a file in it"
        raise PassoError(msg)
    return target


def followed(path: str | os.PathLike[str]) -> Path:
    """The path of what is written: that of a link's target, there or not; else as it is.

    Raises `PassoError` for what names no file, or none that can be there, for links that lead to
    one another, and for a FIFO, a device or a socket: a new file would take its place.
    """
    name = path_of(path, "a file", "is written to")
    if not name:
        msg = f"a file is written to the path of a file, got {brief(path)}; give it a name"
        raise PassoError(msg)
    given = Path(name)
    try:
        is_link = given.is_symlink()
        _refuse_other_kinds(name)
    except OSError as error:  # too long, or in a folder that may not be looked into
        raise cannot_write(given, error) from None
    if not is_link:
        return given
    found = Path(os.path.realpath(given))
    if found.is_symlink():
        msg = f"{str(given)!r} is a link that leads back to itself; give another file"
        raise PassoError(msg)
    return found


def _refuse_other_kinds(name: str) -> None:
    """A folder that is there is told of by who wants to write."""
    try:
        kind = _kind(Path(name).stat())
    except OSError:  # not there, or not to be seen: whoever writes it is told why
        kind = None
        if name.endswith(os.sep):
            msg = f"{name!r} is a folder, and a file is written; give the path of a file in it"
            raise PassoError(msg) from None
    if kind is not None and not Path(name).is_dir():
        msg = f"{name!r} is {kind}, and a plain file is written; give the path of one"
        raise PassoError(msg)


def _kind(about: os.stat_result) -> str | None:
    """What it is in words, where it is no plain file."""
    return next((words for is_one, words in KINDS if is_one(about.st_mode)), None)


def path_of(path: object, what: str, done: str = "is read from") -> str:
    """The path as text; raises `PassoError` for what is none, or none that a file can have.

    >>> path_of(Path("run.jsonl"), "a trace")
    'run.jsonl'
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        msg = f"{what} {done} the path of a file, got {brief(path)}"
        raise PassoError(msg)
    name = os.fspath(path)
    if "\0" in name or not _can_be_encoded(name):
        msg = f"{what} {done} the path of a file, and no file is called {brief(name)}"
        raise PassoError(msg)
    return name


def _can_be_encoded(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def reading(path: str | os.PathLike[str], what: str, most: int) -> Iterator[BinaryIO]:
    """A plain file of at most `most` bytes, open for reading; `what` it is to hold.

    Raises `PassoError` for what is no plain file (a FIFO would be waited for, a device never
    ends) and for a larger one. An `OSError` (no such file) is passed on.
    """
    name = path_of(path, what)
    about = Path(path).stat()
    kind = _kind(about)
    if kind is not None:
        msg = f"{name!r} is {kind}, and {what} is read from a plain file; give one"
        raise PassoError(msg)
    if about.st_size > most:
        msg = (
            f"{name!r} holds {about.st_size:,} bytes, and {what} is read up to {most:,}; "
            "give the file that was meant"
        )
        raise PassoError(msg)
    with Path(path).open("rb") as file:
        yield file


def text_in(path: str | os.PathLike[str], what: str, most: int) -> str:
    r"""The text of a plain file in UTF-8, without the mark that some editors put before it.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> _ = path.write_bytes(b"\xef\xbb\xbfplain")
    >>> text_in(path, "a note", 100)
    'plain'
    """
    with reading(path, what, most) as file:
        raw = file.read(most)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = (
            f"{os.fspath(path)!r} is not text in UTF-8: byte {error.start} is "
            f"0x{raw[error.start]:02x}; save it as UTF-8"
        )
    raise PassoError(msg)
