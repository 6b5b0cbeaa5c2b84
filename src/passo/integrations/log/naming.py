"""What a number is called: in passo's words, in Lightning's, in those of transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from passo.ground.errors import PassoError
from passo.trace import Trace

if TYPE_CHECKING:
    from passo.optim.scheduler.audience import Spot

Names = Literal["passo", "lightning", "transformers"]


class Seen(NamedTuple):
    """A scheduled number of a trace, as a Scheduler's own `Spot` says it."""

    key: str
    group: str | None
    kind: str = ""
    part: str = ""
    own: str | None = None
    place: int = 0


def named(names: Names, spots: Sequence[Spot | Seen], *, rewrites: bool = False) -> list[str]:
    """The names of all numbers; two that would be called the same are numbered.

    >>> spots = [Seen("lr", "head", "SGD", own="head"), Seen("batch_size", None)]
    >>> [named(names, spots) for names in ("passo", "lightning")]
    [['lr/head', 'batch_size'], ['lr-SGD/head', 'batch_size']]
    >>> named("transformers", spots, rewrites=True)
    ['train/learning_rate', 'train/batch_size']
    """
    if names == "lightning":
        found = _lightning(spots)
    elif names == "transformers":
        found = [reported(names, each, rewrites=rewrites) for each in _transformers(spots)]
    else:
        found = [each.key if each.group is None else f"{each.key}/{each.group}" for each in spots]
    seen: dict[str, int] = {}
    for place, name in enumerate(found):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            found[place] = f"{name}#{seen[name]}"
    return found


def reported(names: Names, metric: str, *, rewrites: bool) -> str:
    """What a report is called: as it was told, or as transformers' callbacks write it.

    >>> reported("transformers", "eval_loss", rewrites=True)
    'eval/loss'
    """
    if names != "transformers" or not rewrites:
        return metric
    for prefix in ("eval", "test"):
        if metric.startswith(f"{prefix}_"):
            return f"{prefix}/{metric.removeprefix(f'{prefix}_')}"
    return f"train/{metric}"


def _lightning(spots: Sequence[Spot | Seen]) -> list[str]:
    """As LearningRateMonitor: lr-SGD, of several groups lr-SGD/pg1, and lr-SGD/pg1-momentum."""
    parts: dict[str, str] = {each.part: each.kind for each in spots if each.group is not None}
    stems: dict[str, str] = {}
    for part, kind in parts.items():
        before = sum(parts[other] == kind for other in stems)
        stems[part] = f"lr-{kind}-{before}" if before else f"lr-{kind}"
    groups = {(each.part, each.place) for each in spots if each.group is not None}
    found = []
    for each in spots:
        if each.group is None:
            found.append(each.key)
            continue
        several = sum(part == each.part for part, _ in groups) > 1
        own = each.own or (f"pg{each.place + 1}" if several else "")
        name = f"{stems[each.part]}/{own}" if own else stems[each.part]
        found.append(name if each.key == "lr" else f"{name}-{each.key}")
    return found


def _transformers(spots: Sequence[Spot | Seen]) -> list[str]:
    """As Trainer's log: learning_rate is the first group's; others have their group behind it."""
    found: list[str] = []
    for each in spots:
        name = "learning_rate" if each.key == "lr" else each.key
        first = each.group is None or name not in found
        found.append(name if first else f"{name}/{each.group}")
    return found


def spots_of(trace: Trace, names: Names) -> list[Seen]:
    """The columns of a trace.

    Raises PassoError where a name has the optimizer's class in it and the trace does not know it.
    """
    kinds = trace.meta.get("optimizers")
    if not isinstance(kinds, Mapping):
        kinds = {}
    if names == "lightning" and not kinds:
        msg = (
            "names='lightning' has the class of the optimizer in it, which this trace does not "
            "know; write names='passo', or record it with attach(..., record='run.jsonl')"
        )
        raise PassoError(msg)
    places: dict[str, int] = {}
    seen: list[tuple[str, str | None, int]] = []
    for name in trace.groups:
        part = max((each for each in kinds if name.startswith(f"{each}/")), key=len, default="")
        place = places[part] = places.get(part, -1) + 1
        rest = name.removeprefix(f"{part}/") if part else name
        seen.append((part, None if rest == str(place) else rest, place))
    found = []
    for each in trace.columns:
        if each.group is None:
            found.append(Seen(each.key, None))
        else:
            part, own, place = seen[each.group]
            kind = str(kinds.get(part, ""))
            found.append(Seen(each.key, trace.groups[each.group], kind, part, own, place))
    return found
