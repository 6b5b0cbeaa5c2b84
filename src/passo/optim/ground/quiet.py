"""Hooks that torch.compile neither traces nor compiles, at no price in eager mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Hook = TypeVar("Hook", bound=Callable[..., Any])
_frames: Any
try:
    from torch._C._dynamo import eval_frame as _frames
except ImportError:  # another version of torch keeps it elsewhere
    _frames = None
_CAN_SKIP = all(hasattr(_frames, name) for name in ("set_code_exec_strategy", "_FrameExecStrategy"))


def quiet(hook: Hook) -> Hook:
    """`hook`, kept away from dynamo with all that it calls.

    torch.compiler.disable does it with a wrapper, which costs most of a microsecond a call. The
    code itself is marked instead where torch can do that: skip it, and what it calls.
    """
    if not _CAN_SKIP:
        return torch.compiler.disable(hook)  # type: ignore[no-untyped-call, no-any-return]
    function: Any = getattr(hook, "__func__", hook)
    skip = _frames._FrameAction.SKIP
    _frames.set_code_exec_strategy(function.__code__, _frames._FrameExecStrategy(skip, skip))
    function._torchdynamo_disable = True
    function._torchdynamo_disable_msg = "passo counts updates outside of the graph"
    return hook
