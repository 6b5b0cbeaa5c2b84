"""`Finding`: one thing that the doctor says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from passo.ground.errors import PassoWarning


class DoctorWarning(PassoWarning):
    """A finding while the run goes on, or a rule that failed; its text begins with the code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen (numbers), why it matters (one line), what to write instead.

    `code` is stable, `where` the script's file and line, `update` the clock at which it shows.

    >>> found = Finding("P002", "50 updates, no advance", "the rate stays", "scheduler.step()")
    >>> print(found)
    P002  50 updates, no advance
    >>> list(found.as_json())
    ['code', 'seen', 'why', 'write', 'where']
    """

    code: str
    seen: str
    why: str
    write: str
    where: str = ""
    update: int | None = None

    def __str__(self) -> str:
        return f"{self.code}  {self.seen}"

    def as_json(self) -> dict[str, Any]:
        """The five texts by name, as `passo doctor --json` writes them."""
        return {key: value for key, value in asdict(self).items() if key != "update"}
