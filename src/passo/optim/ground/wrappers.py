"""Wrappers: the optimizer inside whose own step hooks fire, under whatever name it is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getattr_static
from typing import Any, Final

from torch.optim import Optimizer

from passo.ground.errors import PassoError

# What wrappers in the wild call what they hold. One that answers for what is inside, by a property
# or a slot, is found by these; any other name is found among its attributes.
NAMES: Final = (
    "optimizer",
    "optim",
    "base_optimizer",
    "original_optimizer",
    "inner_optimizer",
    "wrapped_optimizer",
    "inner",
    "base",
    "opt",
    "wrapped",
    "_optimizer",
    "_optim",
    "_base_optimizer",
    "_inner",
    "_opt",
)
_DEEP: Final = 8
_MANY: Final = 64
_HOOKS: Final = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


def fires(thing: Any) -> bool:
    """Whether its own step calls the hooks that are hung on it.

    Hooks alone prove nothing: a subclass that never called `super().__init__()` may have made
    some, and no step of its own looks at them.

    >>> import torch
    >>> fires(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]))
    True
    """
    hung = isinstance(thing, Optimizer) and all(hasattr(thing, name) for name in _HOOKS)
    return hung and bool(getattr(type(thing).step, "hooked", False))


def unwrapped(optimizer: Any) -> Any:
    """The optimizer whose hooks fire, this one or the only one inside; or None.

    >>> import torch
    >>> from types import SimpleNamespace
    >>> inner = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    >>> unwrapped(SimpleNamespace(optim=inner)) is inner
    True
    """
    if fires(optimizer):
        return optimizer
    found = list(_firing(optimizer).values())
    return found[0] if len(found) == 1 else None


def the_one(optimizer: Any, what: str) -> Any:
    """As `unwrapped`; raises PassoError where several are inside, with what to write for each."""
    found = _firing(optimizer)
    if len(found) > 1:
        held = " and ".join(f"{path} ({type(each).__name__})" for path, each in found.items())
        calls = " and ".join(f"{what}(wrapper{path}, ...)" for path in found)
        msg = f"{type(optimizer).__name__} holds {len(found)} optimizers, {held}; write {calls}"
        raise PassoError(msg)
    return next(iter(found.values()), None)


def layers(optimizer: Any) -> list[Any]:
    """The wrapper and all that it holds inside, each once, the outermost first."""
    found: dict[int, Any] = {}
    _gather(optimizer, found)
    return list(found.values())


def lending(optimizer: Any) -> dict[str, Any]:
    """The optimizers inside this one whose very param groups it shows as its own, by path."""
    own = {id(group) for group in optimizer.param_groups}
    found: dict[str, Any] = {}
    for name, each in held(optimizer):
        for path, inner in _firing(each).items():
            if own & {id(group) for group in inner.param_groups}:
                found[name + path] = inner
    return found


def refuse_estranged(optimizer: Any, lent: Mapping[str, Any]) -> None:
    """Raises PassoError where groups that were `lending`'s are no longer those of who lent them.

    A wrapper that hands `load_state_dict` on to what it holds keeps the list of before: what is
    written there reaches no weight any more.
    """
    now = {id(group) for group in optimizer.param_groups}
    for path, inner in lent.items():
        if now.isdisjoint({id(group) for group in inner.param_groups}):
            name, within = type(optimizer).__name__, type(inner).__name__
            msg = (
                f"the param groups of {name} are no longer those of the {within} that it holds as "
                f"{path}, so that no update would use what is written there; save "
                "scheduler.state_dict(), call scheduler.detach(), and load it into "
                f"attach(wrapper{path}, ...)"
            )
            raise PassoError(msg)


def held(wrapper: Any) -> Iterator[tuple[str, Any]]:
    """What looks like an optimizer, or may lead to one, in what this one holds, each once."""
    seen = {id(wrapper)}
    for path, each in _attributes(wrapper):
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield path, each


def _firing(optimizer: Any) -> dict[str, Any]:
    """Those whose hooks fire, by path: this one, or else those inside."""
    found: dict[int, tuple[str, Any]] = {}
    _look(optimizer, "", (), found)
    return dict(found.values())


def _look(
    thing: Any, path: str, on_the_way: tuple[int, ...], found: dict[int, tuple[str, Any]]
) -> None:
    if fires(thing):
        found.setdefault(id(thing), (path, thing))
    elif id(thing) not in on_the_way and len(on_the_way) < _DEEP:
        for name, each in held(thing):
            _look(each, path + name, (*on_the_way, id(thing)), found)


def _gather(thing: Any, found: dict[int, Any]) -> None:
    if id(thing) not in found and len(found) < _MANY:
        found[id(thing)] = thing
        for _, each in held(thing):
            _gather(each, found)


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    for name in NAMES:
        each = _quietly(getattr, thing, name, None)
        # What stands in the object or its class is followed, whatever it is; what `__getattr__`
        # makes up has to look like an optimizer.
        if _is_like_one(each) or (
            hasattr(each, "__dict__") and _quietly(getattr_static, thing, name) is not None
        ):
            yield f".{name}", each
    own: Any = _quietly(vars, thing) or {}
    for name, each in list(own.items()):
        if _is_like_one(each):
            yield f".{name}", each
        for place, member in _members(each):
            yield f".{name}[{place}]", member


def _members(thing: Any) -> Iterable[tuple[str, Any]]:
    """The optimizers in a list or a dict of them; param groups and states are none."""
    if isinstance(thing, (list, tuple)):
        pairs: Iterable[tuple[Any, Any]] = enumerate(thing)
    elif isinstance(thing, Mapping):
        pairs = list(thing.items())
    else:
        return []
    return [(repr(place), each) for place, each in pairs if isinstance(each, Optimizer)]


def _is_like_one(thing: Any) -> bool:
    if isinstance(thing, Optimizer):
        return True
    groups = _quietly(getattr, thing, "param_groups", None)
    return isinstance(groups, (list, tuple)) and callable(_quietly(getattr, thing, "step", None))


def _quietly(ask: Callable[..., Any], *arguments: Any) -> Any:
    """What a property answers; what it raises is no business of who only looks."""
    try:
        return ask(*arguments)
    except Exception:  # noqa: BLE001 (a wrapper's own property may raise whatever it likes)
        return None
