"""What every test beside a library does: all its calls, and the two curves within 1e-12."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from passo import Schedule

CLOSE = 1e-12


def calls(settings: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Any]:
    """Each schedule with each of its settings, five or more, as pytest's parameters."""
    for name, given in settings.items():
        assert len(list(given)) >= 5, f"{name} has too few settings"
    return [
        pytest.param(name, each, id=f"{name}-{k}")
        for name, given in settings.items()
        for k, each in enumerate(given)
    ]


def agree(ours: Schedule, theirs: Sequence[float], close: float = CLOSE) -> None:
    """Update by update, as near as `close` of the largest value."""
    largest = max(map(abs, theirs)) or 1.0
    for t, value in enumerate(theirs):
        assert abs(ours(t) - value) <= close * largest, (
            f"update {t}: {ours(t)!r} here, {value!r} there, of {ours!r}"
        )
