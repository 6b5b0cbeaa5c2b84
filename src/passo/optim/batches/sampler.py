"""`RampedBatchSampler`: batches of the size that the plan has for the update that uses them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler

from passo.ground.calls import called_like
from passo.ground.checks import brief, can_be_listed, truth, whole
from passo.ground.here import place
from passo.ground.schema import anything, count, mapping, maybe, record
from passo.optim.batches import order
from passo.optim.batches.epoch import Epoch
from passo.optim.batches.ramp import Ramp
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.optim.scheduler.scheduler import Scheduler

_MANY: Final = 20  # batches of an epoch that say how many make an update
_TENTH: Final = 0.1  # of what was dealt: padding and a ragged end stay below


class RampedBatchSampler(Sampler[list[int]]):
    """Batches of a size that is scheduled: `DataLoader(data, batch_sampler=batches)`.

    Batch k of an epoch has s(t) samples, where s is the Scheduler's value of that name and t the
    update that will use the batch, `accumulate` batches to an update: workers may fetch as far
    ahead as they like. The size is that of one batch in one process, as DataLoader has it.

    `sampler` is any sampler of indices (RandomSampler, DistributedSampler); `drop_last` drops a
    last batch that is not full. Where the run is measured in samples, say
    `scheduler.count(samples=len(batch))` for each batch; where in tokens, give `tokens_per_sample`
    (a mean will do) and count tokens: the rate is then the same for any ramp.

    `state_dict()` holds what updates have used, whatever was fetched ahead; loaded beside the
    Scheduler's state it deals exactly the rest of the epoch. After an epoch's last update it is the
    state of the next one. `epoch` says which that is.

    Raises PassoError for a value that is no whole number of samples, at least 1, somewhere.

    >>> import torch
    >>> from passo import Table, attach, base, steps
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> sizes = Table([(steps(0), 1), (steps(2), 3)], kind="step")
    >>> scheduler = attach(optimizer, base, values={"batch_size": sizes})
    >>> batches = RampedBatchSampler(range(8), scheduler)
    >>> len(batches), list(batches)
    (4, [[0], [1], [2, 3, 4], [5, 6, 7]])
    """

    @called_like("RampedBatchSampler(sampler, scheduler)")
    def __init__(
        self,
        sampler: Iterable[int],
        scheduler: Scheduler,
        value: str = "batch_size",
        *,
        accumulate: int = 1,
        drop_last: bool = False,
        tokens_per_sample: float | None = None,
    ) -> None:
        _refuse_no_sampler(sampler)
        whole(accumulate, "accumulate")
        truth(drop_last, "drop_last")
        self.sampler, self.scheduler, self.value = sampler, scheduler, value
        self.accumulate, self.drop_last = accumulate, drop_last
        self._ramp = Ramp(
            scheduler, value, accumulate=accumulate, drop_last=drop_last, tokens=tokens_per_sample
        )
        self._current: Epoch | None = None
        self._resume: dict[str, Any] | None = None
        self._next = 0
        self._seen = self._sampler_epoch
        self._said: set[str] = set()

    # -- epochs

    @property
    def epoch(self) -> int:
        """Which epoch is under way, or comes next, from 0: begin a loop over epochs here."""
        current = self._current
        if current is not None and not self._is_over(current):
            return current.number
        return self._coming()

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is that of this epoch; the sampler is told where it wants to know."""
        self._next = whole(epoch, "epoch", least=0)
        if self._sampler_epoch is not None:
            self.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
            self._seen = epoch

    @property
    def _sampler_epoch(self) -> int | None:
        """The sampler's own number of the epoch, where it shuffles by that."""
        number = getattr(self.sampler, "epoch", None)
        return number if isinstance(number, int) and hasattr(self.sampler, "set_epoch") else None

    def _coming(self) -> int:
        """The number of the epoch that begins next; the sampler itself may have been told it."""
        told = self._sampler_epoch
        return self._next if told is None or told == self._seen else told

    # -- dealing

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of one epoch, or of the rest of the one whose state was loaded."""
        holder: list[weakref.ref[Any]] = []
        dealing = self._deal(holder)
        holder.append(weakref.ref(dealing))
        return dealing

    def _deal(self, holder: list[weakref.ref[Any]]) -> Iterator[list[int]]:
        epoch = self._begin()
        epoch.iterator = holder[0]
        ramp, scheduler = self._ramp, self.scheduler
        while True:
            if not epoch.room:
                at = epoch.place(scheduler.clock, self._position)
                size = ramp.size(ramp.formula, *at)
            batch = list(islice(epoch.samples, size))
            if not batch or (self.drop_last and len(batch) < size):
                break
            if not epoch.room:
                epoch.open(size, self.accumulate)
            epoch.deal(len(batch))
            yield batch
        epoch.finish()

    def _begin(self) -> Epoch:
        """A new epoch, or the rest of one, where the clock stands now."""
        if self._current is not None and (self._is_over(self._current) or self._current.exhausted):
            self._look_back(self._current)
        number, saved, scheduler = self._coming(), self._resume, self.scheduler
        weight = self._ramp.weight(self.sampler)
        if saved is not None:
            self._refuse_other_place(saved, number)
        if saved is None or saved["samples"] is None:
            samples, drawn = order.begin(self.sampler)
            before = 0
        else:
            drawn, before = saved["order"], saved["samples"]
            samples = order.again(self.sampler, drawn, before)
        self._resume = None
        told = self._sampler_epoch
        epoch = Epoch(number, told, scheduler.clock, self._position, weight, before, drawn, samples)
        self._current, self._next, self._seen = epoch, number + 1, told
        return epoch

    def _refuse_other_place(self, saved: Mapping[str, Any], number: int) -> None:
        """The state that was loaded goes on where it was made, or nowhere."""
        clock = self.scheduler.clock
        if clock != saved["clock"] and self.scheduler.settings.on_change != "rescale":
            msg = (
                f"the state that was loaded was made at update {saved['clock']:,}, and the "
                f"scheduler stands at {clock:,}; load the scheduler's state of that moment too, or "
                f"write scheduler.seek({saved['clock']})"
            )
            raise PassoError(msg)
        if saved["samples"] is not None and number != saved["epoch"]:
            msg = (
                f"the state that was loaded is of epoch {saved['epoch']}, of which "
                f"{saved['samples']:,} samples were used, and set_epoch said {number}; begin the "
                f"loop over epochs at batches.epoch, or write batches.set_epoch({saved['epoch']})"
            )
            raise PassoError(msg)

    @property
    def _position(self) -> float:
        return 0.0 if self._ramp.in_steps else self.scheduler.position

    def _look_back(self, epoch: Epoch) -> None:
        """Say where an epoch that is over shows that the loop goes another way; each once."""
        scheduler = self.scheduler
        made, batches = scheduler.clock - epoch.begun[0], epoch.dealt.batches
        if batches >= _MANY and 0 < 2 * made <= epoch.windows:
            self._say(
                "accumulate",
                f"the last epoch made {made:,} updates of {batches:,} batches, and "
                f"accumulate={self.accumulate}: sizes run ahead of the plan; write "
                f"accumulate={round(batches / made)}",
            )
        moved, dealt = self._position - epoch.begun[1], epoch.dealt.moved
        off = abs(moved - dealt)
        window = epoch.size * self.accumulate * epoch.weight
        if made == epoch.windows and off > max(_TENTH * dealt, window):
            unit = f"{scheduler.settings.axis}s"
            each = f"{epoch.weight:,.10g} * " if epoch.weight != 1 else ""
            self._say(
                "count",
                f"the clock moved by {moved:,.10g} {unit} in the last epoch, of which "
                f"{dealt:,.10g} were dealt; write scheduler.count({unit}={each}len(batch)) for "
                "each batch",
            )

    def _say(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            place().warn(text)

    # -- length

    def __len__(self) -> int:
        """How many batches this epoch has, or the next one where none is under way.

        Exact, for the schedule as it is known now.
        """
        current, saved, scheduler = self._current, self._resume, self.scheduler
        if current is not None and current.is_alive and not self._is_over(current):
            return self._length(current)
        used = 0 if saved is None else saved["samples"] or 0
        weight = self._ramp.weight(self.sampler)
        left = len(self.sampler) - used  # type: ignore[arg-type]
        return self._ramp.batches(left, scheduler.clock, self._position, weight, 0, 1)

    def _length(self, epoch: Epoch) -> int:
        """How many batches this epoch has in all; asked for at every batch by some loops."""
        if epoch.exhausted:
            return epoch.dealt.batches
        formula, known = self._ramp.formula, epoch.length
        if known is None or known[0] is not formula or known[1] != epoch.clock:
            left = len(self.sampler) - epoch.before - epoch.dealt.samples  # type: ignore[arg-type]
            clock = epoch.clock + epoch.windows - bool(epoch.room)
            at = epoch.position + epoch.dealt.moved
            more = self._ramp.batches(left, clock, at, epoch.weight, epoch.room, epoch.size)
            epoch.length = known = (formula, epoch.clock, epoch.dealt.batches + more)
        return known[2]

    def _is_over(self, epoch: Epoch) -> bool:
        """Whether updates have used all that it deals."""
        if epoch.used(self.scheduler.clock, self._position).batches < epoch.dealt.batches:
            return False
        is_all = self._size is not None and self._length(epoch) == epoch.dealt.batches
        if is_all and not epoch.exhausted:
            epoch.finish()
        return epoch.exhausted

    # -- state

    def state_dict(self, batches: int | None = None) -> dict[str, Any]:
        """What updates have used of which epoch, and what brings its order back: plain JSON.

        `batches` says how many batches of this epoch (since the resume, if there was one) are done
        with, where that is not `accumulate` for each update: a scaler skipped some.
        """
        if batches is not None:
            whole(batches, "batches", least=0)
        if self._resume is not None:
            return {**self._resume, "order": dict(self._resume["order"])}
        clock, epoch = self.scheduler.clock, self._current
        state = {"version": 1, "epoch": self.epoch, "clock": clock, "of": self._size}
        if epoch is None or (batches is None and self._is_over(epoch)):
            drawn = order.standing(self.sampler)
            return {**state, "samples": None, "told": self._sampler_epoch, "order": drawn}
        if batches is None and clock < epoch.clock:
            msg = (
                f"the clock stands at {clock:,}, before this epoch, which began at "
                f"{epoch.clock:,}; load the state that the sampler had there, or write "
                "batches.state_dict(batches=0)"
            )
            raise PassoError(msg)
        used = epoch.used(clock, self._position) if batches is None else epoch.after(batches)
        state["samples"] = epoch.before + used.samples
        return {**state, "told": epoch.told, "order": dict(epoch.order)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on in that epoch, with the samples that it has left; nothing is changed if it cannot.

        The Scheduler's state of the same moment is loaded too, before or after. Raises PassoError
        for a state that is none, and for one of another sampler.
        """
        state = _STATE(state_dict, "state")
        told, is_begun = state["told"], state["samples"] is not None
        if is_begun and state["of"] != self._size:
            msg = (
                f"the state is in an epoch of {_samples(state['of'])}, and the sampler has "
                f"{_samples(self._size)}: which are left cannot be told; give it the data and the "
                "number of processes that it had, or begin the epoch anew without this state"
            )
            raise PassoError(msg)
        if told is not None and self._sampler_epoch is None:
            msg = (
                "the state is of a sampler with set_epoch, and this one has none; build it as it "
                "was, such as DistributedSampler(data)"
            )
            raise PassoError(msg)
        if is_begun:
            order.check(self.sampler, state["order"])
        else:
            order.restore(self.sampler, state["order"])
        if told is not None:
            self.sampler.set_epoch(told)  # type: ignore[attr-defined]
        self._resume, self._current = state, None
        self._next, self._seen = state["epoch"], self._sampler_epoch

    @property
    def _size(self) -> int | None:
        """How many samples an epoch has, where the sampler says it."""
        return len(self.sampler) if hasattr(self.sampler, "__len__") else None  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return (
            f"RampedBatchSampler({brief(self.sampler)}, {self.value!r} of "
            f"{self._ramp.formula!r}, accumulate={self.accumulate}, drop_last={self.drop_last})"
        )


_STATE: Final = record(
    {
        "version": count(1, 1),
        "epoch": count(),
        "clock": count(),
        "of": maybe(count()),
        "samples": maybe(count()),
        "told": maybe(count()),
        "order": mapping(anything),
    }
)


def _samples(number: int | None) -> str:
    return "an unknown number of samples" if number is None else f"{number:,} samples"


def _refuse_no_sampler(sampler: Any) -> None:
    if isinstance(sampler, (DataLoader, BatchSampler, RampedBatchSampler)):
        msg = (
            f"RampedBatchSampler needs a sampler of single samples, got {type(sampler).__name__}, "
            "which has batches already; write RampedBatchSampler(RandomSampler(data), scheduler)"
        )
        raise PassoError(msg)
    is_once = isinstance(sampler, Iterator)
    if is_once or isinstance(sampler, (Dataset, str, bytes)) or not can_be_listed(sampler):
        why = "which can be gone through once only" if is_once else "which is none"
        msg = (
            f"RampedBatchSampler needs a sampler of indices, got {brief(sampler)}, {why}; write "
            "RampedBatchSampler(RandomSampler(data), scheduler)"
        )
        raise PassoError(msg)
