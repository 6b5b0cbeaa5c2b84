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
    from collections.abc import Iterable, Mapping
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
        self._came: dict[str, int] = {}  # to which clocks the optimizers' own states brought some
        self._stood: dict[str, int] = {}  # the clocks when it was looked at last
        self.begin()

    def begin(self) -> None:
        """Look again, from where the clocks stand now."""
        engines = self.engines
        self._stood = {each.settings.part: each.clock.updates for each in engines}
        for each in engines:
            soon = 1 if self._came else self._patience(each)
            each.clock.wake(each.clock.updates + soon)

    def came(self, engine: Any) -> None:
        """The state of this one's optimizer brought it to where it stands; others may follow."""
        self._came[engine.settings.part] = engine.clock.updates
        if len(self._came) == len(self._engines):
            self._came.clear()
        else:
            self._promises.owe("older")
        self._end_together()
        self.begin()

    def moved(self) -> None:
        """All were moved together."""
        self._came.clear()
        self._end_together()
        self.begin()

    def _end_together(self) -> None:
        """A cooldown ends the run of those too that do not drive its key."""
        engines = self.engines
        own = {id(each): each.settings.cooldown for each in engines}
        theirs = {k: event for k, event in own.items() if event is not None}
        driven = {id(each): {one.key for one in each.driver.everything()} for each in engines}
        told = [event for k, event in theirs.items() if event.key in driven[k]]
        for each in engines:
            event = own[id(each)]
            is_own = event is not None and event.key in driven[id(each)]
            if not is_own and not (told and told[0].key in driven[id(each)]):
                each.settings.cooldown = told[0] if told else None
                each.clock.measure()

    @property
    def engines(self) -> list[Any]:
        """Those that are still there."""
        return [each for ref in self._engines if (each := ref()) is not None]

    def settle(self) -> None:
        """What was counted beforehand is told of: it may stand in a row that is about to end."""
        for each in self.engines:
            each.settle()

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
        came, self._came = self._came, {}
        word = self._left_behind(came) if self._promises.keeps("older") else None
        if word is not None:
            self._promises.say("older", word)
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
        lag = min(_pace(ahead) - _pace(behind), ahead.clock.made - behind.clock.made)
        if lag <= self._allowed(ahead) + self._skips:
            return None
        one, other = (each.settings.part for each in (ahead, behind))
        lag = ahead.clock.updates - behind.clock.updates
        return Word(
            "P003",
            f"the clocks of optimizers under one plan part: {one!r} has made {ahead.clock.made:,} "
            f"updates and {other!r} {behind.clock.made:,}",
            f"{other!r} is where the plan was {lag:,} updates ago, and ends the run there",
            f"the step() of {other!r} beside that of {one!r}; where the paces differ on purpose, "
            f"as in a GAN, {ahead.settings.caller.apart}",
            meant=True,
        )

    def _left_behind(self, came: Mapping[str, int]) -> Word | None:
        """That the states of some optimizers brought their clocks, and those of others did not.

        One whose state was not to be used is told of by itself, at its own step.
        """
        for each in self.engines if came else ():
            part = each.settings.part
            stood = self._stood[part]
            ahead = max(came, key=lambda name: abs(came[name] - stood))
            apart = abs(came[ahead] - stood)
            if part in came or each.passed_over is not None or not _can_move(each):
                continue
            if apart > self._allowed(each):
                return _without_a_state(
                    ahead, came[ahead], part, stood, each.settings.caller.scheduler
                )
        return None

    def _patience(self, engine: Any) -> int:
        """After how many updates of this one it is worth another look."""
        lead = _pace(engine) - min(map(_pace, self.engines))
        return max(math.floor(self._allowed(engine) - lead) + 1, len(self._engines))

    def _allowed(self, engine: Any) -> float:
        return _SHARE * _length(engine) + 1


def _without_a_state(one: str, update: int, other: str, stands: int, scheduler: str) -> Word:
    """The state of one of several optimizers brought its Scheduler's, and none came for another."""
    return Word(
        "P014",
        f"the state of {one!r} carries its Scheduler at update {update:,}, and none came for "
        f"{other!r}, which stands at {stands:,}",
        f"under one plan they are {abs(update - stands):,} updates apart",
        f"the load_state_dict() of {other!r} before the first update, or call "
        f"{scheduler}.seek({update}) to go on with all, or {scheduler}.seek({stands}) to begin "
        "there on purpose",
    )


def _pace(engine: Any) -> int:
    """The updates made here, and those that a fused optimizer was told to skip."""
    made: int = engine.clock.made  # first: it settles a step that may have been skipped
    skips: int = 0 if engine.watch is None else engine.watch.skips
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
