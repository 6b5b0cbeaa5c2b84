"""`range_test`: raise a rate while a few updates are made, look at the loss, undo everything."""

from __future__ import annotations

import math
from contextlib import contextmanager
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import torch

from passo.ground.calls import called_like
from passo.ground.checks import brief, real, whole
from passo.optim.finder.lever import Lever
from passo.optim.finder.loader_step import LoaderStep
from passo.optim.finder.restore import Parts, check_folder, untouched
from passo.optim.ground import randomness, ranks
from passo.optim.ground.advice import no_optimizer, shown
from passo.optim.ground.foreign import refuse_scheduler
from passo.optim.ground.together import are_several, given_of, named
from passo.optim.ground.wrappers import the_one
from passo.schedules import PassoError
from passo.trace import RangeTest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from torch.optim import Optimizer

    from passo.optim.ground.attached import HasGroups
    from passo.optim.ground.together import Optimizers

Ramp = Literal["exponential", "linear"]
_IDLE: Final = 100
_FIRST: Final = 10
_QUARTER: Final = 0.25
_FADE: Final = 0.7
_MOST: Final = 100_000  # steps: their values are held, and written into one file
_WIDE: Final = 700.0  # the exponential of more is not a float


@called_like("range_test(train_step, optimizer, restore=[model])")
def range_test(
    train_step: Callable[[], Any],
    optimizer: Optimizer | HasGroups | Optimizers,
    *,
    restore: Iterable[Any],
    key: str = "lr",
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    ramp: Ramp = "exponential",
    stop: float = 4.0,
    repeats: int = 1,
    progress: bool = False,
    folder: str | os.PathLike[str] | None = None,
) -> RangeTest:
    """Loss over rate: `steps` updates with rates from `low` to `high`, and then no trace of them.

        exponential: low * (high / low) ** (k / (steps - 1)),   linear: low + (high - low) * k / ...

    `train_step()` is your own: it makes one update and answers with its loss, a number or a Tensor.
    A call without a real update (a step that a GradScaler skipped) adds no point. `restore` lists
    what it changes besides the optimizer and its parameters, `[model, scaler, loader]`: see
    `untouched`, which also says what `folder` is for. With one of `loader_step`, `[]` is enough.

    `key` is any field of the groups. The value is that of the first group that does not hold 0;
    the others keep their ratio, over all optimizers where several are given, `[muon, adamw]`.
    SGD's momentum keeps its velocity while the rate grows. The test ends before `high` at the
    first loss that is not finite, and where a short running mean has risen over its lowest value
    by `stop` times the most that it had fallen, a quarter of the first loss, and the spread of
    the first tenth. `repeats` makes the test so often, with other random numbers each time. Over
    several ranks the losses are averaged. `progress` shows a bar on stderr.

    Source: L. N. Smith, "Cyclical learning rates for training neural networks", 2017. Raises
    PassoError before anything is changed where an argument is wrong, and where `train_step` runs
    out of batches; what else it raises passes through. Either way all is given back first.

    >>> model = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> def train_step():
    ...     optimizer.zero_grad()
    ...     loss = (model(torch.ones(1, 1)) - 3).square().mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> found = range_test(train_step, optimizer, restore=[model])
    >>> 0.01 < found.suggestion().best < 0.5, optimizer.param_groups[0]["lr"]
    (True, 0.1)
    """
    values = _values(low, high, whole(steps, "steps", most=_MOST), ramp)
    check_folder(folder)
    stop = real(stop, "stop")
    if stop <= 0:
        msg = f"stop must be above 0, got {brief(stop)}; write stop=4.0"
        raise PassoError(msg)
    repeats = whole(repeats, "repeats")
    _refuse_no_step(train_step)
    optimizers = _optimizers(optimizer)
    things = _things(train_step, optimizer, restore)
    lever = Lever(optimizers, key)
    device = _device(optimizers)
    lever.check(values[0], values[-1])
    generators = _generators(things)
    runs = []
    with _display(repeats * len(values), shown=progress) as tick:
        for repeat in range(repeats):
            with untouched(*things, folder=folder):
                if repeat:
                    randomness.seed_anew(generators, repeat)
                lever.hang()
                ended = _Stop(stop, len(values))
                runs.append(_run(train_step, lever, values, ended, device, tick))
    return RangeTest(values[: max(map(len, runs))], tuple(runs), key)


def _values(low: float, high: float, steps: int, ramp: str) -> tuple[float, ...]:
    """What the updates use, in ascending order; both ends exactly as given."""
    low, high = real(low, "low"), real(high, "high")
    if ramp not in get_args(Ramp):
        msg = f"ramp must be 'exponential' or 'linear', got {brief(ramp)}"
        raise PassoError(msg)
    if low >= high:
        msg = f"low must be below high, got low={low:g} and high={high:g}"
        raise PassoError(msg)
    if ramp == "exponential" and low <= 0:
        msg = f"an exponential ramp needs low above 0, got {low:g}; write ramp='linear'"
        raise PassoError(msg)
    last = max(1, steps - 1)
    shares = [k / last for k in range(1, last)]
    inside = _straight(low, high, shares) if ramp == "linear" else _curved(low, high, shares)
    found = (low, *inside, high)[:steps]
    if any(a >= b for a, b in pairwise(found)):
        msg = (
            f"{steps} values do not fit between low={low:g} and high={high:g}: some would be equal "
            "or out of order; write fewer steps=, or bounds that lie further apart"
        )
        raise PassoError(msg)
    return found


