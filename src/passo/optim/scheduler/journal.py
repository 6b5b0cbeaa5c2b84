"""The trace that a Scheduler writes: begun, gone on with after a resume, wound back."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passo.ground.checks import brief
from passo.ground.files import cannot_write, followed, refuse_unwritable, replacing
from passo.optim.scheduler.plan import code
from passo.schedules import PassoError
from passo.trace import Trace, TraceWriter
from passo.trace.format import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from passo.optim.scheduler.clock import Clock
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driver import Driver, Groups
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Run


class Journal:
    """Writes what a Scheduler's updates used into a file.

    A file that holds a trace of the same fields already waits: loading a state, or seeking, goes on
    with it at that clock, and what it holds of later updates is superseded. An update that would
    begin it anew is refused before it is made. Any other file is refused at once (`PassoError`).
    """

    __slots__ = (
        "_before",
        "_clock",
        "_driver",
        "_followed",
        "_path",
        "_settings",
        "_writer",
        "waits",
    )

    _writer: TraceWriter

    def __init__(
        self,
        path: str | os.PathLike[str],
        plan: Mapping[str, Any],
        groups: Groups,
        *,
        driver: Driver,
        clock: Clock,
        settings: Settings,
        kinds: Mapping[str, str],
    ) -> None:
        self._path = _file(path)
        self._driver, self._clock, self._settings = driver, clock, settings
        self._followed: Any = None
        self.waits = self._path.exists()
        self._before: Callable[[], None] | None = None
        if self.waits:
            self._refuse_others(groups)
            refuse_unwritable(self._path)
            self._before = self.keep()
        else:
            self._writer = self._new(
                _columns(driver),
                groups=_names(groups),
                plan={key: code(entry) for key, entry in plan.items()},
                run=run_code(settings.run),
                meta={"follows": follows(driver), "optimizers": dict(kinds)},
            )

    def _new(self, columns: Any, **header: Any) -> TraceWriter:
        try:
            return TraceWriter(self._path, columns, **header)
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def update(self, late: int | None = None, used: Sequence[float | None] = ()) -> None:
        """What the update used that was just made, and beforehand what it follows.

        Of a `late` one it is told which it was, and what it used.
        """
        driver = self._driver
        if driver.shared is not self._followed and self._settings.axis == "step":
            for each, formula, begin in driver.formulas():
                self._writer.follow(each.column, formula, begin)
            self._followed = driver.shared
        if late is None:
            self._writer.update(self._clock.updates, driver.used())
        else:
            self._writer.update(late, used)

    def refuse_anew(self) -> None:
        """Raises `PassoError` where the next update would begin a trace that is there already."""
        if self.waits:
            updates = Trace.load(self._path).updates
            raise PassoError(
                f"{str(self._path)!r} holds {updates:,} updates of an earlier run, and this one "
                f"begins anew; load its state first (scheduler.load_state_dict) to go on with the "
                f"trace, or write record= with another file"
            )

    def report(self, told: Mapping[str, float], falls: Sequence[Any]) -> None:
        """What was reported, and the `Fall`s that it brought."""
        self.refuse_anew()
        self._writer.report(self._clock.updates, told)
        for each in falls:
            detail = {key: value for key, value in asdict(each).items() if key != "clock"}
            self._writer.event(each.clock, "fall", detail)

    def wind(self, groups: Groups, clock: int) -> None:
        """Goes to `clock`, which is about to be moved there; raises with the file as it was."""
        if not self.waits:
            self._writer.rewind(clock)
        elif clock:
            self._writer = TraceWriter.resume(
                self._path, clock, columns=_columns(self._driver), groups=_names(groups)
            )
            self.waits = False

    def joined(self, groups: Groups, places: Sequence[int]) -> None:
        """Groups joined, at these places."""
        if not self.waits and places:
            names = _names(groups)
            for place in places:
                self._writer.add_group(names[place], self._driver.keys(place))
            self.tell("group")

    def flush(self) -> None:
        """All that was told is in the file."""
        if not self.waits:
            self._writer.flush()

    def close(self) -> None:
        """The trace is complete."""
        if not self.waits:
            self._writer.close()

    def stand(self) -> None:
        """What it began with is not needed any more: attach has done all."""
        self._before = None

    def discard(self) -> None:
        """Take back what was begun: a file that was made here is gone, another one is as it was."""
        if self._before is not None:
            self._before()
        elif not self.waits:
            self._writer.discard()

    def keep(self) -> Callable[[], None]:
        """A function that makes the file, and this, what they are now."""
        if not self.waits:
            return self._writer.keep()
        held = self._path.read_bytes()

        def wait_again() -> None:
            if hasattr(self, "_writer"):
                self._writer.discard()
                del self._writer
            self.waits = True
            if not self._path.exists() or self._path.read_bytes() != held:
                with replacing(self._path) as file:
                    file.write(held)

        return wait_again

    def tell(self, by: str, **more: Any) -> None:
        """What is followed from this update on; `by` a "seek", "load", "group" or "cool_down"."""
        if self.waits:
            return
        writer = self._writer
        found = follows(self._driver, dict(enumerate(writer.columns)))
        clock = max(self._clock.updates, writer.clock)  # a trace that is still to be wound back
        detail = {"by": by, "run": run_code(self._settings.run), "follows": found, **more}
        if self._settings.cooldown is not None:
            detail["until"] = self._settings.cooldown.until
        writer.event(clock, "plan", detail)

    def cools(self, event: CoolDown) -> None:
        """A cooldown was called for."""
        self.refuse_anew()
        self._writer.event(event.clock, "cool_down", {**event.to_spec(), "until": event.until})
        self.tell("cool_down")

    def _refuse_others(self, groups: Groups) -> None:
        """Raises `PassoError` where the file is no trace whose columns are written here."""
        columns, names = _columns(self._driver), _names(groups)
        try:
            trace = Trace.load(self._path)
        except PassoError as error:
            # What a reader would write is not what this run has to write.
            what = f"no trace ({str(error).partition('; write ')[0]})"
        except OSError as error:
            what = f"not to be read ({error.strerror})"
        else:
            known = [(each.group, each.key) for each in trace.columns]
            if known[: len(columns)] == columns and list(trace.groups[: len(names)]) == names:
                return
            what = f"a trace of {_told(known, trace.groups)}, not of {_told(columns, names)}"
        msg = f"{str(self._path)!r} is there already and is {what}; write record= with another file"
        raise PassoError(msg)


def follows(
    driver: Driver,
    columns: Mapping[int, tuple[int | None, str]] | None = None,
    ahead: int = 0,
) -> list[dict[str, Any]]:
    """Each schedule once, from when it runs, and the base of each column that follows it.

    `columns` are those of the trace by the number of what is driven; without them a column is
    called by its present place. `ahead` is by how much the driver's clock is before the trace's.

    >>> import torch
    >>> from passo import Linear, attach, base, steps
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    >>> follows(attach(optimizer, Linear(1, 0, steps(9)) * base).driver)
    [{'schedule': 'Linear(1, 0, steps(9)) * base', 'begin': 0.0, 'bases': {'0.lr': 0.5}}]
    """
    found: dict[int, dict[str, Any]] = {}
    for each in driver.driven:
        column = (each.place, each.key) if columns is None else columns.get(each.column)
        if column is not None:
            track = each.track
            begin = float(track.begin) - ahead
            fresh = {"schedule": repr(track.follows), "begin": begin, "bases": {}}
            found.setdefault(id(track), fresh)["bases"][name_of(*column)] = each.base
    return list(found.values())


def _file(path: Any) -> Path:
    """The path of a file that can be written; raises `PassoError` with what to write."""
    if not isinstance(path, (str, os.PathLike)):
        msg = f"record needs the path of a file, got {brief(path)}; write record='run.jsonl'"
        raise PassoError(msg)
    found = followed(path)
    if found.is_dir():
        inside = str(found / "run.jsonl")
        msg = f"record needs a file, and {str(found)!r} is a folder; write {inside!r}"
        raise PassoError(msg)
    if not found.parent.is_dir():
        raise cannot_write(found)
    return found


def _told(columns: Sequence[tuple[int | None, str]], groups: Sequence[str]) -> str:
    """The fields and the groups' names, in short."""
    fields = ", ".join(name_of(*each) for each in columns)
    return brief(f"{fields} of {', '.join(groups)}")


def _columns(driver: Driver) -> list[tuple[int | None, str]]:
    ordered = sorted(driver.driven, key=lambda each: each.column)
    return [(each.place, each.key) for each in ordered]


def _names(groups: Groups) -> list[str]:
    return [str(group.get("name", place)) for place, group in enumerate(groups)]


def run_code(run: Run | None) -> str | None:
    """The code of a run, if there is one."""
    return None if run is None else repr(run)
