"""What other libraries made, read by `passo.like`: by names and parameters that objects hold."""

from __future__ import annotations

import functools
import re
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from passo.catalogue import like
from passo.catalogue.like.registry import LIBRARIES
from passo.ground.errors import PassoError
from passo.schedules import Run, Schedule, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Who makes a function of theirs, where its own name does not say it; two are called alike.
_MAKERS: Final = {
    "get_constant": ("constant",),
    "get_wsd_scheduler": ("get_wsd_schedule",),
    "get_cosine_schedule_with_warmup": (
        "get_cosine_with_min_lr_schedule_with_warmup",
        "get_cosine_schedule_with_warmup",
    ),
}
_EACH_CALL: Final = Run(steps(10**9), steps_per_epoch=1)
# What a trainer tells composer's schedulers at each step, and none of them keeps.
_TRAINERS: Final = frozenset(("max_duration", "dataloader_len", "ssr"))
# DeepSpeed keeps one for each param group.
_KEPT: Final = {"warmup_min_lr": "min_lrs", "warmup_max_lr": "max_lrs"}
_TAIL: Final = re.compile(r"(_lr)?_lambda$")


def named(live: Any) -> str:
    """Its library and what it is called there, such as "timm.CosineLRScheduler"."""
    function, _ = _function(live)
    if function is not None and (_library(function) in LIBRARIES or not hasattr(live, "optimizer")):
        return f"{_library(function)}.{_names(function)[0]}"
    return f"{_library(type(live))}.{type(live).__name__}"


def is_theirs(live: Any) -> bool:
    """Whether it is not of torch's own classes, or follows a function of another library."""
    function, _ = _function(live)
    return _library(type(live) if function is None else function) not in ("torch", "passo")


def readings(live: Any) -> Iterator[tuple[str, bool, dict[str, Schedule]]]:
    """What `like` makes of a live object or function: the name there, and a schedule of each field.

    Between them whether every parameter was found. Nothing where its library is not one of
    `like`'s, or its parameters are kept under other names.
    """
    function, bound = _function(live)
    library = _library(type(live) if function is None else function)
    if library not in LIBRARIES:
        return
    held = _held(live) if function is None else bound
    for name in [type(live).__name__] if function is None else _names(function):
        if name not in like.names(library):
            continue
        wanted = LIBRARIES[library].find(name).parameters
        given = {key: held[key] for key in wanted if key in held}
        told = wanted.keys() - _TRAINERS
        try:
            made = LIBRARIES[library].answer(name, given, "theirs")
        except PassoError:
            continue  # not its parameters: the next name, or what it does
        yield (
            f"{library}.{name}",
            told <= given.keys(),
            {key: _by_call(each) for key, each in _plan(made).items()},
        )


def _plan(made: Any) -> dict[str, Schedule]:
    return made if isinstance(made, dict) else {"lr": made}


def _by_call(schedule: Schedule) -> Schedule:
    """In calls of its step, which is what it counts where it counts epochs."""
    return schedule.on(_EACH_CALL) if "epochs" in schedule.units else schedule


def _function(live: Any) -> tuple[FunctionType | None, dict[str, Any]]:
    """The function that it is, or that all its groups follow, and what is bound in it."""
    functions = getattr(live, "lr_lambdas", None)
    if isinstance(functions, list) and functions:
        found = [_bound(each) for each in functions]
        same = all(each == found[0] for each in found)
        return found[0] if same and found[0][0] is not None else (None, {})
    return _bound(live)


def _bound(thing: Any) -> tuple[FunctionType | None, dict[str, Any]]:
    if isinstance(thing, functools.partial) and isinstance(thing.func, FunctionType):
        return thing.func, dict(thing.keywords)
    if isinstance(thing, FunctionType):
        return thing, dict(_enclosed(thing))
    return None, {}


def _enclosed(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a closure holds; a name that its maker never gave a value holds nothing."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _names(function: FunctionType) -> list[str]:
    """The public names of who makes a function: get_x of `_get_x_lr_lambda` and of a closure."""
    outer = function.__qualname__.split(".<locals>")[0].rpartition(".")[2].lstrip("_")
    found = dict.fromkeys((_TAIL.sub("", outer), outer.removesuffix("_lambda"), outer))
    return [name for each in found for name in _MAKERS.get(each, (each,))]


def _library(owner: Any) -> str:
    return str(getattr(owner, "__module__", "")).partition(".")[0]


def _held(live: Any) -> Mapping[str, Any]:
    """What it holds under the names of its parameters, with or without an underscore.

    pytorch_warmup keeps them in a dict for each param group: those that all groups share.
    """
    own = dict(getattr(live, "__dict__", {}))
    shared: dict[str, Any] = {}
    for value in own.values():
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            shared |= value[0] if all(each == value[0] for each in value) else {}
    held = {**shared, **{name.lstrip("_"): value for name, value in own.items()}, **own}
    for name, kept in _KEPT.items():
        each = held.get(kept)
        if isinstance(each, list) and each and each == each[:1] * len(each):
            held[name] = each[0]
    return {name: _as_written(value) for name, value in held.items()}


def _as_written(value: Any) -> Any:
    """A time of composer, which it keeps as an object, as its text."""
    written = getattr(value, "to_timestring", None)
    return written() if callable(written) else value