def _straight(low: float, high: float, shares: list[float]) -> list[float]:
    width = high - low
    if width < math.inf:
        return [low + width * share for share in shares]
    return [low * (1 - share) + high * share for share in shares]


def _curved(low: float, high: float, shares: list[float]) -> list[float]:
    width = math.log(high / low) if high / low < math.inf else math.log(high) - math.log(low)
    if width < _WIDE:
        return [low * math.exp(width * share) for share in shares]
    return [math.exp(math.log(low) + width * share) for share in shares]


def _optimizers(given: Any) -> dict[str, Any]:
    """The optimizers that are called by name, or the one that needs none."""
    if are_several(given):
        return named(given, "range_test", _inside)
    return {"": _inside(given)}


def _inside(optimizer: Any) -> Any:
    """What steps in it, and holds parameters; raises PassoError where nothing does."""
    refuse_scheduler(optimizer, "range_test")
    inner = the_one(optimizer, "range_test")
    if inner is None or not any(group["params"] for group in inner.param_groups):
        advice = no_optimizer(optimizer, "range_test")
        msg = f"range_test needs a torch optimizer, got {shown(optimizer)}{advice}"
        raise PassoError(msg)
    return inner


def _device(optimizers: dict[str, Any]) -> torch.device:
    """Where the first parameter is."""
    groups = (group for each in optimizers.values() for group in each.param_groups)
    found: torch.device = next(p.device for group in groups for p in group["params"])
    return found


def _refuse_no_step(train_step: Any) -> None:
    if not callable(train_step):
        msg = (
            f"train_step must be a function that makes one update, got {brief(train_step)}; "
            "write def train_step(): ..., or loader_step(model, optimizer, loss_fn, loader)"
        )
        raise PassoError(msg)


def _things(train_step: Any, optimizer: Any, restore: Any) -> list[Any]:
    """All that is to be given back, looked at before anything runs."""
    if isinstance(restore, (str, torch.nn.Module)) or not hasattr(restore, "__iter__"):
        msg = f"restore must be a list, got {brief(restore)}; write restore=[model, scaler, loader]"
        raise PassoError(msg)
    things = [*given_of(optimizer), *restore]
    return [*things, train_step] if isinstance(train_step, LoaderStep) else things


def _generators(things: list[Any]) -> list[Any]:
    """The generators among the things; raises PassoError for what cannot be given back."""
    parts = Parts()
    for thing in things:
        parts.add(thing)
    return parts.generators


def _run(
    train_step: Callable[[], Any],
    lever: Lever,
    values: tuple[float, ...],
    ended: _Stop,
    device: torch.device,
    tick: Callable[[], None],
) -> tuple[float, ...]:
    """The losses of one ramp, one for each value that made an update."""
    losses: list[float] = []
    for value in values:
        try:
            loss = _point(train_step, lever, value, device)
        except StopIteration as error:
            msg = (
                f"the step ran out of batches after {len(losses)} updates of {len(values)}; write "
                "loader_step(model, optimizer, loss_fn, loader), which begins its loader again, "
                "or give it more data"
            )
            raise PassoError(msg) from error
        losses.append(loss)
        tick()
        if ended(loss):
            break
    return tuple(losses)


def _point(
    train_step: Callable[[], Any], lever: Lever, value: float, device: torch.device
) -> float:
    """The loss of the first call that makes an update with this value."""
    for _ in range(_IDLE):
        lever.set(value)
        before = lever.updates
        own = _number(train_step())
        loss, made = ranks.mean_point(own, device, made=lever.updates > before)
        if made:
            return loss
        if not math.isfinite(loss):
            return loss
    msg = (
        f"train_step was called {_IDLE} times without one update of the optimizer; call "
        "optimizer.step() in it, on the optimizer that range_test was given, with gradients"
    )
    raise PassoError(msg)


def _number(loss: Any) -> float:
    """The loss as a float; a NaN or an infinity is a result too."""
    if isinstance(loss, torch.Tensor) and loss.numel() == 1 and not loss.is_complex():
        return float(loss.detach())
    if isinstance(loss, Real) and not isinstance(loss, bool):
        try:
            return float(loss)
        except OverflowError:
            return math.inf if loss > 0 else -math.inf  # type: ignore[operator]
    msg = (
        "train_step must answer with its loss, a number or a Tensor of one element, got "
        f"{brief(loss)}; write return loss"
    )
    raise PassoError(msg)


class _Stop:
    """Whether the loss has diverged: the rule that `range_test` states."""

    def __init__(self, stop: float, steps: int) -> None:
        self._stop = stop
        self._early = max(_FIRST, steps // 10)
        self._first: list[float] = []
        self._floor = 0.0
        self._mean = self._weight = 0.0
        self._start = self._lowest = math.inf

    def __call__(self, loss: float) -> bool:
        if not math.isfinite(loss):
            return True
        self._mean = _FADE * self._mean + (1 - _FADE) * loss
        self._weight = _FADE * self._weight + (1 - _FADE)
        level = self._mean / self._weight
        if len(self._first) < self._early:
            self._first.append(loss)
            self._start = self._first[0]
            spread = max(self._first) - min(self._first)
            self._floor = max(spread, _QUARTER * abs(self._start))
            self._lowest = min(self._lowest, level)
            return False
        self._lowest = min(self._lowest, level)
        scale = max(self._start - self._lowest, self._floor)
        return level - self._lowest > self._stop * scale


@contextmanager
def _display(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar on stderr where it is asked for; the function moves it on by one."""
    if not shown:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("range test", total=total)
        yield lambda: bar.advance(task)
