"""A scheduler as plain JSON: its class, what it was given, what it has come to."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import math
import warnings
import weakref
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SKIPPED: Final = ("self", "optimizer", "kwargs", "args", "schedulers", "verbose")
SMALL: Final = 64
# torch's classes, and those that stand in for them: whether a value starts from the one before
KNOWN: Final = {
    **dict.fromkeys(("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR"), True),
    **dict.fromkeys(("PolynomialLR", "CosineAnnealingLR", "MultiplicativeLR"), True),
    **dict.fromkeys(("ReduceLROnPlateau", "SWALR"), True),
    **dict.fromkeys(("LambdaLR", "OneCycleLR", "CyclicLR", "CosineAnnealingWarmRestarts"), False),
}
# what a scheduler holds that says which plan it follows; the rest is where it stands
STANDING: Final = (
    "last_epoch",
    "T_cur",
    "T_i",
    "best",
    "num_bad_epochs",
    "cooldown_counter",
    "mode_worse",
    "min_lrs",
    "base_lrs",
    "optimizer",
    "verbose",
)


def given(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> dict[str, Any]:
    """The parameters of a call by name, defaults included, as plain JSON.

    >>> given(lambda self, gamma=0.1, last_epoch=-1: None, (None,), {"gamma": 0.5})
    {'gamma': 0.5, 'last_epoch': -1}
    """
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return {}
    bound.apply_defaults()
    return {k: plain(v) for k, v in bound.arguments.items() if k not in SKIPPED}


def named(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> list[str]:
    """The names of the parameters that were written out.

    >>> named(lambda self, gamma=0.1, last_epoch=-1: None, (None, 0.5), {})
    ['gamma']
    """
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return []
    return [name for name in bound.arguments if name not in SKIPPED]


def plain(value: Any) -> Any:
    """What JSON can hold of a value: numbers, strings, short lists; a name for the rest.

    >>> plain([1, float("inf"), len])
    [1, inf, 'len']
    """
    if isinstance(value, torch.Tensor):
        return plain(value.detach().cpu().tolist()) if value.numel() <= SMALL else "Tensor"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in list(value)[:SMALL]]
    if isinstance(value, functools.partial):
        return {"partial": plain(value.func), **{k: plain(v) for k, v in value.keywords.items()}}
    if isinstance(value, dict):  # a Counter of milestones too
        return [plain(each) for each in list(value)[:SMALL]]
    return getattr(value, "__name__", type(value).__name__)


def plan_of(scheduler: Any) -> dict[str, Any]:
    """What says which plan a scheduler follows: the plain things that it holds."""
    kept = {}
    for name, value in _held(scheduler).items():
        if name.startswith("_") and name != "_milestones":
            continue
        if name not in STANDING and (isinstance(value, SIMPLE) or name == "milestones"):
            kept[name] = plain(value)
    return kept


def _held(scheduler: Any) -> Mapping[str, Any]:
    """What an object holds by name, found by the names in the code of its class.

    Not `vars`, where that can be helped: an object whose dict somebody asked for keeps its
    attributes there from then on (in CPython up to 3.12), and each step of torch's own scheduler
    takes a fifth longer. It cannot be helped where a class writes to that dict, or names its
    attributes as it runs.
    """
    own, names = type(scheduler), set[str]()
    for kind in own.__mro__[:-1]:
        codes = [each.__code__ for each in map(_bare, vars(kind).values()) if each is not None]
        used = {name for code in codes for name in code.co_names}
        if "__getattr__" in vars(kind) or (
            used & DYNAMIC and not kind.__module__.startswith("torch.")
        ):
            return dict(vars(scheduler))
        names |= used
    plain_ones = [name for name in names if isinstance(getattr(own, name, 0), SIMPLE)]
    found = {name: getattr(scheduler, name, ABSENT) for name in sorted(plain_ones)}
    return {name: value for name, value in found.items() if value is not ABSENT}


def _bare(method: Any) -> FunctionType | None:
    function = inspect.unwrap(method) if callable(method) else None
    return function if isinstance(function, FunctionType) else None


ABSENT: Final = object()
DYNAMIC: Final = {"__dict__", "vars", "setattr"}
SIMPLE: Final = (bool, int, float, str, list, tuple)


@functools.lru_cache(maxsize=64)
def usual(kind: type) -> dict[str, Any]:
    """What a class of optimizers takes for its momentum where nobody says one.

    >>> usual(torch.optim.AdamW), usual(torch.optim.SGD)
    ({'betas': [0.9, 0.999]}, {'momentum': 0})
    """
    found: dict[str, Any] = {}
    for owner in kind.__mro__[:-1]:
        init = vars(owner).get("__init__")
        known = inspect.signature(init).parameters if isinstance(init, FunctionType) else {}
        for name in ("momentum", "betas"):
            default = getattr(known.get(name), "default", inspect.Parameter.empty)
            if name not in found and default is not inspect.Parameter.empty:
                found[name] = plain(default)
    return found


def position(scheduler: Any) -> int | float | None:
    """How often it has advanced, as it says itself."""
    value = getattr(scheduler, "last_epoch", None)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if math.isfinite(value) else None


def stood(built: Mapping[int, weakref.ref[Any]], stepped: Mapping[int, float]) -> dict[int, float]:
    """Where schedulers are, by number: those too that nobody stepped and that yet moved.

    A handler may count by hand, as ignite's does, which writes `last_epoch`.
    """
    found = dict(stepped)
    for number, reference in built.items():
        at = position(reference())
        if number not in found and at:
            found[number] = at
    return found


def future(function: Any, at: float) -> list[list[float]]:
    """Pairs of a time and a function's value: up to `at`, and 200 times as far beyond it.

    >>> future(lambda t: max(0, 1 - t / 10), 5)[-1]
    [1000, 0.0]
    """
    last = max(1, int(at))
    times = {int(last * k / 64) for k in range(65)}
    times |= {min(200 * last, last + int(1.06**k)) for k in range(256)}
    times.add(200 * last)
    values = []
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for time in sorted(times):
                values += [[time, float(function(time))]]
    except Exception:  # noqa: BLE001 (a function may refuse what lies beyond its end)
        return values if values and values[-1][0] > last else []
    return values


def active(scheduler: Any) -> tuple[int, ...]:
    """Which of the schedulers inside is at work: their places, from the outermost sequence."""
    inside = getattr(scheduler, "_schedulers", None)
    milestones = getattr(scheduler, "_milestones", None)
    at = position(scheduler)
    if not inside or milestones is None or at is None:
        return ()
    place = sum(each <= at for each in milestones)
    return (place, *active(inside[min(place, len(inside) - 1)]))


def reads_rate(scheduler: Any) -> bool | None:
    """Whether its next value starts from the one that is there: then two of them compose.

    None where that cannot be seen. Another class whose `get_lr` names the field "lr" reads it.
    """
    inside = getattr(scheduler, "_schedulers", None)
    if inside:
        found = [reads_rate(each) for each in inside]
        return None if None in found else all(found)
    kind = type(scheduler)
    if kind.__module__.startswith(("torch.", "passo.")) and kind.__name__ in KNOWN:
        return KNOWN[kind.__name__]
    reduces = getattr(type(scheduler), "_reduce_lr", None)
    method = reduces or getattr(type(scheduler), "get_lr", None)
    code = getattr(inspect.unwrap(method), "__code__", None) if method else None
    return None if code is None else _mentions(code)


def _mentions(code: Any) -> bool:
    inner = [each for each in code.co_consts if hasattr(each, "co_consts")]
    return "lr" in code.co_consts or any(_mentions(each) for each in inner)
