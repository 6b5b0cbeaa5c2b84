"""A formula on an array: of which library it is, and in which precision to compute."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.formula import Arrays

if TYPE_CHECKING:
    from passo.schedules.formula import Formula

_BLOCK: Final = 1 << 14
_known: Final[dict[str, Arrays]] = {}


def is_torch(t: object) -> bool:
    """Whether t is a torch tensor; torch itself is never imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(t, torch.Tensor)


def _operations(t: Any) -> Arrays:
    name = "torch" if is_torch(t) else type(t).__module__.partition(".")[0]
    if name not in _known:
        _known[name] = Arrays(_torch() if name == "torch" else _namespace(t))
    return _known[name]


def _torch() -> Any:
    """Asked for by name, since the general look at a value is not for torch.compile to trace."""
    from array_api_compat import torch

    return torch


def _namespace(t: Any) -> Any:
    import array_api_compat

    if not array_api_compat.is_array_api_obj(t):
        msg = f"t must be a number or an array of numbers, got {brief(t)}"
        raise PassoError(msg)
    return array_api_compat.array_namespace(t)


def evaluate(formula: Formula, t: Any) -> Any:
    """`formula` at each point of the array t; NaN where t is negative: looking costs a sync."""
    ops = _operations(t)
    own = t.dtype
    work = _working_type(ops, t)
    if ops.is_numpy:
        return _in_blocks(formula, ops.xp.asarray(t), ops, work)
    points = t if own == work else _cast(ops, t, work)
    value = ops.full(points, formula(ops.maximum(points, 0.0), ops))
    value = ops.where(points >= 0, value, ops.full(points, float("nan")))
    return _cast(ops, value, own) if _is_float(ops, own) and own != work else value


def _working_type(ops: Arrays, t: Any) -> Any:
    """float64 where the array's library and device have it, whatever t itself is."""
    xp = ops.xp
    if not (_is_float(ops, t.dtype) or xp.isdtype(t.dtype, "integral")):
        msg = f"t must be an array of integers or floats, got one of {t.dtype}"
        raise PassoError(msg)
    if "jax" in xp.__name__:
        return xp.asarray(0.0).dtype
    on_a_device_without = is_torch(t) and t.device.type == "mps"
    return xp.float32 if on_a_device_without else xp.float64


def _is_float(ops: Arrays, dtype: Any) -> bool:
    if str(dtype) == "bfloat16" or str(dtype) == "torch.bfloat16":
        return True
    return bool(ops.xp.isdtype(dtype, "real floating"))


def _cast(ops: Arrays, values: Any, dtype: Any) -> Any:
    return ops.xp.astype(values, dtype)


def _in_blocks(formula: Formula, t: Any, ops: Arrays, work: Any) -> Any:
    """Blocks that stay in the processor's cache: intermediate results never reach main memory."""
    xp = ops.xp
    flat = t.reshape(-1)
    value = xp.empty(flat.shape, dtype=t.dtype if _is_float(ops, t.dtype) else work)
    with xp.errstate(all="ignore"):
        for begin in range(0, flat.size, _BLOCK):
            points = flat[begin : begin + _BLOCK].astype(work, copy=False)
            low = points.min()
            mine = formula(points if low >= 0 else xp.maximum(points, 0.0), ops)
            value[begin : begin + _BLOCK] = mine
            if not low >= 0:
                value[begin : begin + _BLOCK][~(points >= 0)] = xp.nan
    return value.reshape(t.shape)[()] if t.ndim == 0 else value.reshape(t.shape)
