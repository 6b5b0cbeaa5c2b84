"""What `attach` was told besides the plan, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, real
from passo.schedules import PassoError, Run, Schedule
from passo.schedules.algebra.atoms import as_schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

ON_CHANGE: Final = ("error", "keep", "replace", "rescale")
_CLOCKS: Final = ("hook", "calls")
_JOINS: Final = ("from_start", "now")
_WATCHES: Final = (None, "ranks")


@dataclass(slots=True)
class Settings:
    """How a Scheduler counts, joins, loads and watches."""

    run: Run | None
    bases: Mapping[str, Any]
    values: Mapping[str, Schedule]
    on_change: str = "error"
    clock: str = "hook"
    join: str = "from_start"
    strict: bool = False
    watch: str | None = None

    def __post_init__(self) -> None:
        if self.run is not None and not isinstance(self.run, Run):
            msg = f"run must be a Run, got {brief(self.run)}; write Run.of(len(loader), epochs=90)"
            raise PassoError(msg)
        _one_of(self.on_change, ON_CHANGE, "on_change")
        _one_of(self.clock, _CLOCKS, "clock")
        _one_of(self.join, _JOINS, "join")
        _one_of(self.watch, _WATCHES, "watch")
        if self.strict and self.run is None:
            msg = "strict=True stops at the end of the run; write attach(..., run, strict=True)"
            raise PassoError(msg)

    @property
    def axis(self) -> str:
        """What the clock's position is counted in."""
        return "step" if self.run is None else self.run.axis

    @property
    def fixed(self) -> bool:
        """Whether the run says what one update consumes; if not, `count` has to."""
        rates = {"token": "tokens_per_step", "sample": "samples_per_step"}
        return self.run is None or getattr(self.run, rates.get(self.axis, ""), True) is not None


def as_bases(base: Any, plan: Mapping[str, Any], groups: Sequence[Any]) -> Mapping[str, Any]:
    """The bases that were given, by key; for each key a number, or one for each group."""
    if base is None:
        return MappingProxyType({})
    given = dict(base) if isinstance(base, Mapping) else {"lr": base}
    for key, value in given.items():
        if key not in plan:
            msg = f"base names {key!r}, which the plan does not; it names {', '.join(plan)}"
            raise PassoError(msg)
        if isinstance(value, (list, tuple)):
            if len(value) != len(groups):
                msg = f"base of {key!r} has {len(value)} numbers for {len(groups)} param groups"
                raise PassoError(msg)
            given[key] = [real(each, f"base of {key!r}") for each in value]
        else:
            given[key] = real(value, f"base of {key!r}")
    return MappingProxyType(given)


def as_values(values: Mapping[str, Any] | None) -> Mapping[str, Schedule]:
    """The schedules of numbers that no group holds."""
    if values is None:
        return MappingProxyType({})
    if not isinstance(values, Mapping):
        msg = f'values must be a mapping such as {{"batch_size": schedule}}, got {brief(values)}'
        raise PassoError(msg)
    made = {key: as_schedule(value, repr(key)) for key, value in values.items()}
    for key, schedule in made.items():
        if schedule.relative:
            msg = f"the value {key!r} has no base: write numbers in {schedule!r}"
            raise PassoError(msg)
    return MappingProxyType(made)


def _one_of(value: object, allowed: tuple[str | None, ...], name: str) -> None:
    if value not in allowed or isinstance(value, bool):
        msg = f"{name} must be one of {', '.join(map(repr, allowed))}, got {brief(value)}"
        raise PassoError(msg)
