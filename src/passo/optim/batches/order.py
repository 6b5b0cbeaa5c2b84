"""The order of an epoch, brought back: what the sampler drew from stands where it stood."""

from __future__ import annotations

from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from passo.optim.ground.randomness import put, sources, written
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def standing(sampler: Iterable[int]) -> dict[str, Any]:
    """Where the sampler's own generators stand; the global ones are not its to keep."""
    found = sources(sampler)
    return {} if _are_global(found) else {name: written(each) for name, each in found.items()}


def begin(sampler: Iterable[int]) -> tuple[Iterator[int], dict[str, Any]]:
    """The samples of a new epoch, and what brings their order back.

    Of the global generators those are kept that it draws from as it begins.
    """
    found = sources(sampler)
    before = {name: written(each) for name, each in found.items()}
    samples = iter(sampler)
    first = list(islice(samples, 1))
    if _are_global(found):
        before = {name: each for name, each in before.items() if written(found[name]) != each}
    return chain(first, samples), before


def again(sampler: Iterable[int], order: Mapping[str, Any], used: int) -> Iterator[int]:
    """The rest of an epoch after so many samples, in its order.

    The sampler's own generators go on from there; the global ones stay where they are. Raises
    PassoError where the sampler ends before that.
    """
    found = sources(sampler)
    now = {name: written(found[name]) for name in order} if _are_global(found) else {}
    try:
        restore(sampler, order)
        samples = iter(sampler)
        last = deque(enumerate(islice(samples, used), 1), maxlen=1)
        rest = chain(list(islice(samples, 1)), samples)
    finally:
        restore(sampler, now)
    seen = last[0][0] if last else 0
    if seen < used:
        msg = (
            f"the state was made after {used:,} samples of an epoch, and the sampler ends after "
            f"{seen:,}; give it the data that it had"
        )
        raise PassoError(msg)
    return rest


def restore(sampler: Iterable[int], order: Mapping[str, Any]) -> None:
    """Put the generators back; all or none. Raises PassoError for what cannot be put there."""
    found = sources(sampler)
    if not set(order) <= set(found):
        have = f"{len(found)} of its own" if not _are_global(found) else "none of its own"
        msg = (
            f"the state was made of a sampler that draws from {', '.join(sorted(order))}, and this "
            f"one has {have}; build it as it was, generator= included"
        )
        raise PassoError(msg)
    now = {name: written(found[name]) for name in order}
    try:
        for name, state in order.items():
            put(found[name], state)
    except (AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        for name, state in now.items():
            put(found[name], state)
        msg = f"the state of the generators is none that they can have: {error}"
        raise PassoError(msg) from None


def check(sampler: Iterable[int], order: Mapping[str, Any]) -> None:
    """Raises PassoError for what cannot be put back; all stands where it stood."""
    found = sources(sampler)
    now = {name: written(each) for name, each in found.items()}
    restore(sampler, order)
    restore(sampler, now)


def _are_global(found: Mapping[str, Any]) -> bool:
    return "torch" in found
