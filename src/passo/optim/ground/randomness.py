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
