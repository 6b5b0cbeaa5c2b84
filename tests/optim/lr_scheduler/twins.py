"""Plans of schedulers and calls, and both libraries as they carry them out."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice, permutations
from types import ModuleType
from typing import Any

import torch
from torch.optim import lr_scheduler as torchs

from passo.optim import lr_scheduler as ours

LIBRARIES = (torchs, ours)
PLAIN = ("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR")
SWINGS = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")
FREE = ("LambdaLR", "MultiplicativeLR")
CYCLES = ("CyclicLR", "OneCycleLR")
LEAVES = (*PLAIN, *SWINGS, *FREE, *CYCLES)
FACTORS = (0.3, 0.5, 0.9, 0.99)


@dataclass(frozen=True)
class Part:
    """One scheduler: its class, its arguments, and its members if it has some."""

    kind: str
    given: tuple[tuple[str, Any], ...] = ()
    members: tuple[Part, ...] = ()

    def build(self, library: ModuleType, optimizer: Any) -> Any:
        """The scheduler of one library."""
        make = getattr(library, self.kind)
        members = [member.build(library, optimizer) for member in self.members]
        given = {name: _copied(value) for name, value in self.given}
        if self.kind == "ChainedScheduler":
            return make(members)
        return make(optimizer, members, **given) if members else make(optimizer, **given)

    def everything(self) -> list[Part]:
        """This part and all inside it."""
        return [self, *(each for member in self.members for each in member.everything())]

    def get(self, name: str) -> Any:
        """An argument."""
        return dict(self.given).get(name)


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Plan:
    """An optimizer, schedulers that are stepped by hand in turn, and what happens."""

    adam: bool
    rates: tuple[float, ...]
    tensors: bool
    parts: tuple[Part, ...]
    events: tuple[tuple[Any, ...], ...]
    last_epoch: int = -1
    late: int = 0  # how many of the groups come later

    def everything(self) -> list[Part]:
        """All schedulers, members included."""
        return [each for part in self.parts for each in part.everything()]


@dataclass
class Life:
    """One library's way through a plan: what it wrote after each event, or how it ended.

    Torch knows groups by their places, and would mix them up: its groups stay where they are, and
    only those are seen that `order` has, in that order. Ours are really moved.
    """

    seen: list[tuple[list[float], list[float], list[list[float]]]] = field(default_factory=list)
    ended: str | None = None
    order: list[int] = field(default_factory=list)
    newest: int = -1


def optimizer_of(plan: Plan, order: list[int] | None = None) -> torch.optim.Optimizer:
    """As the plan has it, or with the groups of an order, with gradients of zero."""
    groups = []
    for rate in plan.rates if order is None else [plan.rates[tag] for tag in order]:
        parameter = torch.nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        lr = torch.tensor(rate, dtype=torch.float64) if plan.tensors else rate
        groups.append({"params": [parameter], "lr": lr})
    if plan.adam:
        return torch.optim.Adam(groups, foreach=False)
    return torch.optim.SGD(groups, momentum=0.9, foreach=False)


def lived(plan: Plan, library: ModuleType) -> Life:
    """Carry a plan out."""
    life = Life(order=list(range(len(plan.rates) - plan.late)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            optimizer = optimizer_of(plan, None if library is torchs else life.order)
            schedulers = [part.build(library, optimizer) for part in plan.parts]
            _see(life, library, optimizer, schedulers)
            for event in plan.events:
                optimizer, schedulers = _happen(event, plan, library, life, optimizer, schedulers)
                _see(life, library, optimizer, schedulers)
        except (ValueError, ZeroDivisionError, TypeError, NotImplementedError) as error:
            life.ended = type(error).__name__
    return life


def _see(life: Life, library: ModuleType, optimizer: Any, schedulers: list[Any]) -> None:
    shown = life.order if library is torchs else range(len(life.order))
    groups = [optimizer.param_groups[place] for place in shown]
    rates = [float(group["lr"]) for group in groups]
    momenta = [
        float(group["betas"][0] if "betas" in group else group["momentum"]) for group in groups
    ]
    last = [[float(each.get_last_lr()[place]) for place in shown] for each in schedulers]
    life.seen.append((rates, momenta, last))


def _happen(
    event: tuple[Any, ...],
    plan: Plan,
    library: ModuleType,
    life: Life,
    optimizer: Any,
    schedulers: list[Any],
) -> tuple[Any, list[Any]]:
    what, *given = event
    if what == "resume":
        return _resumed(plan, library, life, optimizer, schedulers)
    if what == "copy":
        can_pickle = given[0] and not any(each.kind in FREE for each in plan.everything())
        pair = optimizer, schedulers
        return pickle.loads(pickle.dumps(pair)) if can_pickle else copy.deepcopy(pair)
    if what == "load":
        _load(given[0], optimizer, schedulers)
    elif what == "add":
        _add(plan, library, life, optimizer)
        _advance("step", 1, plan, optimizer, schedulers)
    elif what == "edit":
        place = given[0] % len(life.order)
        group = optimizer.param_groups[life.order[place] if library is torchs else place]
        _edit(group, given[1])
    elif what in ("move", "drop"):
        _rearrange(what, given[0], library, life, optimizer)
    elif what == "set":
        _set(*given, plan, schedulers)
    else:
        _advance(what, given[0], plan, optimizer, schedulers)
    return optimizer, schedulers


def _advance(what: str, given: Any, plan: Plan, optimizer: Any, schedulers: list[Any]) -> None:
    """Steps; or one to an epoch; or with a metric."""
    for _ in range(given if what == "step" else 0):
        optimizer.step()
        for part, scheduler in zip(plan.parts, schedulers, strict=True):
            _step(part, scheduler, 1.0)
    for part, scheduler in zip(plan.parts, schedulers, strict=True):
        if what == "metric":
            _step(part, scheduler, given)
        elif what == "jump" and part.kind in LEAVES:
            scheduler.step(given)


def _load(order: str, optimizer: Any, schedulers: list[Any]) -> None:
    """Load what is there into what is there: nothing has changed then."""
    states = copy.deepcopy([optimizer.state_dict(), *(each.state_dict() for each in schedulers)])
    for each in order:
        if each == "o":
            optimizer.load_state_dict(copy.deepcopy(states[0]))
        else:
            for scheduler, state in zip(schedulers, states[1:], strict=True):
                scheduler.load_state_dict(copy.deepcopy(state))


def _add(plan: Plan, library: ModuleType, life: Life, optimizer: Any) -> None:
    """A group that comes; torch has had it from the beginning, unseen."""
    tag = max([len(plan.rates) - plan.late - 1, life.newest, *life.order]) + 1
    if tag < len(plan.rates):
        life.order.append(tag)
        life.newest = tag
        if library is ours:
            optimizer.add_param_group(optimizer_of(plan, [tag]).param_groups[0])


def _rearrange(what: str, number: int, library: ModuleType, life: Life, optimizer: Any) -> None:
    """Groups in another order; or one that goes."""
    places = list(range(len(life.order)))
    if what == "drop" and len(places) > 1:
        del places[number % len(places)]
    if what == "move":
        places = list(
            next(islice(permutations(places), number % math.factorial(len(places)), None))
        )
    life.order = [life.order[place] for place in places]
    if library is ours:
        groups = optimizer.param_groups
        for group in (each for place, each in enumerate(groups) if place not in places):
            optimizer.state.pop(group["params"][0], None)
        groups[:] = [groups[place] for place in places]


EACH = ("base_lrs", "max_lrs", "min_lrs")


def _set(which: int, number: int, chosen: int, plan: Plan, schedulers: list[Any]) -> None:
    """Another value for a parameter of one scheduler, or of a member."""
    leaves = [leaf for pair in zip(plan.parts, schedulers, strict=True) for leaf in _leaves(*pair)]
    kind, scheduler = leaves[which % len(leaves)]
    names = sorted(SETTABLE[kind])
    name = names[number % len(names)]
    values = SETTABLE[kind][name]
    value = values[chosen % len(values)]
    if name == "in place":
        scheduler.milestones.update([value])
    elif name == "milestones":
        scheduler.milestones = Counter(value)
    elif name == "lr_lambdas":
        scheduler.lr_lambdas = [value] * len(scheduler.lr_lambdas)
    elif name in EACH:
        getattr(scheduler, name)[:] = [value] * len(getattr(scheduler, name))
    else:
        setattr(scheduler, name, value)


def _leaves(part: Part, scheduler: Any) -> list[tuple[str, Any]]:
    if not part.members:
        return [(part.kind, scheduler)]
    pairs = zip(part.members, scheduler._schedulers, strict=True)
    return [leaf for pair in pairs for leaf in _leaves(*pair)]


def _edit(group: dict[str, Any], rate: float) -> None:
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def _step(part: Part, scheduler: Any, metric: float) -> None:
    if any(each.kind == "ReduceLROnPlateau" for each in part.everything()):
        scheduler.step(metric)
    else:
        scheduler.step()


def _resumed(
    plan: Plan, library: ModuleType, life: Life, optimizer: Any, schedulers: list[Any]
) -> tuple[Any, list[Any]]:
    states = copy.deepcopy([optimizer.state_dict(), *(each.state_dict() for each in schedulers)])
    optimizer = optimizer_of(plan, life.order if library is ours else None)
    schedulers = [part.build(library, optimizer) for part in plan.parts]
    optimizer.load_state_dict(states[0])
    for scheduler, state in zip(schedulers, states[1:], strict=True):
        scheduler.load_state_dict(state)
    return optimizer, schedulers


def agree(one: Life, other: Life, plan: Plan) -> str | None:
    """What differs first, in words; None where nothing does."""
    largest = max(*plan.rates, *(p.get("max_lr") or 0.0 for p in plan.everything()), 1e-3)
    largest = max([largest, *(event[2] for event in plan.events if event[0] == "edit")])
    for k, (mine, theirs) in enumerate(zip(one.seen, other.seen, strict=False)):
        for name, ours_, torchs_ in zip(("lr", "momentum"), mine[:2], theirs[:2], strict=True):
            for place, (a, b) in enumerate(zip(ours_, torchs_, strict=True)):
                if not math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12 * largest):
                    return f"after event {k}: {name} of group {place} is {a!r}, torch has {b!r}"
        for a, b in zip(chain(*mine[2]), chain(*theirs[2]), strict=True):
            if not math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12 * largest):
                return f"after event {k}: get_last_lr has {a!r}, torch has {b!r}"
    if one.ended != other.ended:
        return f"ours ended by {one.ended}, torch's by {other.ended}"
    return None


LENGTHS = (1, 2, 3, 5, 8, 13, 20)
SETTABLE: dict[str, dict[str, tuple[Any, ...]]] = {
    "StepLR": {"step_size": LENGTHS, "gamma": FACTORS},
    "MultiStepLR": {
        "milestones": ((3, 3), (1, 7, 9), (12,)),
        "in place": tuple(range(12)),
        "gamma": FACTORS,
    },
    "ConstantLR": {"factor": (0.25, 0.5, 1.0), "total_iters": LENGTHS},
    "LinearLR": {
        "start_factor": (0.1, 1 / 3, 1.0),
        "end_factor": (0.2, 0.7, 1.0),
        "total_iters": LENGTHS,
    },
    "ExponentialLR": {"gamma": FACTORS},
    "PolynomialLR": {"total_iters": LENGTHS, "power": (0.5, 1.0, 2.0, 3.0)},
    "CosineAnnealingLR": {
        "T_max": LENGTHS,
        "eta_min": (0.0, 0.001, 0.02),
        "base_lrs": (0.02, 0.3),
    },
    "CosineAnnealingWarmRestarts": {
        "T_0": LENGTHS,
        "T_i": LENGTHS,
        "T_mult": (1, 2, 3),
        "eta_min": (0.0, 0.001),
        "base_lrs": (0.02, 0.3),
    },
    "LambdaLR": {
        "lr_lambdas": (lambda t: 0.8**t, lambda t: 1 / (2 + t)),
        "base_lrs": (0.02, 0.3),
    },
    "MultiplicativeLR": {"lr_lambdas": (lambda t: 0.8, lambda t: 1.0 + 0.1 * (t % 3))},
    "CyclicLR": {
        "total_size": (4.0, 11.0, 20.0),
        "step_ratio": (0.25, 0.5),
        "base_lrs": (0.02, 0.3),
        "max_lrs": (0.5, 2.0),
        "gamma": FACTORS,
        "mode": ("triangular", "triangular2", "exp_range"),
    },
    "OneCycleLR": {"total_steps": (100, 130, 200), "base_lrs": (0.02, 0.3)},
    "ReduceLROnPlateau": {
        "factor": FACTORS,
        "patience": (0, 1, 3),
        "cooldown": (0, 2),
        "min_lrs": (0.0, 0.03),
    },
}
