"""Plans of schedulers and calls, drawn at random, and both libraries as they carry them out."""

from __future__ import annotations

import copy
import math
import warnings
from dataclasses import dataclass, field
from itertools import chain
from types import ModuleType
from typing import Any

import torch
from hypothesis import strategies as st
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

    def everything(self) -> list[Part]:
        """All schedulers, members included."""
        return [each for part in self.parts for each in part.everything()]


@dataclass
class Life:
    """One library's way through a plan: what it wrote after each event, or how it ended."""

    seen: list[tuple[list[float], list[float], list[list[float]]]] = field(default_factory=list)
    ended: str | None = None


def optimizer_of(plan: Plan) -> torch.optim.Optimizer:
    """As the plan has it, with gradients of zero."""
    groups = []
    for rate in plan.rates:
        parameter = torch.nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        lr = torch.tensor(rate, dtype=torch.float64) if plan.tensors else rate
        groups.append({"params": [parameter], "lr": lr})
    if plan.adam:
        return torch.optim.Adam(groups, foreach=False)
    return torch.optim.SGD(groups, momentum=0.9, foreach=False)


def lived(plan: Plan, library: ModuleType) -> Life:
    """Carry a plan out."""
    life = Life()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            optimizer = optimizer_of(plan)
            schedulers = [part.build(library, optimizer) for part in plan.parts]
            _see(life, optimizer, schedulers)
            for event in plan.events:
                optimizer, schedulers = _happen(event, plan, library, optimizer, schedulers)
                _see(life, optimizer, schedulers)
        except (ValueError, ZeroDivisionError, TypeError, NotImplementedError) as error:
            life.ended = type(error).__name__
    return life


def _see(life: Life, optimizer: Any, schedulers: list[Any]) -> None:
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    momenta = [
        float(group["betas"][0] if "betas" in group else group["momentum"])
        for group in optimizer.param_groups
    ]
    last = [[float(rate) for rate in each.get_last_lr()] for each in schedulers]
    life.seen.append((rates, momenta, last))


def _happen(
    event: tuple[Any, ...],
    plan: Plan,
    library: ModuleType,
    optimizer: Any,
    schedulers: list[Any],
) -> tuple[Any, list[Any]]:
    what, *given = event
    if what == "resume":
        return _resumed(plan, library, optimizer, schedulers)
    if what == "edit":
        _edit(optimizer.param_groups, *given)
    for _ in range(given[0] if what == "step" else 0):
        optimizer.step()
        for part, scheduler in zip(plan.parts, schedulers, strict=True):
            _step(part, scheduler, 1.0)
    for part, scheduler in zip(plan.parts, schedulers, strict=True):
        if what == "metric":
            _step(part, scheduler, given[0])
        elif what == "jump" and part.kind in LEAVES:
            scheduler.step(given[0])
    return optimizer, schedulers


def _edit(groups: list[dict[str, Any]], place: int, rate: float) -> None:
    group = groups[place % len(groups)]
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
    plan: Plan, library: ModuleType, optimizer: Any, schedulers: list[Any]
) -> tuple[Any, list[Any]]:
    states = copy.deepcopy([optimizer.state_dict(), *(each.state_dict() for each in schedulers)])
    optimizer = optimizer_of(plan)
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


