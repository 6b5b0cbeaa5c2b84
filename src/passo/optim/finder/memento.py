"""What objects hold, put back into the very same objects: dicts, lists, tensors, modules."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from passo.ground.beside import beside
from passo.optim.ground.undo import refill

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


class Memento:
    """Everything that some objects hold, to be put back bit for bit.

    It follows dicts, lists, tuples, tensors with their gradients, and the attributes of modules and
    of the objects given; it keeps anything else as it is. Containers and tensors keep their
    identity. With `folder` the copies of tensors wait in a file there.

    The obvious form, `load_state_dict(deepcopy(state_dict()))`, gives back equal values in other
    objects: an optimizer's moments and a Tensor lr become new tensors, which a compiled step or a
    captured graph does not see; and gradients, hooks and plain attributes are in no state_dict.

    >>> group = {"lr": torch.tensor(0.1), "betas": (0.9, 0.99)}
    >>> memento, rate = Memento([group]), group["lr"]
    >>> _ = rate.fill_(7.0)
    >>> group.update(betas=(0.5, 0.5), extra=1)
    >>> memento.put_back()
    >>> group, group["lr"] is rate
    ({'lr': tensor(0.1000), 'betas': (0.9, 0.99)}, True)
    """

    def __init__(
        self, things: Iterable[Any], *, folder: str | os.PathLike[str] | None = None
    ) -> None:
        self._seen: dict[int, Any] = {}
        self._dicts: list[tuple[dict[Any, Any], list[tuple[Any, Any]]]] = []
        self._lists: list[tuple[Any, list[Any]]] = []
        self._tensors: list[_Kept] = []
        for thing in things:
            self._keep(thing, whole=True)
        slots = [kept.slot for kept in self._tensors]
        self._store = _InMemory(slots) if folder is None else _OnDisk(slots, folder)

    def put_back(self) -> None:
        """Make everything hold what it held."""
        for held, items in self._dicts:
            refill(held, items)
        for sequence, members in self._lists:
            if not _same(sequence, members):
                sequence.clear()
                sequence.extend(members)
        with torch.no_grad():
            for kept, copy in zip(self._tensors, self._store.copies(), strict=True):
                kept.put_back(copy)

    def close(self) -> None:
        """Drop the copies."""
        self._store.close()

    def _keep(self, thing: Any, *, whole: bool = False) -> None:
        if id(thing) in self._seen:
            return
        if isinstance(thing, torch.Tensor):
            self._seen[id(thing)] = thing
            self._keep_tensor(thing)
        elif isinstance(thing, dict):
            self._seen[id(thing)] = thing
            self._dicts.append((thing, list(thing.items())))
            for each in thing.values():
                self._keep(each)
        elif isinstance(thing, (list, deque)):
            self._seen[id(thing)] = thing
            self._lists.append((thing, list(thing)))
            for each in thing:
                self._keep(each)
        elif isinstance(thing, tuple):
            for each in thing:
                self._keep(each)
        elif isinstance(thing, torch.nn.Module) or whole:
            self._seen[id(thing)] = thing
            self._keep_attributes(thing)

    def _keep_attributes(self, thing: Any) -> None:
        self._keep(vars(thing))
        if isinstance(thing, torch.nn.Module):
            for each in (*thing.parameters(), *thing.buffers()):
                self._keep(each)

    def _keep_tensor(self, tensor: torch.Tensor) -> None:
        self._tensors.append(_Kept(tensor))
        if tensor.is_leaf and tensor.grad is not None:
            self._keep(tensor.grad)


class _Kept:
    """A tensor: where its numbers lie, its gradient, and whether it wants one."""

    __slots__ = ("grad", "held", "slot", "tensor", "wants")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor
        self.held = tensor.detach()
        self.slot = _without_overlap(self.held)
        self.grad = tensor.grad if tensor.is_leaf else None
        self.wants = tensor.requires_grad

    def put_back(self, copy: torch.Tensor) -> None:
        tensor = self.tensor
        if tensor.is_leaf:
            if tensor.requires_grad != self.wants:
                tensor.requires_grad_(self.wants)
            if _lies_elsewhere(tensor, self.held):
                tensor.data = self.held  # after `model.half()` a copy would land in half precision
            tensor.grad = self.grad
        self.slot.copy_(copy)


def _lies_elsewhere(tensor: torch.Tensor, held: torch.Tensor) -> bool:
    if tensor.dtype != held.dtype or tensor.device != held.device or tensor.shape != held.shape:
        return True
    return tensor.layout == torch.strided and tensor.data_ptr() != held.data_ptr()


def _without_overlap(tensor: torch.Tensor) -> torch.Tensor:
    """The same memory with every element once: what `expand` repeats is one element wide."""
    if tensor.layout != torch.strided:
        return tensor
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if stride == 0 and size > 1:
            tensor = tensor.narrow(dim, 0, 1)
    return tensor


def _same(sequence: Any, members: list[Any]) -> bool:
    return len(sequence) == len(members) and all(map(_is, sequence, members))


def _is(one: Any, other: Any) -> bool:
    return one is other


class _InMemory:
    """Copies beside their originals."""

    def __init__(self, slots: list[torch.Tensor]) -> None:
        self._copies = [slot.clone() for slot in slots]

    def copies(self) -> list[torch.Tensor]:
        return self._copies

    def close(self) -> None:
        self._copies = []


class _OnDisk:
    """Copies in one file, which goes with them, or with the next ones after a kill."""

    def __init__(self, slots: list[torch.Tensor], folder: str | os.PathLike[str]) -> None:
        with ExitStack() as failing:
            file, self._file = failing.enter_context(beside(Path(folder) / "passo-copies.pt"))
            torch.save(slots, file)
            file.flush()
            self._kept = failing.pop_all()

    def copies(self) -> list[torch.Tensor]:
        asked: dict[str, Any] = {"map_location": "cpu", "weights_only": True, "mmap": True}
        found: list[torch.Tensor] = torch.load(self._file, **asked)
        return found

    def close(self) -> None:
        self._kept.close()
