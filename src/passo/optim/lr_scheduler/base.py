"""`LRScheduler`: torch's class with what ours have in common: loading, leaving, the schedule."""

from __future__ import annotations

import contextlib
import copy
import functools
import warnings
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.optim import lr_scheduler as torchs

from passo.ground.checks import brief, real
from passo.optim.ground.quiet import quiet
from passo.optim.lr_scheduler.footprint import Footprint, comes, crew_of, works_on
from passo.optim.lr_scheduler.functions import for_late
from passo.optim.lr_scheduler.older import Base, takes_verbose
from passo.optim.lr_scheduler.rates import as_float, held_values, put, snapshot
from passo.optim.lr_scheduler.roster import Roster, in_todays_order, part_tensors, with_names
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.optim import Optimizer

    from passo.schedules import Schedule

_OUR_RULES: Final = ("get_lr", "_get_closed_form_lr", "_update_lr")
_RATES: Final = "_held"
MOMENTA: Final = "_held_momenta"
_FIELDS: Final = (_RATES, MOMENTA)
_HOOKS: Final = "_optimizer_load_state_dict_post_hooks"
_ROSTER: Final = "_roster"


class LRScheduler(Base):
    """The base of all schedulers here, and of people's own: torch's, with three things more.

    A subclass has `get_lr`, and `_get_closed_form_lr` if it can, as in torch. Beyond torch:
    loading a state brings the rates back in whatever order things are built and loaded, `detach`
    leaves an optimizer as if the scheduler had not been, and `schedule` is the pure schedule.

    >>> import torch
    >>> class Halving(LRScheduler):
    ...     def get_lr(self):
    ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    __slots__ = ("_footprint", "_loaded_at", "_quick", "_roster", "_state_of_rule")

    _follows_rule = False
    _needed = "last_epoch"
    _lists: tuple[str, ...] = ("base_lrs", "_last_lr")

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        own = cls.__module__.startswith(__name__.rpartition(".")[0] + ".")
        if not own and any(name in vars(cls) for name in _OUR_RULES):
            cls._follows_rule = False

    @takes_verbose
    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self._before(optimizer)
        torchs.LRScheduler.__init__(self, optimizer, last_epoch)

    @quiet
    def step(self, epoch: float | None = None) -> None:
        """One step on; to `epoch` where one is given, as torch does it, with torch's warnings."""
        if self._step_count == 1 or epoch is not None:
            complain(self, epoch)
        self._step_count += 1
        self._update_lr(epoch)

    def _initial_step(self) -> None:
        super()._initial_step()
        self._enrol()

    def _update_lr(self, epoch: float | None = None) -> None:
        self._meet()
        super()._update_lr(epoch)  # type: ignore[arg-type]

    def _meet(self) -> bool:
        """Bring the lists in line with the groups that are there; whether they were not.

        A group that came joins with the rate that it has as its base.
        """
        optimizer, roster = self.optimizer, self._roster
        if optimizer is roster.optimizer and roster.is_in_line(optimizer.param_groups):
            return False
        places = roster.places(optimizer)
        late = [today for today, place in enumerate(places) if place is None]
        part_tensors(optimizer, late)
        found = {}
        for name in self._lists:
            given = getattr(self, name, None)
            if isinstance(given, list):
                join = functools.partial(self._for_late, name, given)
                found[name] = roster.arranged(name, given, places, join)
        for today in late:
            comes(optimizer, today, has_base="base_lrs" in found)
        for name, arranged in found.items():
            setattr(self, name, arranged)
        self._enrol()
        if late:
            self._introduce(late)
        return True

    def _introduce(self, late: list[int]) -> None:
        """Let all see the groups that came, while these hold the rate that they came with.

        What one of them writes first would be a group's base to the next.
        """
        crew = [each for each in crew_of(self.optimizer) if "_last_lr" in vars(each)]
        members = {id(each) for one in crew for each in getattr(one, "_schedulers", ())}
        active: list[LRScheduler] = []
        for each in crew:
            with contextlib.suppress(PassoError):  # its own step says so, when it is called
                each._meet()
            if id(each) not in members:
                active += each._active()
        for each in active:
            others = [other for other in active if other is not each]
            each._welcome(late, others, first=each is active[0])

    def _active(self) -> list[LRScheduler]:
        """Which schedulers write at its next step."""
        return [self]

    def _welcome(self, late: list[int], others: Sequence[LRScheduler], *, first: bool) -> None:
        """Take in the groups at those places, at whose rates so many others work as well."""

    def _as_if_here(self, rate: float) -> float:
        """What it has made of a rate by now, if it multiplies."""
        return rate

    def _for_late(self, name: str, given: list[Any], place: int) -> Any:
        """What a list has for a group that came."""
        group = self.optimizer.param_groups[place]
        if name == "base_lrs":
            return snapshot(group.get("initial_lr", group["lr"]))
        if name == "_last_lr":
            return snapshot(group["lr"])
        return for_late(given, len(self.optimizer.param_groups), name)

    def _enrol(self, size: int | None = None) -> None:
        """Remember whose the numbers in the lists are: those of the first groups, or of all."""
        self._roster = Roster(self.optimizer, size)
        for name in self._lists:
            given = vars(self).get(name)
            if isinstance(given, list) and not name.startswith("_"):
                self._roster.lists[name] = list(given)

    @property
    def _made(self) -> int:
        """How many steps were made."""
        return max(getattr(self, "_step_count", 0) - 1, 0)

    def _can_begin(self) -> bool:
        """Whether `_begin` puts it where so many steps lead."""
        return False

    def _begin(self, at: int, *, onto: bool = False) -> None:
        """Be where so many steps lead, from the base; or, with `onto`, from what is there."""
        raise NotImplementedError  # pragma: no cover

    def _before(self, optimizer: Any) -> None:
        """Before anything is changed: see how things stand, and hear of later loading."""
        self._quick: Any = None
        self._state_of_rule: Any = None
        self._loaded_at = -1
        self._footprint: Footprint | None = None
        if not isinstance(optimizer, torch.optim.Optimizer):
            return
        self._footprint = Footprint(optimizer)
        works_on(self, optimizer)
        part_tensors(optimizer)
        self._roster = Roster(optimizer)
        self._listen(optimizer)

    def _listen(self, optimizer: Any) -> None:
        if hasattr(optimizer, _HOOKS):
            handle = optimizer.register_load_state_dict_post_hook(_listener(weakref.ref(self)))
            weakref.finalize(self, handle.remove)

    @property
    def schedules(self) -> list[Schedule]:
        """The pure schedule of each param group, in steps, from the rates that they began with.

        Raises PassoError where there is no closed form.
        """
        self._meet()
        return [self._schedule_of(k).with_base(rate) for k, rate in enumerate(self._bases())]

    @property
    def schedule(self) -> Schedule:
        """The one schedule of all param groups; written with `base` where their bases differ.

        Raises PassoError where the groups follow different ones: read `schedules`.
        """
        for found in (
            self.schedules,
            [self._schedule_of(place) for place in range(len(self._bases()))],
        ):
            if all(each == found[0] for each in found):
                return found[0]
        msg = "the param groups follow different schedules; read scheduler.schedules"
        raise PassoError(msg)

    @property
    def plan(self) -> dict[str, Schedule]:
        """The schedule of each field that it moves, as `attach` takes them: "lr", "momentum".

        Raises PassoError where the groups follow different ones, or there is no closed form.

        >>> import torch
        >>> from passo.optim.lr_scheduler import OneCycleLR
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0, momentum=0.9)
        >>> OneCycleLR(optimizer, max_lr=0.1, total_steps=10).plan["momentum"]
        Cosine(0.95, 0.85, steps(2)).then(Cosine(0.85, 0.95, steps(7)))
        """
        found = {"lr": self.schedule}
        momenta = [self._momentum_of(place) for place in range(len(self._bases()))]
        if momenta and momenta[0] is not None:
            if any(each != momenta[0] for each in momenta):
                msg = (
                    "the momenta of the param groups follow different schedules; write "
                    'lift(scheduler, 1000, key="momentum")'
                )
                raise PassoError(msg)
            found["momentum"] = momenta[0]
        return found

    def _momentum_of(self, _place: int) -> Schedule | None:
        """The schedule of a group's momentum, where it moves that."""
        return None

    def _bases(self) -> list[float]:
        groups = self.optimizer.param_groups
        return [as_float(group.get("initial_lr", group["lr"])) for group in groups]

    def _schedule_of(self, _place: int) -> Schedule:
        name = type(self).__name__
        msg = (
            f"{name} has no closed form; write passo.optim.lift(scheduler, steps) to have it "
            "simulated"
        )
        raise PassoError(msg)

    def detach(self, *, restore: bool = False) -> None:
        """Take away what building and stepping added to the optimizer.

        The last values stay, unless `restore` is true or the scheduler was never stepped.

        >>> import torch
        >>> from passo.optim.lr_scheduler import LinearLR
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> LinearLR(optimizer).detach()
        >>> optimizer.param_groups[0]["lr"], "initial_lr" in optimizer.param_groups[0]
        (1.0, False)
        """
        self._leave(values=restore or not self._made)

    def _leave(self, *, values: bool) -> None:
        if self._footprint is not None:
            self._footprint.undo(self, values=values)
            self._footprint = None

    def get_last_lr(self) -> list[Any]:
        """The rates that were written last, one for each group, in the order of today."""
        self._meet()
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """The state that torch saves, and what the fields hold now, for loading to bring back."""
        self._meet()
        state = {**_own(super().state_dict()), **self._fields_now()}
        return with_names(state, self.optimizer.param_groups)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was made, by this class or by torch's.

        The rates are written too, unless the optimizer was loaded after this scheduler was built:
        then it holds them already.
        """
        self._check_state(state_dict)
        known = self._roster
        self._meet()
        made, lists = self._made, (*self._lists, *_FIELDS, "lr_lambdas")
        state = in_todays_order(_own(state_dict), self.optimizer.param_groups, lists)
        held: dict[str, Any] = {key: state.pop(key) for key in _FIELDS if key in state}
        super().load_state_dict(state)
        self._quick = None
        self._enrol_loaded(known)
        self._after_load(state)
        if self._loaded_at != made:
            self._write_fields(held)
        self._loaded_at = -1

    def _check_state(self, state: Any) -> None:
        """Refuse, before anything is changed, what no scheduler has saved."""
        if not isinstance(state, Mapping) or self._needed not in state:
            lacks = f" without {self._needed!r}" if isinstance(state, Mapping) else ""
            msg = (
                f"{type(self).__name__} loads what a scheduler's state_dict() gave, got "
                f"{brief(state)}{lacks}"
            )
            raise PassoError(msg)

    def _enrol_loaded(self, known: Roster) -> None:
        """The lists of a state are those of the groups of today, or of those that were here."""
        size = len(getattr(self, "_last_lr", ()))
        if size > len(self.optimizer.param_groups) and size == len(known.groups):
            self._roster = known
        else:
            self._enrol(size)
        self._meet()

    def _fields_now(self) -> dict[str, Any]:
        return {_RATES: held_values(self.optimizer)}

    def _after_load(self, state: Mapping[str, Any]) -> None:
        """Bring in line what is not in the state."""

    def _write_fields(self, held: Mapping[str, Any]) -> None:
        """Write what the fields held when the state was saved; of torch's, the last rates."""
        groups, rates = self.optimizer.param_groups, list(held.get(_RATES, self._last_lr))
        put(groups[: len(rates)], rates[: len(groups)])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, _ROSTER: self._roster.groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        known = state.get(_ROSTER)
        self.__dict__.update({key: each for key, each in state.items() if key != _ROSTER})
        self._quick = self._state_of_rule = self._footprint = None
        self._loaded_at = -1
        self._enrol()
        if known is not None:
            self._roster.know(known)
        works_on(self, self.optimizer)
        self._listen(self.optimizer)


def _listener(reference: Any) -> Any:
    def loaded(_optimizer: Optimizer) -> None:
        if (scheduler := reference()) is not None:
            scheduler._loaded_at = scheduler._made

    return loaded


class _Order:
    """As much of a scheduler as torch's `step` needs to see whether it comes in order."""

    last_epoch = 0  # an older torch's `step` writes the rates too: here, none

    def __init__(self, scheduler: LRScheduler) -> None:
        self.optimizer, self._step_count = scheduler.optimizer, scheduler._step_count

    def _update_lr(self, _epoch: Any) -> None:
        pass

    def get_lr(self) -> list[Any]:
        return []


def complain(scheduler: LRScheduler, epoch: float | None) -> None:
    """Warn as torch does, and where it does: at the line that called `step`."""
    if epoch is not None:
        real(epoch, "epoch")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        torchs.LRScheduler.step(_Order(scheduler), epoch)  # type: ignore[arg-type]
    for each in found:
        warnings.warn(str(each.message), each.category, stacklevel=3)


def _own(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state with lists and counters of its own, so that nothing is shared through it."""
    shared = (list, dict)
    return {
        key: copy.copy(each) if isinstance(each, shared) else each for key, each in state.items()
    }
