"""What the tests of several trainers share: a plan, what it gives, and what passo says."""

from __future__ import annotations

import gc
from collections.abc import Callable

from passo import Linear, PassoWarning, base, steps
from tests.optim.tools import values, warned

LINE = base * Linear(1.0, 0.0)


def line(updates: int, rate: float = 0.1) -> list[float]:
    """What each of so many updates uses of `LINE`, from a base of `rate`."""
    return [value * rate for value in values(Linear(1.0, 0.0, steps(updates)), updates)]


def said(story: Callable[[], object]) -> list[str]:
    """What passo says of a story, among all that a trainer says."""
    return [each.removeprefix("passo: ") for each in printed(story)]


def printed(story: Callable[[], object]) -> list[str]:
    """The same with who speaks, where that is in the text."""
    return [str(each.message) for each in warned(story) if issubclass(each.category, PassoWarning)]


def after_an_exception(train: Callable[[], object]) -> list[str]:
    """What is said once all is gone that a training held, which an exception ended."""

    def story() -> None:
        caught = []
        try:
            train()
        except (RuntimeError, KeyboardInterrupt):
            caught.append(True)
        assert caught == [True]
        gc.collect()

    return said(story)