class Given:
    """Arguments of each class."""

    lengths = st.integers(1, 12)
    factors = st.sampled_from(FACTORS)

    StepLR = st.fixed_dictionaries({"step_size": lengths, "gamma": factors})
    MultiStepLR = st.fixed_dictionaries(
        {
            "milestones": st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple),
            "gamma": factors,
        }
    )
    ConstantLR = st.fixed_dictionaries(
        {"factor": st.sampled_from((0.25, 0.5, 1.0)), "total_iters": lengths}
    )
    LinearLR = st.fixed_dictionaries(
        {
            "start_factor": st.sampled_from((0.1, 1 / 3, 1.0)),
            "end_factor": st.sampled_from((0.0, 0.2, 1.0)),
            "total_iters": lengths,
        }
    )
    ExponentialLR = st.fixed_dictionaries({"gamma": factors})
    PolynomialLR = st.fixed_dictionaries(
        {"total_iters": lengths, "power": st.sampled_from((0.5, 1.0, 2.0, 3.0))}
    )
    CosineAnnealingLR = st.fixed_dictionaries(
        {"T_max": lengths, "eta_min": st.sampled_from((0.0, 0.001, 0.02))}
    )
    CosineAnnealingWarmRestarts = st.fixed_dictionaries(
        {
            "T_0": lengths,
            "T_mult": st.integers(1, 3),
            "eta_min": st.sampled_from((0.0, 0.001)),
        }
    )
    LambdaLR = st.fixed_dictionaries(
        {"lr_lambda": st.sampled_from((lambda t: 0.9**t, lambda t: 1 / (1 + t)))}
    )
    MultiplicativeLR = st.fixed_dictionaries(
        {"lr_lambda": st.sampled_from((lambda t: 0.9, lambda t: 1.1 if t % 2 else 0.8))}
    )
    CyclicLR = st.fixed_dictionaries(
        {
            "base_lr": st.sampled_from((0.01, 0.1)),
            "max_lr": st.sampled_from((0.2, 1.0)),
            "step_size_up": lengths,
            "step_size_down": st.none() | lengths,
            "mode": st.sampled_from(("triangular", "triangular2", "exp_range")),
            "gamma": factors,
            "cycle_momentum": st.booleans(),
        }
    )
    OneCycleLR = st.fixed_dictionaries(
        {
            "max_lr": st.sampled_from((0.2, 1.0)),
            "total_steps": st.integers(100, 120),
            "pct_start": st.sampled_from((0.1, 0.3, 0.5)),
            "anneal_strategy": st.sampled_from(("cos", "linear")),
            "three_phase": st.booleans(),
            "cycle_momentum": st.booleans(),
        }
    )
    ReduceLROnPlateau = st.fixed_dictionaries(
        {
            "mode": st.sampled_from(("min", "max")),
            "factor": factors,
            "patience": st.integers(0, 3),
            "cooldown": st.integers(0, 2),
            "threshold_mode": st.sampled_from(("rel", "abs")),
            "min_lr": st.sampled_from((0.0, 0.01)),
        }
    )


def leaf(kind: str) -> st.SearchStrategy[Part]:
    """A scheduler of one class."""
    return getattr(Given, kind).map(lambda given: Part(kind, tuple(given.items())))


LEAF = st.sampled_from(LEAVES).flatmap(leaf)


def composed(members: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Members at once; or one after another, where torch takes single schedulers only."""
    several = st.lists(members, min_size=1, max_size=3).map(tuple)
    leaves = st.lists(LEAF, min_size=1, max_size=4).map(tuple)
    chained = several.map(lambda parts: Part("ChainedScheduler", (), parts))
    return st.one_of(chained, leaves.flatmap(_in_turn), leaves.flatmap(_in_turn))


def _in_turn(parts: tuple[Part, ...]) -> st.SearchStrategy[Part]:
    count = len(parts) - 1
    milestones = st.lists(st.integers(1, 15), min_size=count, max_size=count, unique=True)
    return milestones.map(
        lambda m: Part("SequentialLR", (("milestones", tuple(sorted(m))),), parts)
    )


LEVEL_2 = composed(LEAF)
LEVEL_3 = composed(LEAF | LEVEL_2)
NESTED = st.lists(LEAF | LEVEL_2, min_size=1, max_size=3).map(tuple).flatmap(_in_turn)
WITH_PLATEAU = (
    st.tuples(LEAF, leaf("ReduceLROnPlateau"))
    .map(lambda pair: Part("ChainedScheduler", (), pair))
    .filter(lambda part: part.members[0].kind not in CYCLES)
)
PARTS = st.integers(0, 99).flatmap(
    lambda n: (
        NESTED
        if n == 37
        else WITH_PLATEAU
        if n == 61
        else leaf("ReduceLROnPlateau")
        if 70 < n < 78
        else (LEAF, LEVEL_2, LEVEL_3)[n % 3]
    )
)


@st.composite
def plans(draw: Any, part: st.SearchStrategy[Part] = PARTS) -> Plan:
    """A whole plan."""
    parts = tuple(draw(st.lists(part, min_size=1, max_size=2)))
    events = st.one_of(
        st.tuples(st.just("step"), st.integers(1, 8)),
        st.tuples(st.just("step"), st.integers(1, 8)),
        st.tuples(st.just("metric"), st.sampled_from((0.1, 0.5, 1.0, 2.0))),
        st.tuples(st.just("jump"), st.integers(0, 30)),
        st.tuples(st.just("edit"), st.integers(0, 2), st.sampled_from((0.003, 0.05, 0.7))),
        st.tuples(st.just("resume")),
    )
    return Plan(
        adam=draw(st.booleans()),
        rates=tuple(draw(st.lists(st.sampled_from((0.1, 0.05, 1.0)), min_size=1, max_size=3))),
        tensors=draw(st.integers(0, 5)) == 0,
        parts=parts,
        events=tuple(draw(st.lists(events, min_size=1, max_size=8))),
    )
