"""Company: the engines of several optimizers under one plan, and whether they keep pace."""

from __future__ import annotations

import math
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from torch.amp import GradScaler

from passo.optim.scheduler.promises import Promises, Word
from passo.optim.scheduler.settings import end_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_SHARE: Final = 0.01  # of the run: so far may clocks part
_BEGINS: Final = 20  # updates that a GradScaler skips until its scale fits
_ENDLESS: Final = 100_000.0  # updates, where neither run nor plan has an end


class Company:
    """Engines that work under one plan; each is owned by its own optimizer, and held weakly.

    One update of the run moves every clock once, one after the other: to differ by one is to be
    in the midst of an update. Nobody looks at each update: a clock that is `n` updates away from
    what is allowed cannot be there before `n` more.
    """

    def __init__(self, engines: Iterable[Any], promises: Promises) -> None:
        self._engines = [weakref.ref(each) for each in engines]
        self._promises = promises
        self._skips = 0.0  # updates by which a GradScaler may have parted them
        self.begin()

    def begin(self) -> None:
        """Look again, from where the clocks stand now."""
        for each in self.engines:
            each.clock.wake(each.clock.updates + self._patience(each))

    @property
    def engines(self) -> list[Any]:
        """Those that are still there."""
        return [each for ref in self._engines if (each := ref()) is not None]

    @property
    def lead(self) -> Any:
        """The most advanced; of equals the first."""
        return max(self.engines, key=lambda each: each.clock.updates)

    def is_the_last(self, engine: Any) -> bool:
        """Whether all others have ended."""
        others = [each.ending for each in self.engines if each is not engine]
        return not any(each is not None and each.alive for each in others)

    def look(self, engine: Any) -> None:
        """At a step of this one's optimizer: say, once, that the clocks part."""
        if not self._promises.keeps("apart"):
            engine.clock.wake(float("inf"))
            return
        self._skips = max(self._skips, _skipped(engine))
        engine.clock.wake(engine.clock.updates + self._patience(engine))
        word = self.apart()
        if word is not None:
            engine.clock.wake(float("inf"))
            self._promises.say("apart", word)

    def apart(self) -> Word | None:
        """That the clocks part, and by how much; updates that a GradScaler skipped apart."""
        paced = [each for each in self.engines if _can_move(each)]
        if not paced:
            return None
        ahead, behind = max(paced, key=_pace), min(paced, key=_pace)
        if _pace(ahead) - _pace(behind) <= self._allowed(ahead) + self._skips:
            return None
        one, other = (each.settings.part for each in (ahead, behind))
        lag = ahead.clock.updates - behind.clock.updates
        return Word(
            "P003",
            f"the clocks of optimizers under one plan part: {one!r} has made {ahead.clock.made:,} "
            f"updates and {other!r} {behind.clock.made:,}",
            f"{other!r} is where the plan was {lag:,} updates ago, and ends the run there",
            f"the step() of {other!r} beside that of {one!r}; where the paces differ on purpose, "
            "as in a GAN, use two attaches, each with a plan and a run of its own",
            meant=True,
        )

    def _patience(self, engine: Any) -> int:
        """After how many updates of this one it is worth another look."""
        lead = _pace(engine) - min(map(_pace, self.engines))
        return max(math.floor(self._allowed(engine) - lead) + 1, len(self._engines))

    def _allowed(self, engine: Any) -> float:
        return _SHARE * _length(engine) + 1


def _pace(engine: Any) -> int:
    """The updates made here, and those that a fused optimizer was told to skip."""
    skips: int = 0 if engine.watch is None else engine.watch.skips
    made: int = engine.clock.made
    return made + skips


def _length(engine: Any) -> float:
    """How many updates the run has, or else the plan."""
    clock, settings = engine.clock, engine.settings
    end: float | None = end_of(settings.run)
    if end is None:
        lengths = [track.source.length() for track in engine.driver.tracks]
        return max([float(each.amount) for each in lengths if each], default=_ENDLESS)
    if settings.axis == "step":
        return float(end)
    # Where nobody said how much an update consumes: as much as those before.
    each = float(settings.run.at(1) if settings.fixed else clock.at / max(clock.updates, 1))
    return end / each if each else _ENDLESS


def _can_move(engine: Any) -> bool:
    """Whether an update of its groups is possible: what is frozen has none."""
    groups = engine.driver.known
    held = [each for group in groups for each in group.get("params", ())]
    return not held or any(each.requires_grad for each in held)


def _skipped(engine: Any) -> float:
    """How many updates the GradScaler may have skipped under which this step is made; else 0.

    Such a scaler does not call the step of an ordinary optimizer, so that nobody sees it. It
    halves its scale with each, until it fits, and tries a larger one from time to time.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        scaler = frame.f_locals.get("self") if frame.f_code.co_name == "step" else None
        if isinstance(scaler, GradScaler):
            return _BEGINS + 2.0 * float(engine.clock.made) / max(scaler._growth_interval, 1)
        frame = frame.f_back
    return 0.0
