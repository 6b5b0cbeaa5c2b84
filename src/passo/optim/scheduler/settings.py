"""What `attach` was told besides the plan, checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from passo.ground.checks import brief, real, truth
from passo.optim.ground.caller import Caller, caller
from passo.schedules import PassoError, Run, Schedule
from passo.schedules.algebra.atoms import as_schedule

if TYPE_CHECKING:
    from passo.optim.scheduler.cooling import CoolDown

OnChange = Literal["error", "keep", "replace", "rescale"]
CountedBy = Literal["hook", "calls"]
Join = Literal["from_start", "now"]
Watched = Literal["ranks"]
LastLr = Literal["next", "used"]
Base = float | Mapping[str, float | Sequence[float]]


@dataclass(slots=True)
class Settings:
    """How a Scheduler counts, joins, loads and watches.

    `cooldown` is what ends it on demand, `part` its name among several, `over` the scheduler that
    it puts to rest, `caller` who asked for it.
    """

    run: Run | None
    bases: Mapping[str, Any]
    values: Mapping[str, Schedule]
    on_change: OnChange = "error"
    clock: CountedBy = "hook"
    join: Join = "from_start"
    strict: bool = False
    watch: Watched | None = None
    carry: bool = True
    last_lr: LastLr = "next"
    over: Any = None
    cooldown: CoolDown | None = None
    part: str = ""
    caller: Caller = field(default_factory=caller)

    def __post_init__(self) -> None:
        if self.run is not None and not isinstance(self.run, Run):
            msg = f"run must be a Run, got {brief(self.run)}; write Run.of(len(loader), epochs=90)"
            raise PassoError(msg)
        _one_of(self.on_change, get_args(OnChange), "on_change")
        _one_of(self.clock, get_args(CountedBy), "clock")
        _one_of(self.join, get_args(Join), "join")
        _one_of(self.last_lr, get_args(LastLr), "last_lr")
        _one_of(self.watch, (None, *get_args(Watched)), "watch")
        for name in ("carry", "strict"):
            truth(getattr(self, name), name)
        if self.strict and self.run is None:
            call = self.caller.with_run(", strict=True")
            msg = f"strict=True stops at the end of the run; write {call}"
            raise PassoError(msg)

    def spot(self, place: int | str | None) -> str:
        """A param group by its place, and by its optimizer where there are several."""
        return f"{place} of {self.part!r}" if self.part else f"{place}"

    @property
    def axis(self) -> str:
        """What the clock's position is counted in."""
        return "step" if self.run is None else self.run.axis

    @property
    def end(self) -> float | None:
        """Where the run is over on its axis; a cooldown ends it."""
        return end_of(self.run) if self.cooldown is None else self.cooldown.until

    @property
    def whole(self) -> str:
        """What ends there, as code."""
        return repr(self.run) if self.cooldown is None else self.cooldown.code

    def cooling(self, key: str) -> CoolDown | None:
        """The cooldown of one key."""
        one = self.cooldown
        return one if one is not None and one.key == key else None

    @property
    def fixed(self) -> bool:
        """Whether the run says what one update consumes; if not, `count` has to."""
        rates = {"token": "tokens_per_step", "sample": "samples_per_step"}
        return self.run is None or getattr(self.run, rates.get(self.axis, ""), True) is not None


def end_of(run: Run | None) -> float | None:
    """Where a run ends on its axis.

    >>> from passo import Run, steps
    >>> end_of(Run(steps(100)))
    100.0
    """
    return None if run is None else float(run.measure(run.length))


def as_bases(
    base: Base | None, plan: Mapping[str, Any], groups: Sequence[Any]
) -> Mapping[str, Any]:
    """The bases that were given, by key; for each key a number, or one for each group."""
    if base is None:
        return MappingProxyType({})
    given: dict[str, Any] = dict(base) if isinstance(base, Mapping) else {"lr": base}
    for key, value in given.items():
        if key not in plan:
            known = ", ".join(plan) or "nothing"
            msg = f"base names {brief(key)}, which the plan does not; it names {known}"
            raise PassoError(msg)
        if isinstance(value, (list, tuple)):
            if len(value) != len(groups):
                msg = (
                    f"base of {key!r} needs a number for each param group, got {len(value)} for "
                    f"{len(groups)}; write base={{{key!r}: {[0.1] * min(len(groups), 9)}}}, or "
                    f"base={{{key!r}: 0.1}} for all of them"
                )
                raise PassoError(msg)
            given[key] = [real(each, f"base of {key!r}") for each in value]
        else:
            given[key] = real(value, f"base of {key!r}")
    return MappingProxyType(given)


def bases_of(bases: Mapping[str, Any], begin: int, end: int) -> Mapping[str, Any]:
    """Those of one optimizer among several, whose groups have these places among all.

    >>> dict(bases_of({"lr": [0.1, 0.2, 0.3], "momentum": 0.9}, 1, 3))
    {'lr': [0.2, 0.3], 'momentum': 0.9}
    """
    lists = {key: base[begin:end] for key, base in bases.items() if isinstance(base, (list, tuple))}
    return MappingProxyType({**bases, **lists})


def one_for_all(bases: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bases that count for groups that join later: a list was for those that were there.

    >>> dict(one_for_all({"lr": [0.1, 0.2], "momentum": 0.9}))
    {'momentum': 0.9}
    """
    kept = {key: base for key, base in bases.items() if not isinstance(base, (list, tuple))}
    return MappingProxyType(kept)


def as_values(values: Mapping[str, Schedule | float] | None) -> Mapping[str, Schedule]:
    """The schedules of numbers that no group holds."""
    if values is None:
        return MappingProxyType({})
    if not isinstance(values, Mapping):
        msg = f'values must be a mapping such as {{"batch_size": schedule}}, got {brief(values)}'
        raise PassoError(msg)
    made = {key: as_schedule(value, brief(key)) for key, value in values.items()}
    for key, schedule in made.items():
        if schedule.relative:
            msg = f"the value {key!r} has no base: write numbers in {schedule!r}"
            raise PassoError(msg)
    return MappingProxyType(made)


def _one_of(value: object, allowed: tuple[str | None, ...], name: str) -> None:
    if value not in allowed:
        msg = f"{name} must be one of {', '.join(map(repr, allowed))}, got {brief(value)}"
        raise PassoError(msg)
