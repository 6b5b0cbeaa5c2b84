"""The classes whose rate is a shape of the base's: steps, lines, powers, half a cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler as torchs

from passo.optim.lr_scheduler.older import takes_verbose
from passo.optim.lr_scheduler.rates import snapshot
from passo.optim.lr_scheduler.relative import Relative
from passo.optim.lr_scheduler.shape import Milestones, Parameter
from passo.schedules import PassoError
from passo.schedules import torchs as expressions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch.optim import Optimizer

    from passo.optim.lr_scheduler.shape import Shape
    from passo.schedules import Schedule


class StepLR(Relative, torchs.StepLR):
    """Each group's rate falls by `gamma` every `step_size` steps.

        lr(t) = base_lr * gamma ** floor(t / step_size)

    Signature, warnings and states are torch's StepLR's. Raises PassoError for a step_size of 0.
    Source: torch.optim.lr_scheduler.StepLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> StepLR(optimizer, step_size=30).schedule
    Exponential(1, 0.1, every=steps(30)).staircase(steps(30))
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        if not step_size:
            msg = f"step_size must be the steps of a stair, 1 or more, got {step_size}"
            raise PassoError(msg)
        self._before(optimizer)
        torchs.StepLR.__init__(self, optimizer, step_size, gamma, last_epoch)

    step_size = Parameter()
    gamma = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.stairs(peak, self.step_size, self.gamma)


class MultiStepLR(Relative, torchs.MultiStepLR):
    """Each group's rate falls by `gamma` at each milestone, as often as it is named.

        lr(t) = base_lr * gamma ** (milestones at or before t)

    Signature, warnings and states are torch's MultiStepLR's. Source:
    torch.optim.lr_scheduler.MultiStepLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> MultiStepLR(optimizer, [30, 80]).schedule(80)
    0.010000000000000002
    """

    __slots__ = ("_counted", "_lent")

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.MultiStepLR.__init__(self, optimizer, milestones, gamma, last_epoch)
        self._lent = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lent = False

    def _lend(self) -> None:
        """Somebody has the milestones, and may edit them: they are looked at before each step."""
        self._lent = True
        if "_last_lr" in vars(self) and (shape := self._shape()) is not None:
            shape.usual, shape.home = False, None

    def _look(self) -> None:
        """See whether the milestones were edited in place."""
        if self._quick is not None and self._counted != vars(self)["milestones"]:
            self._changed()

    def _update_lr(self, epoch: float | None = None) -> None:
        self._look()
        super()._update_lr(epoch)

    def state_dict(self) -> dict[str, Any]:
        """The state that torch saves; what was edited in place counts from the rate of now."""
        self._look()
        return super().state_dict()

    def __getstate__(self) -> dict[str, Any]:
        self._look()
        return super().__getstate__()

    def _keep(self, shape: Shape, rates: list[float], share: float) -> None:
        super()._keep(shape, rates, share)
        if self._lent:
            shape.usual = False

    def _unit(self) -> Schedule:
        self._counted = dict(vars(self)["milestones"])
        return super()._unit()

    milestones = Milestones()
    gamma = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.milestones_passed(peak, vars(self)["milestones"], self.gamma)


class ConstantLR(Relative, torchs.ConstantLR):
    """Each group's rate is `factor` times its base for `total_iters` steps, then the base.

        lr(t) = base_lr * (factor if t < total_iters else 1)

    Signature, warnings and states are torch's ConstantLR's; `factor=0` and `total_iters=0` work
    as the formula says. Source: torch.optim.lr_scheduler.ConstantLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> ConstantLR(optimizer, factor=0.5, total_iters=4).schedule
    Constant(0.5, steps(4)).then(Constant(1))
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.ConstantLR.__init__(self, optimizer, factor, total_iters, last_epoch)

    factor = Parameter()
    total_iters = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.factor_at_first(peak, self.factor, self.total_iters)

    def _by_torch(self) -> list[Any]:
        return super()._by_torch() if self.factor else [snapshot(slot) for slot in self._slots()]


class LinearLR(Relative, torchs.LinearLR):
    """Each group's rate goes along a line from `start_factor` to `end_factor` of its base.

        lr(t) = base_lr * (start_factor + (end_factor - start_factor) * min(t / total_iters, 1))

    Signature, warnings and states are torch's LinearLR's; with `total_iters=0` it is at
    `end_factor` from the beginning. Source: torch.optim.lr_scheduler.LinearLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> LinearLR(optimizer, start_factor=0.5, total_iters=4).schedule
    Linear(0.5, 1, steps(4))
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.LinearLR.__init__(self, optimizer, start_factor, end_factor, total_iters, last_epoch)

    start_factor = Parameter()
    end_factor = Parameter()
    total_iters = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.line(peak, self.start_factor, self.end_factor, self.total_iters)


class ExponentialLR(Relative, torchs.ExponentialLR):
    """Each group's rate falls by `gamma` at every step.

        lr(t) = base_lr * gamma ** t

    Signature, warnings and states are torch's ExponentialLR's. Source:
    torch.optim.lr_scheduler.ExponentialLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> ExponentialLR(optimizer, gamma=0.5).schedule
    Exponential(1, 0.5)
    """

    __slots__ = ()

    @takes_verbose
    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self._before(optimizer)
        torchs.ExponentialLR.__init__(self, optimizer, gamma, last_epoch)

    gamma = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.each_step(peak, self.gamma)


class PolynomialLR(Relative, torchs.PolynomialLR):
    """Each group's rate falls to 0 over `total_iters` steps, with the power on what is left.

        lr(t) = base_lr * (1 - min(t / total_iters, 1)) ** power

    Signature, warnings and states are torch's PolynomialLR's. Source:
    torch.optim.lr_scheduler.PolynomialLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> PolynomialLR(optimizer, total_iters=4, power=2.0).schedule
    Polynomial(1, 0, steps(4), power=2)
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.PolynomialLR.__init__(self, optimizer, total_iters, power, last_epoch)

    total_iters = Parameter()
    power = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return expressions.polynomial(peak, self.total_iters, self.power)
