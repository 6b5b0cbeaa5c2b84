"""The trace that a Scheduler writes: begun, gone on with after a resume, wound back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passo.ground.checks import brief
from passo.optim.scheduler.follows import follows
from passo.optim.scheduler.plan import code
from passo.schedules import PassoError
from passo.trace import Trace, TraceWriter
from passo.trace.format import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passo.optim.scheduler.scheduler import Scheduler


class Journal:
    """Writes what a Scheduler's updates used into a file.

    A file that holds a trace of the same fields already waits: loading a state, or seeking, goes on
    with it at that clock, and what it holds of later updates is superseded. An update that would
    begin it anew is refused before it is made. Any other file is refused at once (`PassoError`).
    """

    __slots__ = ("_followed", "_path", "_writer", "waits")

    _writer: TraceWriter

    def __init__(self, scheduler: Scheduler, path: str | os.PathLike[str]) -> None:
        self._path = _file(path)
        self._followed: Any = None
        self.waits = self._path.exists()
        if self.waits:
            self._refuse_others(scheduler)
        else:
            self._writer = TraceWriter(
                self._path,
                _columns(scheduler),
                groups=_names(scheduler),
                plan={key: code(entry) for key, entry in scheduler.plan.items()},
                run=_run(scheduler),
                meta={"follows": follows(scheduler)},
            )

    def update(self, scheduler: Scheduler, groups: list[dict[str, Any]]) -> None:
        """What the update used that was just made, and beforehand what it follows."""
        driver = scheduler.driver
        if driver.shared is not self._followed and scheduler.settings.axis == "step":
            for each, formula, begin in driver.formulas():
                self._writer.follow(each.column, formula, begin)
            self._followed = driver.shared
        self._writer.update(scheduler.clock, driver.used(groups))

    def refuse_anew(self) -> None:
        """Raises `PassoError` where the next update would begin a trace that is there already."""
        if self.waits:
            updates = Trace.load(self._path).updates
            raise PassoError(
                f"{str(self._path)!r} holds {updates:,} updates of an earlier run, and this one "
                f"begins anew; load its state first (scheduler.load_state_dict) to go on with the "
                f"trace, or write record= with another file"
            )

    def report(self, clock: int, told: Mapping[str, float]) -> None:
        """What was reported."""
        self.refuse_anew()
        self._writer.report(clock, told)

    def moved(self, scheduler: Scheduler, by: str) -> None:
        """The clock was moved: by "seek" or by "load"."""
        if not self.waits:
            self._writer.rewind(scheduler.clock)
        elif scheduler.clock:
            self._writer = TraceWriter.resume(
                self._path, scheduler.clock, columns=_columns(scheduler), groups=_names(scheduler)
            )
            self.waits = False
        else:
            return
        self._tell(scheduler, by)

    def joined(self, scheduler: Scheduler, groups: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Groups joined, at these places."""
        if not self.waits and groups:
            for place, group in groups:
                self._writer.add_group(str(group.get("name", place)), scheduler.driver.keys(place))
            self._tell(scheduler, "group")

    def flush(self) -> None:
        """All that was told is in the file."""
        if not self.waits:
            self._writer.flush()

    def close(self) -> None:
        """The trace is complete."""
        if not self.waits:
            self._writer.close()

    def _tell(self, scheduler: Scheduler, by: str) -> None:
        """What is followed from this update on, and what changed it."""
        writer = self._writer
        found = follows(scheduler, dict(enumerate(writer.columns)))
        clock = max(scheduler.clock, writer.clock)  # a trace that is still to be wound back
        writer.event(clock, "plan", {"by": by, "run": _run(scheduler), "follows": found})

    def _refuse_others(self, scheduler: Scheduler) -> None:
        """Raises `PassoError` where the file is no trace whose columns this Scheduler writes."""
        columns, names = _columns(scheduler), _names(scheduler)
        try:
            trace = Trace.load(self._path)
        except PassoError as error:
            what = f"no trace ({error})"
        else:
            known = [(each.group, each.key) for each in trace.columns]
            if known[: len(columns)] == columns and list(trace.groups[: len(names)]) == names:
                return
            what = f"a trace of {_told(known, trace.groups)}, not of {_told(columns, names)}"
        msg = f"{str(self._path)!r} is there already and is {what}; write record= with another file"
        raise PassoError(msg)


def _file(path: Any) -> Path:
    """The path of a file that can be written; raises `PassoError` with what to write."""
    if not isinstance(path, (str, os.PathLike)):
        msg = f"record needs the path of a file, got {brief(path)}; write record='run.jsonl'"
        raise PassoError(msg)
    found = Path(path)
    if found.is_dir():
        inside = str(found / "run.jsonl")
        msg = f"record needs a file, and {str(found)!r} is a folder; write {inside!r}"
        raise PassoError(msg)
    if not found.parent.is_dir():
        msg = (
            f"cannot write {str(found)!r}: there is no folder {str(found.parent)!r}; make it first"
        )
        raise PassoError(msg)
    return found


def _told(columns: Sequence[tuple[int | None, str]], groups: Sequence[str]) -> str:
    """The fields and the groups' names, in short."""
    fields = ", ".join(name_of(*each) for each in columns)
    return brief(f"{fields} of {', '.join(groups)}")


def _columns(scheduler: Scheduler) -> list[tuple[int | None, str]]:
    return [(each.place, each.key) for each in scheduler.driver.driven]


def _names(scheduler: Scheduler) -> list[str]:
    groups = scheduler.optimizer.param_groups
    return [str(group.get("name", place)) for place, group in enumerate(groups)]


def _run(scheduler: Scheduler) -> str | None:
    return None if scheduler.run is None else repr(scheduler.run)
