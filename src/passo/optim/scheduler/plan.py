"""A plan: which field of which param group follows which schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from passo.ground.checks import brief
from passo.ground.errors import closest
from passo.optim.ground.advice import are_numbers, no_schedule, shown
from passo.optim.ground.caller import caller
from passo.optim.ground.fields import Field, find
from passo.schedules import NeedsRun, PassoError, Run, Schedule
from passo.schedules.algebra.atoms import as_schedule
from passo.schedules.shapes.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passo.optim.scheduler.settings import Settings

_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class ByGroup:
    """A schedule for each param group, by the group's "name"; made by `by_group`."""

    schedules: Mapping[str, Schedule | None]
    others: Any = _MISSING

    @property
    def has_others(self) -> bool:
        """Whether groups that are not named are spoken for.

        >>> by_group({"head": 0.1}, others=None).has_others
        True
        """
        return self.others is not _MISSING

    def choose(self, group: dict[str, Any], place: int, part: str = "") -> Schedule | None:
        """The schedule of one group; None leaves the group alone on purpose.

        `part` is the name of its optimizer among several, which stands for all its groups.
        """
        name: Any = group.get("name")
        if name not in self.schedules and part in self.schedules:
            name = part
        if name in self.schedules:
            return self.schedules[name]
        if self.others is not _MISSING:
            return self.others  # type: ignore[no-any-return]
        first = next(iter(self.schedules))
        spot = f"{place} of {part!r}" if part else f"{place}"
        called, hint, way = f"{spot}, unnamed,", "", f'write "name": {first!r} in the group'
        if name is not None:
            called, hint = f"{spot} ({name!r})", closest(str(name), self.schedules)
            way = "name it there"
        msg = (
            f"param group {called} has no schedule in by_group("
            f"{{{', '.join(map(repr, self.schedules))}}}){hint}; {way}, or write others=... "
            "(None leaves the others alone)"
        )
        raise PassoError(msg)


def by_group(
    schedules: Mapping[str, Schedule | float | None], others: Schedule | float | None = _MISSING
) -> ByGroup:
    """Another schedule for each param group, matched on the group's "name".

    Of several optimizers the name of one stands for all its groups that are not named here.
    A group that is not named needs `others`, a schedule for all of them; None leaves a group
    alone. Raises PassoError for what is not a schedule.

    >>> from passo import Constant, base
    >>> plan = by_group({"head": base, "backbone": None}, others=0.1 * base)
    >>> plan.choose({"name": "head"}, 0), plan.choose({"name": "neck"}, 1)
    (base, 0.1 * base)
    """
    if not isinstance(schedules, Mapping) or not schedules:
        msg = f'by_group needs {{"name": schedule}}, got {shown(schedules)}'
        raise PassoError(msg)
    chosen = {name: _schedule(each, repr(name)) for name, each in schedules.items()}
    rest = others if others is _MISSING else _schedule(others, "others")
    return ByGroup(MappingProxyType(chosen), rest)


def _schedule(value: Any, name: str) -> Schedule | None:
    if value is None:
        return None
    if not isinstance(value, (Schedule, int, float)) or isinstance(value, bool):
        need = f"the plan of {name} must be a schedule or a number"
        msg = f"{need}, got {shown(value)}{no_schedule(value)}"
        raise PassoError(msg)
    if isinstance(value, Hearing):
        msg = f"the plan of {name} is only a factor; write base * {value!r}"
        raise PassoError(msg)
    return as_schedule(value, name)


Predicate = Callable[[dict[str, Any]], object]
Entry = Schedule | float | ByGroup | Sequence[tuple[Predicate, Schedule | float | None]]
Plan = Entry | Mapping[str, Entry]


def as_plan(plan: Plan | None, *, may_be_empty: bool) -> dict[str, Any]:
    """A plan as a dict from keys to a schedule, a ByGroup, or (predicate, schedule) pairs."""
    given = plan if isinstance(plan, Mapping) else {} if plan is None else {"lr": plan}
    if not given and not may_be_empty:
        msg = 'a plan names at least one field; write {"lr": warmup_cosine()}'
        raise PassoError(msg)
    return {key: _entry(key, value) for key, value in given.items()}


def _entry(key: str, value: Any) -> Any:
    if isinstance(value, ByGroup):
        return value
    if isinstance(value, (list, tuple)) and not are_numbers(value):
        return tuple(_pair(key, each) for each in value)
    schedule = _schedule(value, brief(key))
    if schedule is None:
        msg = f"the plan of {key!r} must be a schedule, got None; leave the key out"
        raise PassoError(msg)
    return schedule


