"""How deep and how large a schedule may be: what keeps every question about one bounded."""

from __future__ import annotations

from typing import Final

from passo.ground.errors import PassoError

DEEPEST: Final = 200
LARGEST: Final = 50_000
MOST_PARTS: Final = 4096


def check_size(depth: int, size: int) -> None:
    """Refuse a tree that is too deep or has too many parts."""
    if depth > DEEPEST:
        msg = (
            f"a schedule may be at most {DEEPEST} deep; "
            "join the parts in one then(...), or use repeat or a Table"
        )
        raise PassoError(msg)
    if size > LARGEST:
        msg = (
            f"a schedule may have at most {LARGEST:,} parts in all, got {size:,}; "
            "use repeat or a Table"
        )
        raise PassoError(msg)
