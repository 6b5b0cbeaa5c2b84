"""`Known`: what a trace knows of a scheduler: its class, its parameters, its calls, its length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from passo.doctor.recurrence import Recurrence

# classes with an end of their own, and the parameter that says where it is
ENDS: Final = {
    "CosineAnnealingLR": "T_max",
    "OneCycleLR": "total_steps",
    "LinearLR": "total_iters",
    "PolynomialLR": "total_iters",
    "StepLR": "step_size",
    "MultiStepLR": "milestones",
}
RESTARTS: Final = {"CosineAnnealingWarmRestarts": "T_0"}  # without an end; how long its first is
FALLS: Final = 0.5  # the end over the largest value: what ends higher is a warm-up
GOES_ON: Final = ("StepLR", "MultiStepLR")  # the parameter is where the last drop is, not the end
PLATEAU: Final = "ReduceLROnPlateau"
HOUSES: Final = ("passo.", "torch.")
LOW: Final = 0.01  # of the largest value: a cosine near its end
SUDDEN: Final = 1e-4  # of the largest value, shortly before: what fades out has no end
FAR: Final = 0.5  # of the times looked at: what settles later never really does


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One scheduler, and those inside it.

    `classes` are its own and those above it, each with its module; `future` is what its function
    gives, and would have given had the run gone on; `made` counts the updates of the run; `usual`
    is what the optimizer's class takes for a momentum.
    """

    number: int
    classes: tuple[tuple[str, str], ...]
    given: Mapping[str, Any]
    named: tuple[str, ...]
    plan: Mapping[str, Any]
    inside: tuple[int, ...]
    parts: tuple[Known, ...]
    reads_rate: bool | None
    begun: int
    start: float
    before: Mapping[str, float]
    after: Mapping[str, float]
    where: str
    advances: tuple[Recurrence, ...]
    position: float
    future: Sequence[Sequence[float]]
    made: int
    usual: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its class."""
        return self.classes[0][1]

    @property
    def family(self) -> tuple[str, ...]:
        """The classes that it inherits from."""
        return tuple(name for _, name in self.classes[1:])

    @property
    def hits(self) -> int:
        """How often it was advanced."""
        return sum(each.hits for each in self.advances)

    @property
    def clocks(self) -> int:
        """At how many clocks it was advanced: where several lines do, those of the busiest."""
        sites: dict[str, int] = {}
        for each in self.advances:
            site = str(each.detail.get("where"))
            sites[site] = sites.get(site, 0) + each.times
        return max(sites.values(), default=0)

    @property
    def often(self) -> float:
        """How far it usually came where it was advanced: the lines that do so regularly together.

        A line that wound a schedule forward once counts for nothing.
        """
        sites: dict[str, list[Recurrence]] = {}
        for each in self.advances:
            sites.setdefault(str(each.detail.get("where")), []).append(each)
        usual = 0.0
        for several in sites.values():
            times = sum(each.times for each in several)
            if 2 * times >= self.clocks:
                most = max(several, key=lambda each: each.times)
                usual += most.each or sum(each.hits for each in several) / times
        return usual * min(1.0, self.gained / self.hits) if self.hits else 0.0

    @property
    def span(self) -> tuple[int, int]:
        """The clocks of its first and of its last advance."""
        begins = min((each.begin for each in self.advances), default=self.begun)
        return begins, max((each.end for each in self.advances), default=self.begun)

    @property
    def updates(self) -> int:
        """How many updates were made since it was built."""
        return self.made - self.begun

    @property
    def call(self) -> str:
        """The line that advances it, or that built it."""
        site = max(self.advances, key=lambda each: each.hits, default=None)
        return self.where if site is None else str(site.detail.get("where", self.where))

    @property
    def trainer(self) -> str | None:
        """Whose line advances it, where that is a trainer's."""
        return next(
            (each.detail["trainer"] for each in self.advances if "trainer" in each.detail), None
        )

    @property
    def per_epoch(self) -> float | None:
        """How many updates its trainer makes of an epoch."""
        told = (each.detail.get("per_epoch") for each in self.advances)
        return next((each for each in told if isinstance(each, (int, float)) and each > 0), None)

    @property
    def plateau(self) -> bool:
        """Whether it waits for a metric."""
        return self.is_a(PLATEAU) is not None

    @property
    def follows_torch(self) -> bool:
        """Whether its plateau is torch's: the nearest of that name above it, here or in torch."""
        homes = (home for home, name in self.classes if name == PLATEAU)
        return next((each for each in homes if each.startswith(HOUSES)), "").startswith("torch.")

    @property
    def gained(self) -> float:
        """How far it came."""
        return self.position - self.start

    @property
    def used(self) -> float:
        """The position whose value the last update used."""
        late = [each for each in self.advances if each.end >= self.made]
        hits = self.hits
        if not late or not hits:
            return self.position
        return self.position - sum(each.each or 1 for each in late) * self.gained / hits

    @property
    def pace(self) -> float:
        """How many updates passed for each of its advances, up to the last one."""
        return (self.span[1] - self.begun) / self.gained if self.gained > 0 else float("inf")

    def gained_by(self, update: int) -> float:
        """How far it had come when an update was made."""
        hits = 0.0
        for each in self.advances:
            share = (update - each.begin) / max(1, each.end - each.begin)
            hits += each.hits * min(1.0, max(0.0, share)) if each.begin <= update else 0
        return hits * self.gained / self.hits if self.hits else 0.0

    def wrote(self, by: Any) -> bool:
        """Whether a writer of the rate, as a turn names it, is this one or one inside."""
        number = by[0] if isinstance(by, (list, tuple)) else by
        return number == self.number or number in self.inside

    def is_a(self, *names: str) -> str | None:
        """The first of these classes that it is of."""
        return next((name for name in (self.kind, *self.family) if name in names), None)

    @property
    def length(self) -> float | None:
        """How many advances its plan is long; None where nobody can know."""
        found = [offset + end for leaf, offset in self.leaves() if (end := leaf.own_length)]
        return max(found, default=None)

    @property
    def own_length(self) -> float | None:
        """The length that its own parameters say."""
        if isinstance(self.partial.get("num_training_steps"), int):
            return float(self.partial["num_training_steps"])
        if self.is_a("LambdaLR"):
            return settled(self.future, self.position)
        kind = self.is_a(*ENDS)
        if kind == "LinearLR" and not self.falls:
            return None
        value = None if kind is None else self._parameter(ENDS[kind])
        if isinstance(value, (list, tuple)):
            value = max((each for each in value if isinstance(each, (int, float))), default=None)
        return float(value) if isinstance(value, (int, float)) and value > 0 else None

    def lasting(self, advances: float) -> str:
        """What to write for a plan of so many advances."""
        named = {**ENDS, **RESTARTS}
        kind = None if self.inside else self.is_a(*named)
        if kind is not None:
            return f"{named[kind]}{' below ' if kind in GOES_ON else '='}{advances:.0f}"
        partial = self.given.get("lr_lambda")
        if isinstance(partial, dict) and "num_training_steps" in partial:
            return f"num_training_steps={advances:.0f}"
        return f"a length of {advances:.0f}"

    @property
    def partial(self) -> Mapping[str, Any]:
        """What the function of a LambdaLR was given, where it is a `functools.partial`."""
        found = self.given.get("lr_lambda")
        return found if isinstance(found, dict) else {}

    @property
    def rises_until(self) -> float | None:
        """How many advances a warm-up of LinearLR or transformers, or CyclicLR's rise, is long."""
        if self.is_a("CyclicLR"):
            rise = self.given.get("step_size_up")
            return float(rise) if isinstance(rise, (int, float)) else None
        warmup = self.partial.get("num_warmup_steps")
        if isinstance(warmup, (int, float)) and warmup > 0:
            return float(warmup)
        value = self._parameter("total_iters") if self.is_a("LinearLR") else None
        ends = [self._parameter(name) for name in ("start_factor", "end_factor")]
        known = all(isinstance(each, (int, float)) for each in ends)
        rises = known and ends[1] > ends[0]
        return float(value) if rises and isinstance(value, (int, float)) else None

    @property
    def anneals(self) -> tuple[float, float] | None:
        """How many advances SWALR takes to the rate that the averaging is for, and that rate."""
        if not self.is_a("SWALR"):
            return None
        over, goal = self._parameter("anneal_epochs"), self.given.get("swa_lr")
        if isinstance(over, (int, float)) and isinstance(goal, (int, float)):
            return float(over), float(goal)
        return None

    @property
    def first_cycle(self) -> float | None:
        """How many advances the first cycle of restarts without an end is long."""
        kind = None if self.inside else self.is_a(*RESTARTS)
        first = None if kind is None else self._parameter(RESTARTS[kind])
        return float(first) if isinstance(first, (int, float)) else None

    @property
    def first_fall(self) -> float | None:
        """The advance at which a staircase that stands alone falls first."""
        if self.inside or not self.is_a("StepLR", "MultiStepLR"):
            return None
        value = self._parameter("step_size" if self.is_a("StepLR") else "milestones")
        falls = value if isinstance(value, (list, tuple)) else [value]
        return min((float(e) for e in falls if isinstance(e, (int, float))), default=None)

    @property
    def falls(self) -> bool:
        """Whether it ends low: what ends high is a warm-up."""
        if self.is_a("LinearLR"):
            ends = [self._parameter(name) for name in ("start_factor", "end_factor")]
            return all(isinstance(each, (int, float)) for each in ends) and ends[1] < ends[0]
        values = [value for _, value in self.future]
        return not values or values[-1] <= FALLS * max(values)

    @property
    def goes_on(self) -> bool:
        """Whether it may do more after its length: the next drop of a staircase."""
        return any(leaf.is_a(*GOES_ON) for leaf, _ in self.leaves())

    def _parameter(self, name: str) -> Any:
        return self.plan.get(name, self.given.get(name))

    @property
    def milestones(self) -> list[float]:
        """Where a sequence hands over."""
        found = self.plan.get("_milestones", self.given.get("milestones")) or ()
        return [each for each in found if isinstance(each, (int, float))] if self.inside else []

    def leaves(self, offset: float = 0.0) -> Iterator[tuple[Known, float]]:
        """The schedulers at work at its end, each with the advance at which it began."""
        if not self.inside:
            yield self, offset
            return
        last = self.parts[-1:] if self.milestones or len(self.inside) == 1 else self.parts
        for part in last:
            yield from part.leaves(offset + (self.milestones[-1] if self.milestones else 0.0))


