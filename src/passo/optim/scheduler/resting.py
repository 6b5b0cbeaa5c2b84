"""A scheduler of somebody else's on the same optimizer, put to rest while a plan is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from passo.ground.errors import PassoError
from passo.optim.ground.advice import shown
from passo.optim.ground.wrappers import layers

if TYPE_CHECKING:
    from collections.abc import Callable


class Resting:
    """Mark of a native scheduler at rest: what it is a mixin of has a `step` that does nothing."""


def native_of(over: Any, optimizer: Any) -> Any:
    """The scheduler of torch that `over` is, or that a wrapper such as accelerate's holds.

    Raises PassoError for what is none, for one of another optimizer, and for one at rest already.
    """
    native = over
    while not isinstance(native, (LRScheduler, ReduceLROnPlateau)):
        inner = getattr(native, "scheduler", None)
        if inner is None or inner is native:
            msg = (
                f"over needs the torch scheduler that a trainer made, got {shown(over)}; leave it "
                "out where there is none"
            )
            raise PassoError(msg)
        native = inner
    name = type(native).__name__
    if isinstance(native, Resting):
        msg = f"over={name} is at rest already, under another plan; call detach() on that first"
        raise PassoError(msg)
    if not _is_of(native, optimizer):
        msg = (
            f"over={name} is a scheduler of another optimizer than the one that is attached to; "
            f"write attach(over.optimizer, ...), or leave over out"
        )
        raise PassoError(msg)
    return native


def rest(native: Any, rates: Callable[[], list[Any]]) -> Callable[[], None]:
    """Put it to rest: its `step` does nothing, its `get_last_lr` answers `rates()`.

    What is answered wakes it. Its state is saved and loaded as before. The class is swapped, since
    what is put into the object would land in its `state_dict`.
    """
    kind = type(native)

    class AtRest(Resting, kind):  # type: ignore[misc, valid-type]
        def step(self, *_args: Any, **_kwargs: Any) -> None:
            """Nothing: a plan of passo is at work on the optimizer."""

        def get_last_lr(self) -> list[Any]:
            """The rates of the plan that is at work instead."""
            return rates()

        def __reduce_ex__(self, protocol: Any) -> Any:
            """As what it is when awake."""
            make, (_, *rest), *more = super().__reduce_ex__(protocol)
            return (make, (kind, *rest), *more)

    AtRest.__name__, AtRest.__qualname__ = kind.__name__, kind.__qualname__
    AtRest.__module__ = kind.__module__
    native.__class__ = AtRest

    def wake() -> None:
        if type(native) is AtRest:
            native.__class__ = kind

    return wake


def _is_of(native: Any, optimizer: Any) -> bool:
    ours = {id(each) for each in layers(optimizer)}
    return any(id(each) in ours for each in layers(native.optimizer))
