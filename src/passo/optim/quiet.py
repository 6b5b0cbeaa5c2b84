"""Hooks that torch.compile neither traces nor compiles, at the smallest price in eager mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_compiling: Callable[[], Any] | None
try:
    from torch._C._dynamo.eval_frame import get_eval_frame_callback as _compiling
except ImportError:  # another version of torch keeps it elsewhere
    _compiling = None


def quiet(hook: Callable[..., None]) -> Callable[..., None]:
    """`hook`, kept away from dynamo with all that it calls.

    Disabling recursively costs most of a microsecond; it is done only inside a compiled step.
    """
    deaf: Callable[..., None] = torch.compiler.disable(hook)  # type: ignore[no-untyped-call]
    if _compiling is None:
        return deaf

    def guarded(*args: Any) -> None:
        if _compiling() is None:
            hook(*args)
        else:
            deaf(*args)

    alone: Callable[..., None] = torch.compiler.disable(guarded, recursive=False)  # type: ignore[no-untyped-call]
    return alone
