"""Short trainings drawn at random: a plan, an optimizer, what happens in it, and where it dies."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from io import BytesIO
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st

import passo
from passo import Constant, Cosine, Linear, Plateau, Run, Table, base, rest, steps
from passo.optim import attach, by_group, tensorize
from passo.optim.ground.fields import names
from passo.schedules import Schedule, Span
from tests.torches import OLD_TORCH

passo.register("a wave of a test")(lambda t: 0.1 + 0.01 * (t % 3))

DENSE = {
    "Adadelta": partial(torch.optim.Adadelta, lr=1.0),
    "Adafactor": torch.optim.Adafactor,
    "Adagrad": torch.optim.Adagrad,
    "Adam": torch.optim.Adam,
    "Adam, amsgrad": partial(torch.optim.Adam, amsgrad=True),
    "Adam, foreach": partial(torch.optim.Adam, foreach=True),
    "Adam, fused": partial(torch.optim.Adam, fused=True),
    "AdamW": torch.optim.AdamW,
    "AdamW, fused": partial(torch.optim.AdamW, fused=True),
    "Adamax": torch.optim.Adamax,
    "ASGD": torch.optim.ASGD,
    "LBFGS": partial(torch.optim.LBFGS, max_iter=3),
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "RMSprop": partial(torch.optim.RMSprop, momentum=0.5),
    "Rprop": torch.optim.Rprop,
    "SGD": torch.optim.SGD,
    "SGD, fused": partial(torch.optim.SGD, momentum=0.9, fused=True),
    "SGD, momentum": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
}
if not OLD_TORCH:
    DENSE["Muon"] = torch.optim.Muon
TENSORS = ("Adam", "Adam, amsgrad", "Adam, fused", "AdamW", "NAdam", "RAdam", "SGD")
DRIVEN = ("lr", "weight_decay", "momentum", "betas[1]", "eps")


class Event(NamedTuple):
    """What happens between two calls of the optimizer: an update, or a step that is none."""

    kind: str = "update"
    batches: int = 1
    tokens: int = 10
    reports: tuple[dict[str, float], ...] = ()


class Journey(NamedTuple):
    """One training, the place where it dies, and how it is brought back."""

    optimizer: str
    tensor: bool
    plan: dict[str, Any]
    run: Run
    counted: bool
    events: tuple[Event, ...]
    killed: int
    order: str
    carrier: str
    habits: frozenset[str]


@lru_cache(maxsize=64)
def recipes(span: Span) -> dict[str, Schedule]:
    """Every recipe, and what recipes do not say, with `span` as the duration that it takes."""
    made = {
        "cosine_decay": passo.cosine_decay(floor=0.001),
        "cyclic": passo.cyclic(0.01, rise=span, mode="triangular2"),
        "exponential_decay": passo.exponential_decay(0.7, every=span),
        "inverse_sqrt": passo.inverse_sqrt(warmup=span),
        "multistep_decay": passo.multistep_decay([span, 2 * span], gamma=0.3),
        "one_cycle": passo.one_cycle(phases=3),
        "polynomial_decay": passo.polynomial_decay(power=2.0),
        "step_decay": passo.step_decay(span, gamma=0.5),
        "warm_restarts": passo.warm_restarts(first=span, grow=2.0, shrink=0.8),
        "warmup_constant": passo.warmup_constant(warmup=span),
        "warmup_cosine": passo.warmup_cosine(warmup=span),
        "warmup_linear": passo.warmup_linear(warmup=span, floor=0.01 * base),
        "wsd": passo.wsd(warmup=span, shape="1-sqrt"),
        "absolute": Linear(0.2, 0.02, 2 * span),
        "branched": passo.wsd(warmup=span).until(2 * span).then(Cosine(base, 0.0, rest)),
        "clipped": passo.cosine_decay().clip(low=0.02).staircase(span),
    }
    if span.unit == "steps":
        made["noam"] = passo.noam(16, warmup=span)
        made["function"] = base * passo.Function("a wave of a test")
    return made


@st.composite
def rules(draw: Any) -> Plateau:
    """A plateau that falls soon."""
    return Plateau(
        draw(st.sampled_from(["loss", "error"])),
        mode=draw(st.sampled_from(["min", "max"])),
        factor=draw(st.sampled_from([0.5, 0.1])),
        patience=draw(st.sampled_from([0, 1, 2])),
        threshold_mode=draw(st.sampled_from(["rel", "abs"])),
        cooldown=draw(st.sampled_from([0, 1, 3])),
        floor=draw(st.sampled_from([0.0, 0.2])),
    )


@st.composite
def rates(draw: Any, spans: list[Span]) -> Schedule:
    """A schedule for the lr: a recipe, often with a plateau beside it or after it."""
    span = draw(st.sampled_from(spans))
    known = recipes(span)
    shape = known[draw(st.sampled_from(sorted(known)))]
    how = draw(st.sampled_from(["plain", "times", "times", "twice", "after"]))
    if how == "plain":
        return shape
    rule = draw(rules())
    if how == "after":
        return Linear(0.1 * base, base, span).then(base * rule)
    return shape * rule * draw(rules()) if how == "twice" else shape * rule


@lru_cache
def drivable(kind: str) -> set[str]:
    """The fields that an optimizer of that kind has."""
    return set(names(optimizer(kind, tensor=False).param_groups[0]))


@st.composite
def plans(draw: Any, kind: str, spans: list[Span]) -> dict[str, Any]:
    """The lr by one schedule or by group, and some of the other fields that the kind has."""
    lr: Any = draw(rates(spans))
    if kind != "LBFGS" and draw(st.booleans()):
        other = draw(st.none() | rates(spans))
        lr = by_group({"a": lr}, others=other)
    others = {
        "weight_decay": Linear(0.1, 0.0, rest),
        "momentum": passo.one_cycle_momentum(),
        "betas[1]": Linear(0.9, 0.99, rest),
        "eps": Constant(1e-6) * draw(rules()),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(set(others) & drivable(kind)) or ["lr"])))
    return {"lr": lr, **{key: others[key] for key in sorted(chosen - {"lr"})}}


metrics = st.sampled_from([1.0, 1.0, 0.9, 1.1, -0.5, float("nan")])
reports = st.lists(
    st.fixed_dictionaries({"loss": metrics}, optional={"error": metrics}), max_size=2
)
events = st.builds(
    Event,
    st.sampled_from(["update", "update", "update", "empty", "overflow"]),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([10, 10, 5, 20]),
    st.one_of(st.just([]), reports).map(tuple),
)
HABITS = ("loads twice", "ran before", "other rate", "a free value")


@st.composite
def journeys(draw: Any, order: str) -> Journey:
    """A training of a dozen steps or less."""
    kind = draw(st.sampled_from(sorted(DENSE)))
    axis = draw(st.sampled_from(["step", "step", "token", "counted"]))
    if axis == "step":
        spans = [steps(3), passo.epochs(1), passo.percent(25), passo.tokens(25)]
        run = Run(steps(draw(st.sampled_from([9, 12]))), steps_per_epoch=4, tokens_per_step=10)
    else:
        spans = [passo.tokens(30), passo.percent(25)]
        fixed = draw(st.sampled_from([None, 10])) if axis == "counted" else 10
        run = Run(passo.tokens(100), tokens_per_step=fixed, axis="token")
    happened = tuple(draw(st.lists(events, min_size=2, max_size=9)))
    return Journey(
        kind,
        kind in TENSORS and draw(st.booleans()),
        draw(plans(kind, spans)),
        run,
        axis == "counted",
        happened,
        draw(st.integers(0, len(happened))),
        order,
        draw(st.sampled_from(["torch", "json"])),
        frozenset(draw(st.sets(st.sampled_from(HABITS)))),
    )


def optimizer(kind: str, *, tensor: bool, lr: float = 0.1) -> Any:
    """An optimizer of that kind over one or two small matrices."""
    groups = [{"params": [torch.nn.Parameter(torch.full((2, 2), 0.5))], "name": "a"}]
    if kind != "LBFGS":
        groups.append({"params": [torch.nn.Parameter(torch.eye(2))], "name": "b"})
    made = DENSE[kind](groups)
    for k, group in enumerate(made.param_groups):
        group["lr"] = lr / (k + 1)
    return tensorize(made) if tensor else made


class Training:
    """A journey on its way: the optimizer, the Scheduler, and what was used so far."""

    def __init__(self, journey: Journey, lr: float = 0.1) -> None:
        self.journey = journey
        self.optimizer = optimizer(journey.optimizer, tensor=journey.tensor, lr=lr)
        self.scheduler: Any = None
        self.used: list[Any] = []

    @property
    def weights(self) -> list[Any]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def attach(self) -> None:
        free = {"size": Table([(steps(0), 8.0), (steps(4), 16.0)], "step")}
        on_steps = self.journey.run.axis == "step"
        self.scheduler = attach(
            self.optimizer,
            self.journey.plan,
            self.journey.run,
            values=free if on_steps and "a free value" in self.journey.habits else None,
            on_change="keep" if "other rate" in self.journey.habits else "error",
        )

    def play(self, first: int, last: int) -> None:
        for k in range(first, last):
            event = self.journey.events[k]
            self.used.append([k, self.scheduler.values(), self.held()])
            if self.journey.counted and event.kind == "update":
                self.scheduler.count(tokens=event.tokens)
            self._step(event, k)
            for report in event.reports:
                self.scheduler.report(report)

    def held(self) -> list[Any]:
        """Every number in the groups, as it is there."""
        return [
            [float(v) for v in (group["lr"], *group.get("betas", ()))]
            + [group.get(key) for key in DRIVEN[1:]]
            for group in self.optimizer.param_groups
        ]

    def _step(self, event: Event, k: int) -> None:
        fused = bool(self.optimizer.param_groups[0].get("fused"))
        if event.kind == "empty":
            for weight in self.weights:
                weight.grad = None
            self.optimizer.step(lambda: torch.tensor(0.0))
        elif event.kind == "update":
            self.optimizer.step(lambda: self._gradients(event, k))
        elif fused and self._overflows_well():
            self._gradients(event, k)
            self.optimizer.grad_scale, self.optimizer.found_inf = None, torch.tensor(1.0)
            self.optimizer.step()
            del self.optimizer.grad_scale, self.optimizer.found_inf

    def _overflows_well(self) -> bool:
        """Fused SGD leaves its momentum uninitialized when its first step overflows."""
        state = self.optimizer.state.get(self.weights[0], {})
        return "momentum" not in self.optimizer.defaults or state.get("momentum_buffer") is not None

    def _gradients(self, event: Event, k: int) -> torch.Tensor:
        for weight in self.weights:
            weight.grad = torch.zeros_like(weight)
            for batch in range(event.batches):
                weight.grad += torch.sin(weight.detach() * (batch + 1) + 0.3 * k)
        return torch.stack([weight.detach().cos().sum() for weight in self.weights]).sum()

    def save(self) -> tuple[bytes, str | None]:
        """All that a later process needs, as bytes."""
        parts = {"weights": [w.detach() for w in self.weights]}
        parts["optimizer"] = self.optimizer.state_dict()
        told = self.scheduler.state_dict()
        if self.journey.carrier == "torch":
            parts["scheduler"] = told
        torch.save(parts, held := BytesIO())
        return held.getvalue(), json.dumps(told) if self.journey.carrier == "json" else None

    def load(self, saved: tuple[bytes, str | None], order: str) -> None:
        """Back from bytes, in an order: load (o)ptimizer, (a)ttach, load (s)cheduler."""
        parts = torch.load(BytesIO(saved[0]), weights_only=True)
        told = parts["scheduler"] if saved[1] is None else json.loads(saved[1])
        for weight, was in zip(self.weights, parts["weights"], strict=True):
            weight.data.copy_(was)
        for letter in order:
            if letter == "o":
                self.optimizer.load_state_dict(parts["optimizer"])
            elif letter == "a" and self.scheduler is None:
                self.attach()
            elif letter == "s":
                self.scheduler.load_state_dict(told)

    def ends_as(self) -> list[Any]:
        """All that must not depend on the interruption."""
        weights = [weight.detach().numpy().tobytes() for weight in self.weights]
        return [weights, self.held(), self.scheduler.values(), self.scheduler.state_dict()]