def _pair(key: str, pair: Any) -> tuple[Any, Schedule | None]:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not callable(pair[0]):
        msg = f"the plan of {key!r} as a list holds (predicate, schedule) pairs, got {shown(pair)}"
        raise PassoError(msg)
    return pair[0], _schedule(pair[1], repr(key))


class Row(NamedTuple):
    """One number that a plan drives: where it is, what it follows, and from which base.

    A number that no group holds has neither place, field nor base. `slot` is what holds it.
    """

    place: int | None
    key: str
    field: Field | None
    schedule: Schedule
    base: float | None
    given: bool = False
    slot: Any = None


def rows(
    plan: Mapping[str, Any],
    groups: Sequence[dict[str, Any]],
    places: Iterable[int],
    settings: Settings,
    base_of: Callable[[str, Field, int, Any], tuple[float, bool]],
) -> list[Row]:
    """What the plan drives of the groups at these places; raises before anything is changed.

    `base_of` tells the base of a key's field at a place, of what holds it, and whether it was
    given.
    """
    found: list[Row] = []
    placed: dict[int, Schedule] = {}  # by the object: most groups follow the same one
    plain: dict[str, Field] = {}  # what a key is in each group that has a float by that name
    several = len(plan) > 1
    for place in places:
        group = groups[place]
        taken: dict[Field, str] = {}
        for key, entry in plan.items():
            schedule = _choose(entry, group, place, key, settings)
            if schedule is None:
                continue
            field = plain.get(key) if type(group.get(key)) is float else None
            if field is None:
                field = find(key, group, f"param group {settings.spot(place)}")
                if field.key == key:
                    plain[key] = field
            if several:
                _refuse_twice(field, key, taken)
            slot = field.slot(group)
            base, given = base_of(key, field, place, slot)
            if id(schedule) not in placed:
                placed[id(schedule)] = placeable(schedule, settings.run)
            found.append(Row(place, key, field, placed[id(schedule)], base, given, slot))
    return found


def _refuse_twice(field: Field, key: str, taken: dict[Field, str]) -> None:
    """Raises PassoError for a field that two keys of a plan name."""
    if field in taken:
        msg = f"the plan drives {field.name} twice, as {taken[field]!r} and as {key!r}"
        raise PassoError(msg)
    taken[field] = key


def free_rows(values: Mapping[str, Schedule], run: Run | None) -> list[Row]:
    """The same of numbers that no group holds."""
    return [Row(None, key, None, placeable(each, run), None) for key, each in values.items()]


def _choose(
    entry: Any, group: dict[str, Any], place: int, key: str, settings: Settings
) -> Schedule | None:
    """The schedule that an entry of the plan gives to one group."""
    if isinstance(entry, Schedule):
        return entry
    if isinstance(entry, ByGroup):
        return entry.choose(group, place, settings.part)
    for wants, schedule in entry:
        if wants(group):
            return cast("Schedule | None", schedule)
    msg = (
        f"no predicate in the plan of {key!r} wants param group {settings.spot(place)}; "
        "end the list with (lambda group: True, schedule)"
    )
    raise PassoError(msg)


def placeable(schedule: Schedule, run: Run | None) -> Schedule:
    """The schedule as it is, if it can be measured; without a run only steps can.

    Raises NeedsRun for others.
    """
    if run is None:
        for unit in sorted(schedule.units):
            if unit != "steps":
                msg = f"{schedule.span_in(unit)!r} needs a run; write {caller().anew}"
                raise NeedsRun(msg)
    return schedule


def holders(plan: Mapping[str, Any]) -> set[str]:
    """The keys of param groups under which a plan may write.

    >>> sorted(holders({"lr": 0.1, "momentum": 0.9, "betas[1]": 0.99}))
    ['betas', 'lr', 'momentum']
    """
    return {key.partition("[")[0] for key in plan} | ({"betas"} if "momentum" in plan else set())


def code(entry: Any) -> str:
    """What a plan has for a key, as it is written.

    >>> from passo import Constant
    >>> code(by_group({"head": 0.1}, others=Constant(0.5)))
    "by_group({'head': Constant(0.1)}, others=Constant(0.5))"
    """
    if isinstance(entry, ByGroup):
        given = [f"{name!r}: {schedule!r}" for name, schedule in entry.schedules.items()]
        others = f", others={entry.others!r}" if entry.has_others else ""
        return f"by_group({{{', '.join(given)}}}{others})"
    if isinstance(entry, Schedule):
        return repr(entry)
    return ", ".join(repr(schedule) for _, schedule in entry)
