"""The classes that move the momentum against the rate: CyclicLR and OneCycleLR.

The momentum stays where it is, and of the type that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import torch
from torch.optim import lr_scheduler as torchs

from passo.optim.ground.fields import Field
from passo.optim.lr_scheduler.absolute import Absolute
from passo.optim.lr_scheduler.base import MOMENTA
from passo.optim.lr_scheduler.functions import as_function, for_late
from passo.optim.lr_scheduler.older import takes_verbose
from passo.optim.lr_scheduler.rates import as_float, between, snapshot
from passo.optim.lr_scheduler.shape import must_be_number
from passo.schedules import PassoError, Schedule, cyclic, steps
from passo.schedules.formula import NUMBERS
from passo.schedules.torchs import phases, triangles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch.optim import Optimizer

    from passo.schedules.recipes.cycles import Height

_NEARLY: Final = 1e-9
_FLAT: Final = torchs.CyclicLR._triangular_scale_fn
_KEYS: Final = ("max_momentum", "base_momentum")
_MOMENTUM: Final = Field("momentum")
_BETA: Final = Field("betas", 0)


class Cycling(Absolute):
    """Rates, and against them the momentum (SGD's, or the first beta)."""

    __slots__ = ()

    cycle_momentum: bool
    use_beta1: bool

    @property
    def _momentum(self) -> Field:
        return _BETA if self.use_beta1 else _MOMENTUM

    def _turn(self, momenta: list[Any]) -> None:
        """Write the momenta: a float is replaced, a Tensor filled."""
        key, is_first = ("betas", True) if self.use_beta1 else ("momentum", False)
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            held = group[key]
            if is_first and type(held[0]) is float is type(momentum):
                group[key] = (momentum, *held[1:])
            elif type(held) is float is type(momentum):
                group[key] = momentum
            else:
                self._momentum.write(group, as_float(momentum))

    def _fields_now(self) -> dict[str, Any]:
        now = super()._fields_now()
        if self.cycle_momentum:
            now[MOMENTA] = [self._momentum.read(group) for group in self.optimizer.param_groups]
        return now

    def _write_fields(self, held: Mapping[str, Any]) -> None:
        super()._write_fields(held)
        if not self.cycle_momentum:
            return
        if MOMENTA not in held and self.last_epoch >= 0:
            self._rates()
        elif len(held.get(MOMENTA, ())) == len(self.optimizer.param_groups):
            self._turn(held[MOMENTA])


class CyclicLR(Cycling, torchs.CyclicLR):
    """Rates that go up and down between `base_lr` and `max_lr`, and the momentum against them.

        lr(t) = base_lr + (max_lr - base_lr) * triangle(t) * scale

    `scale` is 1 ("triangular"), halved with each cycle ("triangular2"), gamma ** t ("exp_range")
    or `scale_fn`. Signature, warnings and states are torch's CyclicLR's; a beta that is a Tensor
    stays one. Source: Smith 2017, arXiv:1506.01186; torch.optim.lr_scheduler.CyclicLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0, momentum=0.9)
    >>> CyclicLR(optimizer, base_lr=0.1, max_lr=1.0, step_size_up=10).schedule
    Linear(0.1, 1, steps(10)).then(Linear(1, 0.1, steps(10))).repeat()
    """

    __slots__ = ()

    mode: Height
    _lists = (*Absolute._lists, "max_lrs", "base_momentums", "max_momentums")

    @takes_verbose
    def __init__(  # noqa: PLR0913, PLR0917
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Height = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,  # noqa: FBT001, FBT002
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        for name, given in {"base_lr": base_lr, "max_lr": max_lr, "gamma": gamma}.items():
            must_be_number(given, name, self)
        for name, size in {"step_size_up": step_size_up, "step_size_down": step_size_down}.items():
            if size is not None and size < 0:
                msg = f"{name} must be the steps of a part of the cycle, 0 or more, got {size}"
                raise PassoError(msg)
        self._before(optimizer)
        with _types_kept(optimizer):
            torchs.CyclicLR.__init__(
                self,
                optimizer,
                base_lr,
                max_lr,
                step_size_up,
                step_size_down,
                mode,
                gamma,
                scale_fn,
                scale_mode,
                cycle_momentum,
                base_momentum,
                max_momentum,
                last_epoch,
            )

    def _for_late(self, name: str, given: list[Any], place: int) -> Any:
        if name == "base_lrs":
            return for_late(given, len(self.optimizer.param_groups), name)
        return super()._for_late(name, given, place)

    def _halves(self) -> tuple[float, float]:
        up = self.total_size * self.step_ratio
        up = float(round(up)) if abs(up - round(up)) < _NEARLY else up
        return up, self.total_size - up

    def _triangle(self) -> Callable[[Any, Any], float]:
        key = self.total_size, self.step_ratio
        if self._quick is None or self._quick[0] != key:
            up, down = map(steps, self._halves())
            self._quick = key, cyclic(0.0, peak=1.0, rise=up, fall=down).compiled()
        return self._quick[1]  # type: ignore[no-any-return]

    def _rates(self) -> list[Any]:
        t = self.last_epoch
        height = self._triangle()(float(t), NUMBERS)
        if self._scale_fn_custom is not None or self._scale_fn_ref is not _FLAT:
            height *= self.scale_fn(
                t if self.scale_mode == "iterations" else t // self.total_size + 1
            )
        if self.cycle_momentum:
            self._turn(between(self.max_momentums, self.base_momentums, height))
        return between(self.base_lrs, self.max_lrs, height)

    def _schedule_of(self, place: int) -> Schedule:
        return self._between(as_float(self.base_lrs[place]), as_float(self.max_lrs[place]))

    def _between(self, low: float, high: float) -> Schedule:
        custom = self._scale_fn_custom
        mine: Any = self  # to torch's stub a mode is any string
        return triangles(
            low,
            high,
            *self._halves(),
            mode=mine.mode,
            gamma=self.gamma,
            scale=None if custom is None else as_function(custom),
            by_cycle=self.scale_mode == "cycle",
        )

    def _momentum_of(self, place: int) -> Schedule | None:
        if not self.cycle_momentum:
            return None
        high, low = as_float(self.max_momentums[place]), as_float(self.base_momentums[place])
        return self._between(high, low)


class OneCycleLR(Cycling, torchs.OneCycleLR):
    """Rates up to `max_lr` and down to almost nothing, once; the momentum against them.

        initial_lr -> max_lr over pct_start of the steps, -> initial_lr / final_div_factor

    with initial_lr = max_lr / div_factor, along cosines or lines; with `three_phase` back to
    initial_lr first. Signature, warnings and states are torch's OneCycleLR's; a beta that is a
    Tensor stays one. Raises ValueError for a step past `total_steps`. Source: Smith and Topin
    2017, arXiv:1708.07120; torch.optim.lr_scheduler.OneCycleLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0, momentum=0.9)
    >>> OneCycleLR(optimizer, max_lr=1.0, total_steps=10).schedule
    Cosine(0.04, 1, steps(2)).then(Cosine(1, 4e-06, steps(7)))
    """

    __slots__ = ()

    @takes_verbose
    def __init__(  # noqa: PLR0913, PLR0917
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,  # noqa: FBT001, FBT002
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,  # noqa: FBT001, FBT002
        last_epoch: int = -1,
    ) -> None:
        for name, given in {"max_lr": max_lr, "div_factor": div_factor}.items():
            must_be_number(given, name, self)
        self._before(optimizer)
        with _types_kept(optimizer):
            torchs.OneCycleLR.__init__(
                self,
                optimizer,
                max_lr,
                total_steps,
                epochs,
                steps_per_epoch,
                pct_start,
                anneal_strategy,
                cycle_momentum,
                base_momentum,
                max_momentum,
                div_factor,
                final_div_factor,
                three_phase,
                last_epoch,
            )

    def _phase(self, t: float) -> tuple[Any, float, float]:
        """The phase that holds t, and its begin and end."""
        begin = 0.0
        *early, last = self._schedule_phases
        for phase in early:
            if t <= phase["end_step"]:
                return phase, begin, phase["end_step"]
            begin = phase["end_step"]
        return last, begin, last["end_step"]

    def _rates(self) -> list[Any]:
        t = self.last_epoch
        if t > self.total_steps:
            msg = (
                f"Tried to step {t} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
            raise ValueError(msg)
        if self._quick is None or not self._quick[1] < t <= self._quick[2]:
            self._quick = self._phase(t)
        phase, begin, end = self._quick
        share = self._share((t - begin) / (end - begin), (end - t) / (end - begin))
        rest = 1.0 - share
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            high, low = phase["start_momentum"], phase["end_momentum"]
            self._turn([group[high] * rest + group[low] * share for group in groups])
        start, goal = phase["start_lr"], phase["end_lr"]
        return [group[start] * rest + group[goal] * share for group in groups]

    def _share(self, gone: float, left: float) -> float:
        """How far a phase is; one step past its end a cosine turns back and a line goes on."""
        kind = getattr(self, "_anneal_func_type", None)
        if kind is None:
            return float(self._anneal_func(0.0, 1.0, gone))  # type: ignore[no-untyped-call]  # old states
        if kind == "linear":
            return gone
        if left < 0.0:
            gone, left = 1.0 + left, -left
        return NUMBERS.half_wave(0.0, 1.0, gone, left)

    def _meet(self) -> bool:
        groups = self.optimizer.param_groups
        late = [group for group in groups if "max_lr" not in group]
        keys = "initial_lr", "max_lr", "min_lr", *(_KEYS if self.cycle_momentum else ())
        known = [group for group in self._roster.groups if "max_lr" in group] if late else []
        told = {
            key: for_late([each[key] for each in known], len(groups), key) for key in keys if known
        }
        changed = super()._meet()
        for group in late:
            group.update({key: snapshot(number) for key, number in told.items()})
        return changed

    def _schedule_of(self, place: int) -> Schedule:
        return self._phased(place, "start_lr", "end_lr")

    def _momentum_of(self, place: int) -> Schedule | None:
        named = ("start_momentum", "end_momentum")
        return self._phased(place, *named) if self.cycle_momentum else None

    def _phased(self, place: int, start: str, goal: str) -> Schedule:
        group = self.optimizer.param_groups[place]
        mine: Any = self  # to torch's stub a way is any string, and a phase has none for a key
        ends = [phase["end_step"] for phase in mine._schedule_phases]
        values = [
            (as_float(group[phase[start]]), as_float(group[phase[goal]]))
            for phase in mine._schedule_phases
        ]
        return phases(mine._anneal_func_type, ends, values)


class _types_kept:  # noqa: N801
    """What held the momentum holds it after torch's constructor: a float, or the same Tensor."""

    def __init__(self, optimizer: Any) -> None:
        groups = getattr(optimizer, "param_groups", ())
        found = [(group, _BETA if "betas" in group else _MOMENTUM) for group in groups]
        self._held = [
            (group, field, field.slot(group)) for group, field in found if field.key in group
        ]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for group, field, slot in self._held:
            number = field.read(group)
            if isinstance(slot, torch.Tensor):
                with torch.no_grad():
                    slot.fill_(number)
                field.put(group, slot)
            elif isinstance(field.slot(group), torch.Tensor):
                field.put(group, number)
