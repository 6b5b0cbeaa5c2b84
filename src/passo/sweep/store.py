"""The file of a search: whose it is, and whether it may be gone on with."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError, PassoWarning
from passo.ground.extras import need
from passo.ground.files import cannot_write, reading, refuse_unwritable
from passo.sweep.intervals import EXTRA
from passo.sweep.search import PATIENCE, SEEDS, TRIALS, Search
from passo.sweep.source import Source
from passo.sweep.spaces import WHAT

VERSION: Final = 1
HEAD: Final = "passo"
LARGEST: Final = 2**40
MAGIC: Final = b"SQLite format 3\0"
ANOTHER: Final = "give another store, store='another.db'"


def opened(search: Search, source: Source) -> Any:
    """Optuna's study of a search: a new one, or the one that is there, where it is the same.

    Raises `PassoError` for a file that is no such store, of another search or of another version.
    """
    name = repr(str(search.path))
    _check_file(search, name)
    head = _head(search, source)
    with _opening(search.path), search.lock():
        if not search.path.exists() or search.path.stat().st_size == 0:
            _create(search, head)
        study = _there(search, name)
        known = study.user_attrs.get(HEAD)
        _check_head(name, known, head)
        _warn_of_changes(name, known, source, len(study.trials))
    return study


def _create(search: Search, head: Mapping[str, Any]) -> None:
    """A new store, which is there as a whole or not at all: Optuna writes it in many steps."""
    beside = search.path.with_name(f"{search.path.name}.new")
    beside.unlink(missing_ok=True)
    made = replace(search, path=beside)
    made.study().set_user_attr(HEAD, head)
    made.study(SEEDS)
    beside.replace(search.path)


def _check_file(search: Search, name: str) -> None:
    refuse_unwritable(search.path)  # a lock that cannot be made is waited for without end
    if not search.path.exists():
        return
    try:
        with reading(search.path, "a store", LARGEST) as file:
            begin = file.read(len(MAGIC))
    except OSError as error:
        raise cannot_write(search.path, error) from None
    if begin and begin != MAGIC:
        msg = f"{name} is no store of a search, which is an sqlite file; {ANOTHER}"
        raise PassoError(msg)


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """What the disk, sqlite or Optuna refuse, in words."""
    try:
        with told(path):
            yield
    except OSError as error:
        raise cannot_write(path, error) from None
    except RuntimeError as error:
        if "optuna" not in str(error):
            raise
        msg = f"{str(path)!r} is of another version of Optuna: {error}; {ANOTHER}"
        raise PassoError(msg) from None


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What sqlite refuses, in words: the disk is full, say."""
    exc, name = need("sqlalchemy.exc", EXTRA, WHAT), repr(str(path))
    optuna = need("optuna", EXTRA, WHAT)
    try:
        yield
    except (sqlite3.Error, exc.DatabaseError, optuna.exceptions.StorageInternalError) as error:
        behind = error if hasattr(error, "orig") else error.__cause__ or error
        why = str(getattr(behind, "orig", None) or behind).splitlines()[0]
        msg = f"{name} cannot be used: {why}; wait until nobody else writes it, or {ANOTHER}"
        raise PassoError(msg) from None


def _there(search: Search, name: str) -> Any:
    """The study of a file that is there already."""
    # Not to be read alone: what a kill left of a commit is taken back by who may write.
    place = f"{search.path.as_uri()}?mode=rw"
    with closing(sqlite3.connect(place, timeout=PATIENCE, uri=True)) as file:
        tables = {row[0] for row in file.execute("select name from sqlite_master")}
        found = []
        if "studies" in tables:
            found = [row[0] for row in file.execute("select study_name from studies")]
    if TRIALS not in found:
        told = f"the studies {', '.join(map(repr, found))}" if found else "no study"
        msg = f"{name} is of something else: it holds {told}, and none of passo; {ANOTHER}"
        raise PassoError(msg)
    return search.study(is_known=False)


def _head(search: Search, source: Source) -> dict[str, Any]:
    code = "" if "<lambda>" in source.name else source.code  # of a lambda it is the whole call
    return {
        "version": VERSION,
        "train": source.name,
        "space": search.space.key,
        "run": repr(search.run),
        "metric": search.metric,
        "code": code,
    }


def _check_head(name: str, known: Any, head: Mapping[str, Any]) -> None:
    if not isinstance(known, Mapping):
        msg = f"{name} is of something else: it holds a study that is none of passo; {ANOTHER}"
        raise PassoError(msg)
    if known.get("version") != VERSION:
        msg = (
            f"{name} has version {brief(known.get('version'))} of the store, and this passo has "
            f"{VERSION}; go on with the passo that wrote it, or {ANOTHER}"
        )
        raise PassoError(msg)
    for key in ("train", "space", "run", "metric"):
        if known.get(key) != head[key]:
            msg = (
                f"{name} is of another search: there {key} is {brief(known.get(key))}, here "
                f"{brief(head[key])}; {ANOTHER}"
            )
            raise PassoError(msg)


def _warn_of_changes(name: str, known: Mapping[str, Any], source: Source, runs: int) -> None:
    then = known.get("code")
    if then and source.code and then != source.code:
        warnings.warn(
            f"{source.name} has changed since {runs} runs of {name} were made, and they are kept; "
            f"to make all of them again {ANOTHER}",
            PassoWarning,
            stacklevel=4,
        )
