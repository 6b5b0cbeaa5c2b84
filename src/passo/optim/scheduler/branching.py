"""A branch off a checkpoint: the trunk's plan with a cooldown, on the trunk's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.optim.scheduler.journal import run_code
from passo.schedules import PassoError
from passo.schedules.algebra import Cooldown
from passo.trace.format import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.state import Saved
    from passo.optim.scheduler.tracks import Track
    from passo.schedules import Run


def is_branch(today: Track, saved: Track) -> bool:
    """Whether today's schedule is the saved one, ended by a cooldown."""
    placed = today.trunk
    return isinstance(placed, Cooldown) and today.unit == saved.unit and placed.part == saved.trunk


def goes_on(today: Track, saved: Track) -> bool:
    """Whether the times of the saved one are today's: when a plateau fell stays true."""
    return today.unit == saved.unit and (today.trunk == saved.trunk or is_branch(today, saved))


def refuse(
    policy: str,
    cooldown: CoolDown | None,
    at: float,
    clock: int,
    differ: Iterable[tuple[str, Track, Track]],
) -> None:
    """Raises PassoError where today's plan would not be what was trained by until the checkpoint.

    `differ` are the fields that are not as they were saved, with what they follow today and then.
    """
    if policy == "rescale" and cooldown is not None:
        msg = (
            f"{cooldown.key!r} cools down since update {cooldown.clock:,}, and there is no share "
            'of a run that was ended on demand; write on_change="replace" or "keep"'
        )
        raise PassoError(msg)
    if policy not in {"replace", "rescale"}:
        return
    for name, today, saved in differ:
        if not is_branch(today, saved) or not isinstance(today.trunk, Cooldown):
            continue
        begin = float(today.trunk.at.amount) + saved.begin  # from there it goes on
        if saved.cooling is not None:
            msg = (
                f"{name} cools down since update {saved.cooling.clock:,} in the checkpoint, and "
                f"the plan has a cooldown of its own; load a checkpoint from before it to branch, "
                "or attach the trunk to go on"
            )
            raise PassoError(msg)
        if begin < at:
            msg = (
                f"the cooldown of {name} begins at {begin:,.12g}, and the checkpoint stands at "
                f"{at:,.12g}, after {clock:,} updates of its trunk; load a checkpoint from before, "
                f"or write .cooldown(at={today.unit}({at:.12g}), ...)"
            )
            raise PassoError(msg)


def parent(saved: Saved, run: Run | None) -> dict[str, Any]:
    """The plan that led here, as a trace tells it: its run, and what each column followed."""
    found: dict[int, dict[str, Any]] = {}
    for key, of in saved.fields.items():
        for place, (track, base) in of.items():
            fresh = {"schedule": repr(track.follows), "begin": float(track.begin), "bases": {}}
            found.setdefault(id(track), fresh)["bases"][name_of(place, key)] = base
    return {"clock": saved.clock, "run": run_code(run), "follows": list(found.values())}
