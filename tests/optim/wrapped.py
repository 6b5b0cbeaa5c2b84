"""Wrappers of optimizers, as libraries write them."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import torch

NAMES = (
    "optimizer",
    "optim",
    "base_optimizer",
    "_base_optimizer",
    "original_optimizer",
    "inner_optimizer",
    "inner",
    "base",
    "opt",
    "_optim",
    "_optimizer",
    "what_nobody_else_calls_it",
)


class Larc:
    """Copies the reference to the groups, as apex's LARC."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        getattr(self, self.name).zero_grad(set_to_none)

    def __init__(self, inner: Any, name: str = "optim") -> None:
        self.param_groups = inner.param_groups
        self.name = name
        setattr(self, name, inner)

    def step(self, closure: Any = None) -> Any:
        return getattr(self, self.name).step(closure)

    def state_dict(self) -> Any:
        return getattr(self, self.name).state_dict()

    def load_state_dict(self, state: Any) -> None:
        getattr(self, self.name).load_state_dict(state)


class Lookahead(torch.optim.Optimizer):
    """As timm's: hooks of its own without `super().__init__()`, and everything handed on."""

    def __init__(self, inner: Any, name: str = "inner") -> None:
        self._optimizer_step_pre_hooks: Any = OrderedDict()
        self._optimizer_step_post_hooks: Any = OrderedDict()
        self.name = name
        setattr(self, name, inner)

    param_groups = property(lambda self: getattr(self, self.name).param_groups)
    state = property(lambda self: getattr(self, self.name).state)

    def zero_grad(self, set_to_none: bool = True) -> None:
        getattr(self, self.name).zero_grad(set_to_none)

    def step(self, closure: Any = None) -> Any:
        return getattr(self, self.name).step(closure)

    def state_dict(self) -> Any:
        return getattr(self, self.name).state_dict()

    def load_state_dict(self, state: Any) -> None:
        getattr(self, self.name).load_state_dict(state)


class Delegate:
    """Hands on whatever it is asked, as torchft's or a proxy."""

    def __init__(self, inner: Any, name: str = "optimizer") -> None:
        self.__dict__[name] = inner
        self.__dict__["name"] = name

    def __getattr__(self, key: str) -> Any:
        return getattr(self.__dict__[self.__dict__["name"]], key)


class Slots:
    """No dict of its own."""

    __slots__ = ("optim",)

    def __init__(self, inner: Any) -> None:
        self.optim = inner

    @property
    def param_groups(self) -> Any:
        return self.optim.param_groups

    def step(self, closure: Any = None) -> Any:
        return self.optim.step(closure)

    def state_dict(self) -> Any:
        return self.optim.state_dict()

    def load_state_dict(self, state: Any) -> None:
        self.optim.load_state_dict(state)


class Proper(torch.optim.Optimizer):
    """An optimizer of its own with the other's groups, whose state is loaded into the other."""

    def __init__(self, inner: Any, name: str = "base_optimizer") -> None:
        super().__init__(inner.param_groups, {})
        self.name = name
        setattr(self, name, inner)

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return getattr(self, self.name).step(closure)

    def state_dict(self) -> Any:
        return getattr(self, self.name).state_dict()

    def load_state_dict(self, state: Any) -> None:
        getattr(self, self.name).load_state_dict(state)


class Attentive(Proper):
    """As Proper, and it takes the new groups up."""

    def load_state_dict(self, state: Any) -> None:
        super().load_state_dict(state)
        self.param_groups = getattr(self, self.name).param_groups


class Sam(torch.optim.Optimizer):
    """Shares its groups with the optimizer inside; its own step is seldom called."""

    def __init__(self, params: Any, inner: Any, rho: float = 0.05, **settings: Any) -> None:
        super().__init__(params, {"rho": rho, **settings})
        self.base_optimizer = inner(self.param_groups, **settings)
        self.param_groups = self.base_optimizer.param_groups

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self.base_optimizer.step(closure)

    def second_step(self) -> None:
        self.base_optimizer.step()

    def load_state_dict(self, state: Any) -> None:
        super().load_state_dict(state)
        self.base_optimizer.param_groups = self.param_groups


class Apart(torch.optim.Optimizer):
    """Steps an optimizer of the same parameters, whose groups are its own; is stepped by nobody."""

    def __init__(self, params: Any, inner: Any, **settings: Any) -> None:
        super().__init__(params, settings)
        self.base_optimizer = inner(list(params), **settings)

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self.base_optimizer.step(closure)


def reload(wrapper: Any) -> None:
    """What a resume does: the dicts of the groups are others afterwards."""
    wrapper.load_state_dict(copy.deepcopy(wrapper.state_dict()))
