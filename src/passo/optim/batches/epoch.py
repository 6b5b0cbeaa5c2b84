"""One epoch under way: what was dealt of it, and which of that updates have used."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.schedules import PassoError

if TYPE_CHECKING:
    import weakref
    from collections.abc import Iterator

    from passo.schedules import Schedule


class Dealt(NamedTuple):
    """So many batches, of so many samples, which move the clock so far."""

    batches: int = 0
    samples: int = 0
    moved: float = 0.0


@dataclass(slots=True, eq=False)
class Epoch:
    """The batches that one iterator deals, in windows of one update each.

    Window w is that of update `clock + w`, which stands at `position` and what the windows before
    it move the clock; the last that was begun has room for `room` batches more. `told` is the
    number that the sampler itself was told, `before` are the samples that were used before a
    resume, `order` is what brings the order of `samples` back.
    """

    number: int
    told: int | None
    clock: int
    position: float
    weight: float
    before: int
    order: dict[str, Any]
    samples: Iterator[int]
    dealt: Dealt = field(default_factory=Dealt)
    exhausted: bool = False
    iterator: weakref.ref[Any] | None = None
    length: tuple[Schedule, int, int] | None = None
    begun: tuple[int, float] = (0, 0.0)
    windows: int = 0
    size: int = 1
    room: int = 0
    _used: Dealt = field(default_factory=Dealt)
    _ahead: deque[tuple[int, Dealt]] = field(default_factory=deque)  # window, dealt with this batch

    def __post_init__(self) -> None:
        self.begun = (self.clock, self.position)

    @property
    def is_alive(self) -> bool:
        """Whether somebody still holds the iterator."""
        return self.iterator is not None and self.iterator() is not None

    def finish(self) -> None:
        """Nothing more is dealt: the sampler comes to its end, where torch's draws once more."""
        deque(self.samples, maxlen=0)
        self.exhausted = True

    def place(self, clock: int, position: float) -> tuple[int, float]:
        """The update of the next window, and where it stands.

        Updates may have overtaken what was dealt (two on one batch, a seek): then they count.
        """
        if clock > self.clock + self.windows:
            self.clock, self.position = clock - self.windows, position - self.dealt.moved
        self._settle(clock)
        return self.clock + self.windows, self.position + self.dealt.moved

    def open(self, size: int, batches: int) -> None:
        """A window begins: so many batches of this size."""
        self.size, self.room = size, batches
        self.windows += 1

    def deal(self, samples: int) -> None:
        """One batch more of the window."""
        batches, before, moved = self.dealt
        self.dealt = Dealt(batches + 1, before + samples, moved + samples * self.weight)
        self.room -= 1
        self._ahead.append((self.windows - 1, self.dealt))

    def _settle(self, clock: int) -> None:
        """Forget the batches of windows whose updates were made."""
        while self._ahead and self._ahead[0][0] < clock - self.clock:
            self._used = self._ahead.popleft()[1]

    def used(self, clock: int, position: float) -> Dealt:
        """What the updates made so far have used.

        Where samples or tokens are counted, the position tells it although a scaler skipped an
        update; else the number of updates does.
        """
        self._settle(clock)
        used, at = self._used, position - self.position
        later = (each for _, each in self._ahead if each.moved == at and each.moved > used.moved)
        return next(later, used)

    def after(self, batches: int) -> Dealt:
        """What so many batches were; raises PassoError for a number that cannot be."""
        for each in (self._used, *(ahead for _, ahead in self._ahead)):
            if each.batches == batches:
                return each
        msg = (
            f"batches must be from {self._used.batches:,}, which updates have used of this epoch, "
            f"to {self.dealt.batches:,}, which were dealt, got {batches:,}"
        )
        raise PassoError(msg)
