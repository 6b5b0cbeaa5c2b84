"""What a trace knows of a scheduler: its class, its parameters, its calls, its length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.settling import settled

if TYPE_CHECKING:
    from passo.doctor.case import Case
    from passo.doctor.recurrence import Stretch

# classes with an end of their own, and the parameter that says where it is
ENDS: Final = {
    "CosineAnnealingLR": "T_max",
    "OneCycleLR": "total_steps",
    "LinearLR": "total_iters",
    "PolynomialLR": "total_iters",
    "StepLR": "step_size",
    "MultiStepLR": "milestones",
}
FALLS: Final = 0.5  # the end over the largest value: what ends higher is a warm-up
GOES_ON: Final = ("StepLR", "MultiStepLR")  # the parameter is where the last drop is, not the end


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One scheduler."""

    number: int
    kind: str
    family: tuple[str, ...]
    given: Mapping[str, Any]
    named: tuple[str, ...]
    plan: Mapping[str, Any]
    inside: tuple[int, ...]
    reads_rate: bool | None
    begun: int
    start: float
    before: Mapping[str, float]
    after: Mapping[str, float]
    where: str
    advances: tuple[Stretch, ...]
    position: float
    case: Case

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
        sites: dict[str, list[Stretch]] = {}
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
        return self.case.updates - self.begun

    @property
    def call(self) -> str:
        """The line that advances it, or that built it."""
        site = max(self.advances, key=lambda each: each.hits, default=None)
        return self.where if site is None else str(site.detail.get("where", self.where))

    @property
    def plateau(self) -> bool:
        """Whether it waits for a metric."""
        return "ReduceLROnPlateau" in (self.kind, *self.family)

    @property
    def gained(self) -> float:
        """How far it came."""
        return self.position - self.start

    @property
    def used(self) -> float:
        """The position whose value the last update used."""
        late = [each for each in self.advances if each.end >= self.case.updates]
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
        kind = None if self.inside else self.is_a(*ENDS)
        if kind is not None:
            return f"{ENDS[kind]}{' below ' if kind in GOES_ON else '='}{advances:.0f}"
        partial = self.given.get("lr_lambda")
        if isinstance(partial, dict) and "num_training_steps" in partial:
            return f"num_training_steps={advances:.0f}"
        return f"a length of {advances:,.0f}"

    @property
    def partial(self) -> Mapping[str, Any]:
        """What the function of a LambdaLR was given, where it is a `functools.partial`."""
        found = self.given.get("lr_lambda")
        return found if isinstance(found, dict) else {}

    @property
    def rises_until(self) -> float | None:
        """How many advances a warm-up of LinearLR, or of transformers, is long."""
        warmup = self.partial.get("num_warmup_steps")
        if isinstance(warmup, (int, float)) and warmup > 0:
            return float(warmup)
        value = self._parameter("total_iters") if self.is_a("LinearLR") else None
        ends = [self._parameter(name) for name in ("start_factor", "end_factor")]
        known = all(isinstance(each, (int, float)) for each in ends)
        rises = known and ends[1] > ends[0]
        return float(value) if rises and isinstance(value, (int, float)) else None

    @property
    def first_fall(self) -> float | None:
        """The advance at which a staircase that stands alone falls first."""
        if self.inside or not self.is_a("StepLR", "MultiStepLR"):
            return None
        value = self._parameter("step_size" if self.is_a("StepLR") else "milestones")
        falls = value if isinstance(value, (list, tuple)) else [value]
        return min((float(e) for e in falls if isinstance(e, (int, float))), default=None)

    @property
    def future(self) -> list[list[float]]:
        """What its function gives, and would have given had the run gone on."""
        for event in self.case.events("future"):
            if event.detail["scheduler"] == self.number:
                return [each for each in event.detail["values"] if isinstance(each[1], float)]
        return []

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

    @property
    def parts(self) -> list[Known]:
        """The schedulers inside."""
        found = [self.case.by_number(number) for number in self.inside]
        return [each for each in found if each is not None]

    def leaves(self, offset: float = 0.0) -> Iterator[tuple[Known, float]]:
        """The schedulers at work at its end, each with the advance at which it began."""
        if not self.inside:
            yield self, offset
            return
        last = self.parts[-1:] if self.milestones or len(self.inside) == 1 else self.parts
        for part in last:
            yield from part.leaves(offset + (self.milestones[-1] if self.milestones else 0.0))
