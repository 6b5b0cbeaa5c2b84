"""The names of timm's create_scheduler_v2: each a class of timm.scheduler in other words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any, Final, NamedTuple

from passo.catalogue.like.common import at_least, counted, each_of, left, length
from passo.catalogue.like.libraries import timm, timm_parts
from passo.ground.errors import PassoError
from passo.schedules import Constant, Schedule, base

_DEFAULT_DECAY: Final = "create_scheduler_v2 has cycle_decay=0.1 where the class has 1."


class _Given(NamedTuple):
    """The arguments of create_scheduler_v2, some of them as the classes call them."""

    each: int
    warmup: Mapping[str, Any]
    clock: Mapping[str, Any]
    prefix: Any
    cycles: Mapping[str, Any]
    told: Mapping[str, Any]

    @property
    def placed(self) -> Mapping[str, Any]:
        """The warm-up, the clock, and where the warm-up is."""
        return {**self.warmup, **self.clock, "warmup_prefix": self.prefix}


def create_scheduler_v2(  # noqa: PLR0913, PLR0917
    sched: str,
    num_epochs: Any = 300,
    decay_epochs: Any = None,
    decay_milestones: Any = (90, 180, 270),
    cooldown_epochs: Any = 0,
    patience_epochs: Any = 10,
    decay_rate: Any = 0.1,
    min_lr: Any = 0.0,
    warmup_lr: Any = 1e-5,
    warmup_epochs: Any = 0,
    warmup_prefix: Any = False,  # noqa: FBT002
    cycle_mul: Any = 1.0,
    cycle_decay: Any = 0.1,
    cycle_limit: Any = 1,
    k_decay: Any = 1.0,
    decay_fn: Any = None,
    stable_timescale: Any = None,
    plateau_mode: Any = "max",
    step_on_epochs: Any = True,  # noqa: FBT002
    updates_per_epoch: Any = 0,
) -> Schedule:
    """What a name stands for, with these words."""
    at_least(cooldown_epochs, "cooldown_epochs")
    each = 1 if step_on_epochs else counted(updates_per_epoch, "updates_per_epoch")
    told = {
        "decay_epochs": decay_epochs,
        "decay_milestones": decay_milestones,
        "patience_epochs": patience_epochs,
        "decay_rate": decay_rate,
        "k_decay": k_decay,
        "decay_fn": decay_fn,
        "stable_timescale": stable_timescale,
        "plateau_mode": plateau_mode,
    }
    cycles = {
        "t_initial": each * length(num_epochs, "num_epochs"),
        "lr_min": min_lr,
        "cycle_mul": cycle_mul,
        "cycle_decay": cycle_decay,
        "cycle_limit": cycle_limit,
    }
    warmup = {
        "warmup_t": each * length(warmup_epochs, "warmup_epochs"),
        "warmup_lr_init": warmup_lr,
    }
    clock = {"t_in_epochs": bool(step_on_epochs)}
    return _MAKERS[sched](_Given(each, warmup, clock, warmup_prefix, cycles, told))


def _cosine(given: _Given) -> Schedule:
    return timm.cosine(**given.cycles, **given.placed, k_decay=given.told["k_decay"])


def _tanh(given: _Given) -> Schedule:
    return timm.tanh(**given.cycles, **given.placed)


def _poly(given: _Given) -> Schedule:
    words = {"power": given.told["decay_rate"], "k_decay": given.told["k_decay"]}
    return timm.polynomial(**given.cycles, **given.placed, **words)


def _step(given: _Given) -> Schedule:
    every = given.told["decay_epochs"]
    every = Fraction(90) if every is None else length(every, "decay_epochs")
    return timm.step(given.each * every, given.told["decay_rate"], **given.placed)


def _constant(given: _Given) -> Schedule:
    return timm.step(1, 1.0, **given.placed)


def _multi_step(given: _Given) -> Schedule:
    named = each_of(given.told["decay_milestones"], "decay_milestones")
    milestones = [given.each * counted(at, "a milestone", least=0) for at in named]
    return timm.multi_step(milestones, given.told["decay_rate"], **given.placed)


def _plateau(given: _Given) -> Schedule:
    if not given.clock["t_in_epochs"]:
        raise PassoError("a plateau steps once an epoch: step_on_epochs must be True")
    rules = {"patience_t": given.told["patience_epochs"], "mode": given.told["plateau_mode"]}
    low = given.cycles["lr_min"]
    return timm.plateau(given.told["decay_rate"], **rules, lr_min=low, **given.warmup)


def _wsd(given: _Given, stable_fn: str = "constant", fall: str = "1-sqrt") -> Schedule:
    over = given.cycles["t_initial"]
    if not given.prefix:
        over = left(over, given.warmup["warmup_t"], "num_epochs", "warmup_epochs")
    decay = given.told["decay_epochs"]
    decay = Fraction(1, 5) if decay is None else length(decay, "decay_epochs")
    scale = given.told["stable_timescale"]
    return timm.wsd(
        over,
        round(decay * (over if 0 < decay < 1 else given.each)),
        given.cycles["lr_min"],
        stable_fn,
        None if scale is None else given.each * length(scale, "stable_timescale"),
        decay_fn=given.told["decay_fn"] or fall,
        **given.warmup,
        **given.clock,
    )


def _rsqrt(given: _Given) -> Schedule:
    return _wsd(given, "rsqrt", "linear")


def _none(_given: _Given) -> Schedule:
    return Constant(base)


_MAKERS: Final[Mapping[str, Callable[[_Given], Schedule]]] = {
    "cosine": _cosine,
    "tanh": _tanh,
    "poly": _poly,
    "step": _step,
    "constant": _constant,
    "multistep": _multi_step,
    "wsd": _wsd,
    "rsqrt": _rsqrt,
    "plateau": _plateau,
    "none": _none,
}


class _Named:
    """create_scheduler_v2 of one name; its signature is that of all without the name."""

    def __init__(self, sched: str) -> None:
        self.sched = sched
        of_all = signature(create_scheduler_v2)
        others = [each for each in of_all.parameters.values() if each.name != "sched"]
        self.__signature__ = of_all.replace(parameters=others)

    def __call__(self, **arguments: Any) -> Schedule:
        return create_scheduler_v2(self.sched, **arguments)


def _add(sched: str, example: Mapping[str, Any], remarks: Sequence[str]) -> None:
    timm.TIMM.schedule(sched, example=example, remarks=tuple(remarks))(_Named(sched))


_USUAL: Final = {"num_epochs": 300, "warmup_epochs": 5}
_OF_CLASS: Final = {each.names[0]: each.remarks for each in timm.TIMM.methods}
_add("cosine", _USUAL, (*timm_parts.CURVE, _DEFAULT_DECAY))
_add("tanh", _USUAL, (*_OF_CLASS["TanhLRScheduler"], _DEFAULT_DECAY))
_add("poly", _USUAL, ("decay_rate is the power of the curve.", *timm_parts.CURVE, _DEFAULT_DECAY))
_add(
    "step",
    {**_USUAL, "decay_epochs": 30},
    (timm_parts.EPOCHS, timm_parts.OVERLAY, timm_parts.SCALE),
)
_add("constant", {"warmup_epochs": 5}, (timm_parts.EPOCHS, timm_parts.SCALE))
_add("multistep", _USUAL, (*_OF_CLASS["MultiStepLRScheduler"], timm_parts.OVERLAY))
_add("wsd", _USUAL, _OF_CLASS["WSDLRScheduler"])
_add("rsqrt", _USUAL, _OF_CLASS["WSDLRScheduler"])
_add("plateau", {"patience_epochs": 10}, timm.PLATEAU)
_add("none", {}, ("There is no scheduler: the rate stays, and lr_scale is not looked at.",))
