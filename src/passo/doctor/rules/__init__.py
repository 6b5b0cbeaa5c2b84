"""The rules, one file each; every one looks at a Case and yields what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.doctor.rules import (
    p001,
    p002,
    p003,
    p004,
    p005,
    p006,
    p007,
    p008,
    p009,
    p010,
    p011,
    p012,
    p013,
    p014,
    p015,
    p016,
    p017,
    p018,
    p019,
    p020,
    p021,
    p022,
)

if TYPE_CHECKING:
    from types import ModuleType

RULES: Final[tuple[ModuleType, ...]] = (
    p001,
    p002,
    p003,
    p004,
    p005,
    p006,
    p007,
    p008,
    p009,
    p010,
    p011,
    p012,
    p013,
    p014,
    p015,
    p016,
    p017,
    p018,
    p019,
    p020,
    p021,
    p022,
)
