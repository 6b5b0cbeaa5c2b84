"""The Record of each optimizer: which one is whose, and which one stands for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.optim.ground.wrappers import unwrapped
from passo.optim.recorder.record import Record

if TYPE_CHECKING:
    from pathlib import Path


class Records:
    """Every Record of the process, made when its optimizer is first heard of; `latest` updated.

    With `folder` each has a file there, whose name begins with `prefix`; each has its own `meta`.
    """

    def __init__(self, folder: Path | None, prefix: str, meta: dict[str, Any]) -> None:
        self.all: list[Record] = []
        self.latest: Record | None = None
        self.several = False
        self._folder, self._prefix, self._meta = folder, prefix, meta
        self._by_id: dict[int, Record] = {}

    def known(self, optimizer: Any) -> Record | None:
        """The record of this very optimizer, where it was heard of before."""
        found = self._by_id.get(id(optimizer))
        return found if found is not None and found.optimizer() is optimizer else None

    def of(self, optimizer: Any) -> Record | None:
        """The record of an optimizer, or of what is inside a wrapper; None for what is neither."""
        optimizer = unwrapped(optimizer)
        if optimizer is None or not getattr(optimizer, "param_groups", None):
            return None
        known = self.known(optimizer)
        if known is None:
            number = len(self.all)
            path = None if self._folder is None else self._folder / f"{self._prefix}{number}.jsonl"
            known = Record(optimizer, number, path, self._meta)
            self._by_id[id(optimizer)] = known
            known.twin_of(self.all)
            self.all.append(known)
            self.several = len(self.all) > 1
        return known.outer or known

    def elsewhere(self, record: Record) -> bool:
        """Whether another optimizer makes the updates of the same parameters."""
        latest = self.latest
        return latest is not None and latest is not record and latest.holds(record)
