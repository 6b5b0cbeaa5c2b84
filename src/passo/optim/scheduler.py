"""`Scheduler`: a plan attached to an optimizer. The one object that changes."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from passo.optim import fields, state
from passo.optim.plan import choose, placed
from passo.optim.tracks import Track
from passo.schedules import PassoError, Schedule
from passo.schedules.feedback import as_metric

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from passo.schedules import Run
    from passo.trace import TraceWriter


@dataclass(slots=True)
class Driven:
    """One field of one group: what it follows, relative to which base, and what it holds."""

    key: str
    field: fields.Field
    place: int
    track: Track
    base: float
    last: float


class Scheduler(LRScheduler):
    """A plan at work on an optimizer; made by `attach`.

    The optimizer's own step hook is the clock: `clock` counts the updates made so far, and after
    each of them the fields that the plan names hold what the next update uses. `step()` exists
    for frameworks that insist and changes nothing.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        plan: dict[str, Any],
        run: Run | None,
        bases: Mapping[str, Any],
    ) -> None:
        self._optimizer = weakref.ref(optimizer)
        self.plan, self.run = plan, run
        self.clock = 0
        self.driven: list[Driven] = []
        self._bases = bases
        self._tracks: dict[Schedule, Track] = {}
        self._groups = 0
        self._formulas: list[tuple[Schedule, list[Driven]]] = []
        self._writer: TraceWriter | None = None
        self._handles: tuple[Any, ...] = ()
        self._adopt(optimizer)

    def start(self, writer: TraceWriter | None) -> None:
        """Hang on the optimizer's hooks and write what the first update uses."""
        optimizer = self.optimizer
        self._writer = writer
        hook = torch.compiler.disable(self._after_step, recursive=False)  # type: ignore[no-untyped-call]
        self._handles = (
            optimizer.register_step_post_hook(hook),
            optimizer.register_load_state_dict_post_hook(self._after_load),
        )
        self._write(optimizer)

    @property
    def tracks(self) -> list[Track]:
        """The schedules at work, each once, in the order in which the plan gave them."""
        return list(self._tracks.values())

    @property
    def optimizer(self) -> Optimizer:  # type: ignore[override]
        """The optimizer, which owns this scheduler and is held weakly."""
        optimizer = self._optimizer()
        if optimizer is None:
            msg = "the optimizer of this scheduler is gone; keep a reference to the optimizer"
            raise PassoError(msg)
        return optimizer

    @property
    def attached(self) -> bool:
        """Whether the optimizer's updates still move it."""
        return bool(self._handles)

    @property
    def last_epoch(self) -> int:  # type: ignore[override]
        """The clock under torch's name."""
        return self.clock

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """What each group's lr was when it was attached, for the groups whose lr is driven."""
        return [each.base for each in self.driven if each.key == "lr"]

    @property
    def position(self) -> float:
        """Where the next update stands on the run's axis."""
        return self.clock if self.run is None else self.run.at(self.clock)

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The rate that the next update uses, for each group (torch's convention).

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(1.0, 0.0, steps(4))).get_last_lr()
        [1.0]
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_lr(self) -> list[float | torch.Tensor]:
        """As `get_last_lr`: nothing is computed from what is there."""
        return self.get_last_lr()

    def values(self) -> dict[str, list[float]]:
        """What the next update uses, for each key of the plan, group by group.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0, momentum=0.9)
        >>> attach(optimizer, {"momentum": Linear(0.5, 0.9, steps(4))}).values()
        {'momentum': [0.5]}
        """
        found: dict[str, list[float]] = {key: [] for key in self.plan}
        for each in self.driven:
            found[each.key].append(each.last)
        return found

    def step(self, metrics: Any = None, epoch: Any = None) -> None:  # type: ignore[override]
        """Nothing: the optimizer's updates are the clock. Metrics go to `report`."""

    def report(self, metrics: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Tell what was observed after the updates made so far; plateaus listen, traces keep it.

        `report(val_loss=0.3)` or `report({"val/loss": 0.3})`; a metric is a number or a Tensor of
        one element. Raises PassoError for anything else.

        >>> import torch
        >>> from passo import Plateau, attach, base
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, base * Plateau("val_loss", patience=0))
        >>> for _ in range(2):
        ...     scheduler.report(val_loss=0.5)
        >>> scheduler.get_last_lr()
        [0.1]
        """
        told = {name: _metric(name, value) for name, value in {**(metrics or {}), **named}.items()}
        if not told:
            msg = "report needs at least one metric; write report(val_loss=0.3)"
            raise PassoError(msg)
        changed = [track.report(self.position, told) for track in self._tracks.values()]
        if self._writer is not None:
            self._writer.report(self.clock, told)
        if any(changed):
            self._refresh()

    def detach(self, *, restore: bool = False) -> None:
        """Take the hooks away and close the trace; the last values stay, or the bases come back.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(0.5, 0.0, steps(4))).detach(restore=True)
        >>> optimizer.param_groups[0]["lr"]
        1.0
        """
        for handle in self._handles:
            handle.remove()
        self._handles = ()
        if restore:
            for each in self.driven:
                each.field.write(self.optimizer.param_groups[each.place], each.base)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def drives(self) -> set[tuple[int, fields.Field]]:
        """The (group, field) pairs that this scheduler writes."""
        return {(each.place, each.field) for each in self.driven}

    def state_dict(self) -> dict[str, Any]:
        """Clock, plan, run, bases and what plateaus remember: plain JSON of constant size.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(0.5, 0.0, steps(4))).state_dict()["clock"]
        0
        """
        return state.save(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was made: recompute and write, in whatever order things load.

        Raises PassoError where it was made by another plan or drives other fields.
        """
        state.load(self, state_dict)
        self._refresh()

    def _adopt(self, optimizer: Optimizer) -> None:
        """Take up the groups that are new since the last look."""
        groups = optimizer.param_groups
        for place in range(self._groups, len(groups)):
            for key, entry in self.plan.items():
                self._drive(key, entry, groups[place], place)
        self._groups = len(groups)
        self._share()

    def _share(self) -> None:
        """One formula for all fields that follow one schedule from one base."""
        shared: dict[tuple[int, float], list[Driven]] = {}
        for each in self.driven:
            shared.setdefault((id(each.track), each.base), []).append(each)
        self._formulas = [
            (same[0].track.schedule.with_base(same[0].base), same) for same in shared.values()
        ]

    def _drive(self, key: str, entry: Any, group: dict[str, Any], place: int) -> None:
        schedule = choose(entry, group, place, key)
        if schedule is None:
            return
        field = fields.find(key, group, f"param group {place}")
        given = self._bases.get(key)
        base = given[place] if isinstance(given, (list, tuple)) else given
        number = field.read(group) if base is None else float(base)
        if schedule not in self._tracks:
            unit = "steps" if self.run is None else self.run.unit
            self._tracks[schedule] = Track(placed(schedule, self.run), unit)
        self.driven.append(Driven(key, field, place, self._tracks[schedule], number, number))

    def _refresh(self) -> None:
        self._share()
        self._write(self.optimizer)

    def _write(self, optimizer: Optimizer) -> None:
        """Put what the next update uses into the fields."""
        groups, at = optimizer.param_groups, self.position
        for formula, followers in self._formulas:
            value = formula(at)
            for each in followers:
                each.last = value
                each.field.write(groups[each.place], value)

    def _after_step(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        found_inf = getattr(optimizer, "found_inf", None)
        if found_inf is not None and bool(found_inf):
            return
        if self._writer is not None:
            groups = optimizer.param_groups
            used = [each.field.read(groups[each.place]) for each in self.driven]
            self._writer.update(self.clock, used)
        self.clock += 1
        if len(optimizer.param_groups) != self._groups:
            self._adopt(optimizer)
        self._write(optimizer)

    def _after_load(self, optimizer: Optimizer) -> None:
        self._write(optimizer)


def _metric(name: str, value: Any) -> float:
    try:
        return as_metric(value.item() if isinstance(value, torch.Tensor) else value)
    except (PassoError, RuntimeError):
        msg = f"the metric {name!r} must be a number or a Tensor of one element, got {value!r}"
        raise PassoError(msg) from None
