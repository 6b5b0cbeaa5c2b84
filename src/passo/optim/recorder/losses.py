"""The losses that go backward between two updates, as they were before anyone scaled them."""

from __future__ import annotations

import weakref
from typing import Any, Final

import torch

MOST: Final = 4096  # losses that wait for an update; a script may never make one


class Losses:
    """Scalars on their way back; nothing is read, so that no device is waited for.

    >>> losses = Losses()
    >>> losses.see(torch.tensor(0.5))
    >>> losses.take(), losses.take()
    ([tensor(0.5000)], [])
    """

    __slots__ = ("_scaled", "_told", "seen", "ways")

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._scaled: dict[int, tuple[Any, Any]] = {}
        self._told = False
        self.ways = 0  # how often anything went backward

    def see(self, tensor: Any) -> None:
        """A scalar begins its way back."""
        self.ways += 1
        if self._told or not isinstance(tensor, torch.Tensor) or tensor.numel() != 1:
            return
        if self._scaled:
            reference, original = self._scaled.pop(id(tensor), (None, None))
            if reference is not None and reference() is tensor:
                tensor = original
        self.seen.append(tensor.detach())
        if len(self.seen) > MOST:
            del self.seen[: MOST // 2]

    def tell(self, value: Any) -> None:
        """The script says its loss itself: from now on nothing else is a loss."""
        self._told = True
        self.seen.append(torch.as_tensor(value).detach())

    def take(self) -> list[Any]:
        """What was seen since the last time."""
        seen, self.seen = self.seen, []
        return seen

    def scaling(self, _method: Any, args: Any, _kwargs: Any, _frame: Any) -> Any:
        """A loss is multiplied by the scale of a GradScaler: remember what it was."""
        loss = args[1] if len(args) > 1 else None
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            return None

        def done(result: Any, failed: bool) -> None:  # noqa: FBT001
            if not failed and isinstance(result, torch.Tensor) and result is not loss:
                if len(self._scaled) > 64:
                    self._scaled.clear()
                self._scaled[id(result)] = (weakref.ref(result), loss.detach())

        return done
