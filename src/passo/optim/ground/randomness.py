"""Every random number generator that a training step draws from: kept, put back, seeded anew."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_DEVICES: Final = ("cuda", "xpu", "mps")
_MOST: Final = 2**32
_DEEPEST: Final = 8  # samplers in samplers


def keep_global() -> Callable[[], None]:
    """A function that puts the generators of Python, NumPy and torch back as they are now."""
    backs = [_back(random.setstate, random.getstate())]
    backs.append(_back(torch.set_rng_state, torch.get_rng_state()))
    if "numpy" in sys.modules:
        legacy = sys.modules["numpy"].random
        backs.append(_back(legacy.set_state, legacy.get_state()))
    for name in _DEVICES:
        device = getattr(torch, name, None)
        if device is None or not device.is_available():
            continue
        if hasattr(device, "get_rng_state_all"):
            backs.append(_back(device.set_rng_state_all, device.get_rng_state_all()))
        else:
            backs.append(_back(device.set_rng_state, device.get_rng_state()))

    def put_back() -> None:
        for each in backs:
            each()

    return put_back


def is_generator(thing: Any) -> bool:
    """Whether the thing is a generator of Python, NumPy or torch."""
    return isinstance(thing, (torch.Generator, random.Random)) or hasattr(thing, "bit_generator")


def keep(generator: Any) -> Callable[[], None]:
    """A function that puts one generator back.

    >>> own = random.Random(3)
    >>> put_back, first = keep(own), own.random()
    >>> put_back()
    >>> own.random() == first
    True
    """
    if isinstance(generator, torch.Generator):
        return _back(generator.set_state, generator.get_state())
    if isinstance(generator, random.Random):
        return _back(generator.setstate, generator.getstate())
    bits = generator.bit_generator
    state = bits.state
    return lambda: setattr(bits, "state", state)


def loader_generators(loader: Any) -> list[Any]:
    """The generators of a DataLoader and its samplers."""
    batch_sampler = getattr(loader, "batch_sampler", None)
    holders = (loader, loader.sampler, batch_sampler, getattr(batch_sampler, "sampler", None))
    found = [getattr(holder, "generator", None) for holder in holders]
    return list({id(each): each for each in found if is_generator(each)}.values())


def sources(sampler: Any) -> dict[str, Any]:
    """What a sampler may draw from: the generators that it holds, else the global ones, by name.

    A sampler within it is looked at too.

    >>> own = torch.Generator()
    >>> sources(torch.utils.data.RandomSampler(range(3), generator=own)) == {"generator": own}
    True
    """
    found: dict[int, Any] = {}
    for _ in range(_DEEPEST):
        held = getattr(sampler, "__dict__", {}).values()
        found.update({id(each): each for each in held if is_generator(each) or _is_legacy(each)})
        sampler = getattr(sampler, "sampler", None)
    if found:
        return {f"generator{k or ''}": each for k, each in enumerate(found.values())}
    numpy = {"numpy": sys.modules["numpy"].random} if "numpy" in sys.modules else {}
    return {"torch": torch, "python": random, **numpy}


def written(source: Any) -> Any:
    """Where a generator stands, as plain JSON; a module stands for its global one.

    >>> own = random.Random(3)
    >>> state, first = written(own), own.random()
    >>> put(own, state)
    >>> own.random() == first
    True
    """
    if source is torch or isinstance(source, torch.Generator):
        state = torch.get_rng_state() if source is torch else source.get_state()
        return bytes(state.tolist()).hex()
    if hasattr(source, "getstate"):
        return _plain(source.getstate())
    return _plain(source.get_state() if _is_legacy(source) else source.bit_generator.state)


def put(source: Any, state: Any) -> None:
    """Put a generator where it was when this was `written`; raises as that library does."""
    if source is torch or isinstance(source, torch.Generator):
        numbers = torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8)
        (torch.set_rng_state if source is torch else source.set_state)(numbers)
    elif hasattr(source, "getstate"):
        version, numbers, gauss = state
        source.setstate((version, tuple(numbers), gauss))
    elif _is_legacy(source):
        source.set_state(tuple(state))
    else:
        source.bit_generator.state = state


def _is_legacy(source: Any) -> bool:
    """Whether it is NumPy's older kind: a RandomState, or the module with its global one."""
    return hasattr(source, "get_state") and hasattr(source, "randint")


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plain(each) for key, each in state.items()}
    if isinstance(state, (list, tuple)):
        return [_plain(each) for each in state]
    return state.tolist() if hasattr(state, "tolist") else state


def seed_anew(generators: list[Any], repeat: int) -> None:
    """Other random numbers for each repeat, and the same ones whenever it is repeated."""
    random.seed(f"{random.getrandbits(64)} {repeat}")
    torch.manual_seed((torch.initial_seed() + repeat) % 2**63)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed((torch.initial_seed() + repeat) % _MOST)
    for each in generators:
        if isinstance(each, torch.Generator):
            each.manual_seed((each.initial_seed() + repeat) % 2**63)
        elif isinstance(each, random.Random):
            each.seed(f"{each.getrandbits(64)} {repeat}")


def _back(put: Callable[[Any], Any], state: Any) -> Callable[[], None]:
    return lambda: put(state)
