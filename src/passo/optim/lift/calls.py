"""How a scheduler is moved on by one step: what its signature asks for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo.ground.calls import takes_of
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

METRICS: Final = frozenset(
    ("metric", "metrics", "metric_value", "val_metric", "loss", "val_loss", "valid_loss", "score")
)
TIMES: Final = frozenset(
    (
        *("epoch", "epochs", "num_updates", "num_update", "step", "steps", "iteration", "t"),
        *("global_step", "current_step", "step_num", "num_steps", "last_batch_iteration"),
    )
)
ONE: Final = frozenset(("increment",))
_DEEP: Final = 4


class Metric(float):
    """A metric that knows whether somebody has read it."""

    __slots__ = ("seen",)
    seen: list[bool]

    @classmethod
    def all_of(cls, numbers: Sequence[float], seen: list[bool]) -> Sequence[Metric]:
        """Each of the numbers; who reads one leaves a mark in `seen`."""
        made = [cls(each) for each in numbers]
        for each in made:
            each.seen = seen
        return made


def _marking(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def read(self: Metric, *others: Any) -> Any:
        self.seen.append(True)
        return plain(self, *others)

    return read


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "neg", "abs"):
    setattr(Metric, f"__{_name}__", _marking(f"__{_name}__"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "float", "int", "bool", "format", "pow"):
    setattr(Metric, f"__{_name}__", _marking(f"__{_name}__"))
Metric.__hash__ = float.__hash__  # type: ignore[method-assign]


def mover(twin: Any, metrics: Sequence[float] | None) -> Callable[[int], None]:
    """A function that moves `twin` to step t, with the metric of that step if it takes one.

    Raises PassoError where its step asks for what is neither a time nor a metric.
    """
    if not callable(getattr(twin, "step", None)) and is_called(twin):
        return lambda _: twin(None)
    step: Any = _step_of(twin)
    taken = _parameters(step)
    strange = [name for name, needed in taken.items() if needed and _kind(name) is None]
    if strange:
        name = type(twin).__name__
        msg = (
            f"the step of {name} needs {', '.join(strange)}, and lift knows times and metrics; "
            f"write lift(lambda t: ..., steps) with the rate that it has at t"
        )
        raise PassoError(msg)

    def move(t: int) -> None:
        given: dict[str, Any] = {}
        for name, needed in taken.items():
            kind = _kind(name)
            if kind == "metric" and metrics is not None:
                given[name] = metrics[t - 1]
            elif needed and kind is not None:
                given[name] = t if kind == "time" else 1
        step(**given)

    return move


def is_called(scheduler: Any) -> bool:
    """Whether it writes when it is called with an engine, before the update, as ignite's do."""
    return callable(scheduler) and callable(getattr(scheduler, "get_param", None))


def takes_metrics(scheduler: Any) -> bool:
    """Whether its step can be told a metric."""
    return any(_kind(name) == "metric" for name in _parameters(_step_of(scheduler)))


def needs_metrics(scheduler: Any) -> bool:
    """Whether it is a plateau, or has one inside: a step without a metric would tell nothing."""
    return any(map(_hears, inside(scheduler)))


def _hears(scheduler: Any) -> bool:
    taken = _parameters(_step_of(scheduler))
    wants = any(needed and _kind(name) == "metric" for name, needed in taken.items())
    return wants or isinstance(scheduler, ReduceLROnPlateau)


def inside(scheduler: Any, deep: int = 0) -> Iterator[Any]:
    """This one and the schedulers that it holds."""
    yield scheduler
    if deep < _DEEP:
        for member in _members(scheduler):
            yield from inside(member, deep + 1)


def signature_of(scheduler: Any) -> str:
    """What its step takes, in words.

    >>> class Halving:
    ...     def step(self, epoch): ...
    >>> signature_of(Halving())
    '(epoch)'
    """
    step: Any = _step_of(scheduler)
    return f"({', '.join(takes_of(inspect.signature(step)))})"


def _members(scheduler: Any) -> Iterator[Any]:
    held: Mapping[str, Any] = getattr(scheduler, "__dict__", {})
    for name, value in list(held.items()):
        if name != "optimizer":
            several = value if isinstance(value, (list, tuple)) else (value,)
            yield from (each for each in several if _is_like_one(each))


def _is_like_one(value: Any) -> bool:
    return hasattr(value, "optimizer") and callable(getattr(value, "step", None))


def _step_of(scheduler: Any) -> Any:
    return getattr(scheduler, "step_update" if _counts_updates(scheduler) else "step", None)


def _counts_updates(scheduler: Any) -> bool:
    """Whether it is told the updates, as timm's are where their lengths are no epochs."""
    return callable(getattr(scheduler, "step_update", None)) and not getattr(
        scheduler, "t_in_epochs", False
    )


def _parameters(step: Any) -> dict[str, bool]:
    """The names that a step can be given, and whether it needs them."""
    try:
        found = inspect.signature(step).parameters.values()
    except (TypeError, ValueError):
        return {}
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {
        each.name: each.default is inspect.Parameter.empty
        for each in found
        if each.kind not in several
    }


def _kind(name: str) -> str | None:
    bare = name.lower().strip("_")
    if bare in METRICS:
        return "metric"
    if bare in TIMES:
        return "time"
    return "one" if bare in ONE else None