def settled(values: Sequence[Sequence[float]], position: float) -> float | None:
    """From when on it gives one value for ever, or is down at nothing; None where it never does.

    >>> settled([[t, max(0.0, 1 - t / 10)] for t in range(2000)], 5)
    10.0
    """
    found = _trough(values, position)
    if found is not None:
        return found
    if len(values) < 3 or values[-1][0] < 100 * max(1, position):
        return None
    end = values[-1][1]
    moving = max((k for k, (_, value) in enumerate(values) if value != end), default=-1)
    if moving < 0 or moving + 2 >= len(values) or values[moving + 1][0] > FAR * values[-1][0]:
        return None
    (a, va), (b, _) = values[moving], values[moving + 1]
    if abs(va - end) < SUDDEN * max(abs(value) for _, value in values):
        return None
    before, early = values[moving - 1] if moving else (a, va)
    slope = (va - early) / (a - before) if a > before else 0.0
    crossing = a + (end - va) / slope if slope else b
    return float(min(max(crossing, a), b))


def _trough(values: Sequence[Sequence[float]], position: float) -> float | None:
    """Where it comes down to nothing and climbs again, if that lies ahead."""
    most = max((value for _, value in values), default=0.0)
    for (_, a), (time, b), (_, c) in zip(values, values[1:], values[2:]):  # noqa: B905
        if a > b < c and b <= LOW * most and c > 0:
            return float(time) if time > position + 1 else None
    return None
