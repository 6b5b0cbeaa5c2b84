"""Which of the processes that train together writes a log."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.integrations.log.writer import Adapter

Ranks = Literal["first", "each"]


class Elsewhere(Adapter):
    """Another process writes."""

    def __init__(self, rank: int, world: int) -> None:
        super().__init__(None)
        self.kind = f"nothing: of {world} ranks rank 0 writes, and this is rank {rank}"

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Write nothing."""


def others_write() -> Elsewhere | None:
    """What stands for the writer where this process is not the first of its group."""
    rank, world = _place()
    return Elsewhere(rank, world) if rank else None


def refuse_late() -> None:
    """Raises PassoError where the group was made after the log, and another rank writes."""
    rank, world = _place()
    if rank:
        msg = (
            f"passo.log was called before the {world} processes knew of each other, so that rank "
            f"{rank} would write what rank 0 writes; call it after init_process_group, or write "
            'passo.log(scheduler, writer, ranks="each") for a log of each rank'
        )
        raise PassoError(msg)


def refuse_one_file(writer: Any) -> None:
    """Raises PassoError where a file of this name may be that of another rank."""
    rank, world = _place()
    if world == 1 or not isinstance(writer, (str, os.PathLike)):
        return
    path = Path(os.fsdecode(writer))
    if str(rank) not in re.findall(r"\d+", path.name):
        own = str(path.with_name(f"{path.stem}-{rank}{path.suffix}"))
        msg = (
            f"with ranks='each' each of {world} ranks writes a file of its own, and the name of "
            f"{brief(str(path))} does not say that it is of rank {rank}; write {own!r} there"
        )
        raise PassoError(msg)


def _place() -> tuple[int, int]:
    """Rank and number of the processes; who has loaded no torch trains alone."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()
