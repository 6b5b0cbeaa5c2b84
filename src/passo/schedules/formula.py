"""What a formula may call, for plain numbers and for arrays: one formula serves both.

And `evaluate`: a formula on an array, of whichever library it is.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from math import pi, sin
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.precise import TINY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Formula = Callable[[Any, Any], Any]
    """`formula(t, xp)`: t is a float and xp is NUMBERS, or t is an array and xp is Arrays."""


class Array(Protocol):
    """An array of any library; a list is none."""

    @property
    def dtype(self) -> Any:
        """The type of its elements."""
        ...


AnyArray = TypeVar("AnyArray", bound=Array)

_HALF: Final = 0.5
_QUARTER: Final = 0.25
_HALF_PI: Final = pi / 2
_FEW_PARTS: Final = 4
_BLOCK: Final = 1 << 14


class Numbers:
    """Operations on one float; `math` raises where arrays give an infinity, hence the guards."""

    sinh = staticmethod(math.sinh)
    cosh = staticmethod(math.cosh)
    expm1 = staticmethod(math.expm1)
    log1p = staticmethod(math.log1p)
    sqrt = staticmethod(math.sqrt)

    @staticmethod
    def round(value: float) -> float:
        """The nearest whole number, half to even."""
        return float(round(value))

    @staticmethod
    def minimum(one: float, other: float) -> float:
        """The smaller of two."""
        return one if one < other else other  # noqa: FURB136  # twice as fast as min

    @staticmethod
    def maximum(one: float, other: float) -> float:
        """The larger of two."""
        return one if one > other else other  # noqa: FURB136  # twice as fast as max

    @staticmethod
    def where(condition: bool, yes: float, no: float) -> float:  # noqa: FBT001
        """One of two, by a condition."""
        return yes if condition else no

    @staticmethod
    def blend(early: bool, start: float, end: float, share: float) -> float:  # noqa: FBT001
        """`share` is the weight of `end` where `early`, else the weight of `start`."""
        if early:
            return start * (1.0 - share) + end * share
        return start * share + end * (1.0 - share)

    @staticmethod
    def half_wave(start: float, end: float, gone: float, left: float) -> float:
        """Half a cosine from `start` to `end`, by the shares gone and left; past it, the end.

        (1 - cos(pi * u)) / 2 of the smaller share, good to the last digits at both ends.
        """
        if left <= 0.0:
            return end
        early = gone < left
        u = gone if early else left
        if u < _QUARTER:
            root = sin(_HALF_PI * u)
            share = root * root
        else:
            share = _HALF - _HALF * sin(pi * (_HALF - u))
        if early:
            return start * (1.0 - share) + end * share
        return start * share + end * (1.0 - share)

    @staticmethod
    def log_share(share: float, other: float) -> float:
        """ln(share), where share + other = 1 and both are good to the last digit."""
        if other < _HALF:
            return math.log1p(-other)
        return math.log(share) if share > 0.0 else -math.inf

    @staticmethod
    def find(edges: Sequence[float], t: float) -> int:
        """How many edges lie at or before t."""
        return bisect_right(edges, t)

    @staticmethod
    def take(values: Sequence[float], index: int, _t: float) -> float:
        """The value at an index."""
        return values[index]


NUMBERS: Final = Numbers()


class Arrays:
    """The same operations on the arrays of one array-API namespace."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.is_numpy = xp.__name__.endswith("numpy") and "jax" not in xp.__name__
        self.is_torch = "torch" in xp.__name__
        self.sinh, self.cosh = xp.sinh, xp.cosh
        self.expm1, self.log1p, self.sqrt, self.where = xp.expm1, xp.log1p, xp.sqrt, xp.where

    def round(self, values: Any) -> Any:
        """As for numbers."""
        return NUMBERS.round(values) if isinstance(values, float) else self.xp.round(values)

    def minimum(self, values: Any, bound: Any) -> Any:
        """The smaller of two, of which each may be a number."""
        if isinstance(values, float):
            values, bound = bound, values
        if isinstance(bound, float):
            return (
                min(values, bound) if isinstance(values, float) else self._clip(values, None, bound)
            )
        return self.xp.minimum(values, bound)

    def maximum(self, values: Any, bound: Any) -> Any:
        """The larger of two, of which each may be a number."""
        if isinstance(values, float):
            values, bound = bound, values
        if isinstance(bound, float):
            return (
                max(values, bound) if isinstance(values, float) else self._clip(values, bound, None)
            )
        return self.xp.maximum(values, bound)

    def _clip(self, values: Any, low: float | None, high: float | None) -> Any:
        if self.is_numpy:
            bound = self.xp.minimum if low is None else self.xp.maximum
            return bound(values, high if low is None else low)
        return self.xp.clip(values, low, high)

    def blend(self, early: Any, start: float, end: float, share: Any) -> Any:
        """As for numbers."""
        other = 1.0 - share
        early_share = self.where(early, share, other)
        return start * self.where(early, other, share) + end * early_share

    def half_wave(self, start: Any, end: Any, gone: Any, left: Any) -> Any:
        """As for numbers."""
        left = self.maximum(left, 0.0)
        u = self.minimum(gone, left)
        near = u < _QUARTER
        root = self.xp.sin(self.where(near, _HALF_PI * u, pi * (_HALF - u)))
        share = self.where(near, root * root, _HALF - _HALF * root)
        return self.blend(gone < left, start, end, share)

    def log_share(self, share: Any, other: Any) -> Any:
        """As for numbers."""
        small = self.log1p(-self.minimum(other, _HALF))
        large = self.xp.log(self.maximum(share, TINY))
        return self.where(other < _HALF, small, large)

    def find(self, edges: Sequence[float], t: Any) -> Any:
        """How many edges lie at or before each t."""
        return self.xp.searchsorted(self._like(edges, t), t, side="right")

    def take(self, values: Sequence[float], index: Any, t: Any) -> Any:
        """The value at each index, in t's precision."""
        flat = self.xp.take(self._like(values, t), self.xp.reshape(index, (-1,)), axis=0)
        return self.xp.reshape(flat, t.shape)

    def _like(self, values: Sequence[float], t: Any) -> Any:
        if self.is_torch:
            return self.xp.asarray(list(values), dtype=t.dtype, device=t.device)
        return self.xp.asarray(values, dtype=t.dtype)

    def full(self, t: Any, value: Any) -> Any:
        """`value` in the shape of t: a formula without t answers with a plain number."""
        return self.xp.full_like(t, value) if isinstance(value, float) else value

    def chain(self, t: Any, starts: Sequence[float], parts: Sequence[Formula]) -> Any:
        """At each t the part that is active there, in its own time."""
        first, last = 0, len(parts) - 1
        if self.is_numpy and (latest := float(t.max())) == latest:
            first = bisect_right(starts, float(t.min())) - 1
            last = bisect_right(starts, latest) - 1
            if last - first > _FEW_PARTS:
                return self._chain_by_index(t, starts, parts)
        value = self.full(t, parts[first](self.maximum(t - starts[first], 0.0), self))
        for start, part in zip(starts[first + 1 : last + 1], parts[first + 1 :], strict=False):
            mine = self.full(t, part(self.maximum(t - start, 0.0), self))
            value = self.where(t >= start, mine, value)
        return value

    def _chain_by_index(self, t: Any, starts: Sequence[float], parts: Sequence[Formula]) -> Any:
        """NumPy only: each part sees just its own points, so that 1,000 parts stay cheap."""
        index = self.find(starts, t) - 1
        order = self.xp.argsort(index, kind="stable")
        present, begins = self.xp.unique(index[order], return_index=True)
        ends = [*begins[1:].tolist(), t.size]
        value = self.xp.empty_like(t)
        for k, begin, end in zip(present.tolist(), begins.tolist(), ends, strict=True):
            points = order[begin:end]
            value[points] = parts[k](t[points] - starts[k], self)
        return value


_known: Final[dict[str, Arrays]] = {}


def _is_torch(t: object) -> bool:
    """Whether t is a torch tensor; torch itself is never imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(t, torch.Tensor)


def _operations(t: Any) -> Arrays:
    name = "torch" if _is_torch(t) else type(t).__module__.partition(".")[0]
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
    on_a_device_without = _is_torch(t) and t.device.type == "mps"
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
