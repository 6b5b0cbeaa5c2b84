"""Megatron-LM: the learning rate and the weight decay of its OptimizerParamScheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import at_least, choice, left, length
from passo.catalogue.like.registry import Library, Past, Plan, as_code
from passo.ground.calls import called_like
from passo.ground.checks import brief, exact
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Geometric,
    InversePower,
    Linear,
    Power,
    Schedule,
    Span,
    samples,
    steps,
)

_TAKEN: Final[dict[str, Any]] = dict.fromkeys(
    (
        "optimizer",
        "use_checkpoint_opt_param_scheduler",
        "override_opt_param_scheduler",
    ),
    ...,
)


def _spell(name: str, given: Mapping[str, Any]) -> str:
    arguments = {**given, "lr_decay_style": name}
    return f"like.megatron({', '.join(f'{key}={as_code(v)}' for key, v in arguments.items())})"


MEGATRON: Final = Library("megatron", _TAKEN, spell=_spell)
_RUN: Final = {"lr": 3e-4, "min_lr": 3e-5, "train_iters": 1000, "lr_warmup_iters": 100}
_DROP: Final = (
    "Its floor is min_lr, and it drops there at the update after lr_decay_iters, from wherever it "
    "then is."
)
_DECAY: Final = (
    "lr_decay_iters is train_iters where it is not given; weight decay goes on to train_iters.",
    (
        "With a weight_decay, a start_weight_decay or a weight_decay_incr_style the answer is a "
        "mapping, with the weight_decay beside the lr."
    ),
)


@called_like('like.megatron(lr=3e-4, lr_decay_style="cosine", train_iters=1000)')
def megatron(*, lr_decay_style: str = "linear", past: Past = "theirs", **arguments: Any) -> Plan:
    """The rate of Megatron-LM, and the weight decay where that is given, by its arguments.

        pretrain_gpt.py --lr 3e-4 --lr-decay-style cosine ... as an expression, in absolute values

    The arguments are those of its command line with "_" for "-" (lr, min_lr, lr_warmup_init,
    lr_warmup_iters, lr_decay_iters, lr_wsd_decay_iters, ..., or ..._samples) or those of the class
    OptimizerParamScheduler (max_lr, min_lr, init_lr, lr_warmup_steps, lr_decay_steps, ...). Steps
    and iterations are updates, samples are samples. With a weight decay the answer is a mapping.
    Megatron holds min_lr past its end, so `past` changes nothing. Raises PassoError for a style or
    a value without meaning, WrongCall for arguments that it does not take.
    Source: megatron.core.optimizer_param_scheduler, 0.16.1.

    >>> megatron(lr=0.1, min_lr=0.01, lr_decay_style="cosine", lr_decay_iters=10, lr_warmup_iters=4)
    Linear(0, 0.1, steps(4)).then(Cosine(0.1, 0.01, steps(6)))
    """
    made: Plan = MEGATRON.answer(lr_decay_style, arguments, past)
    return made


class _Given:
    """What was given, whichever of its names it was given by."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {name: value for name, value in given.items() if value is not None}
        self.unit: Callable[[Any], Span] = steps
        counted = [name for name in self.given if name.endswith("_samples")]
        if counted:
            self.unit = samples
            other = [name for name in self.given if name.endswith(("_iters", "_steps"))]
            if other:
                msg = f"lengths are in iterations or in samples, got {other[0]} and {counted[0]}"
                raise PassoError(msg)

    def one(self, *names: str) -> tuple[str, Any]:
        """The one of these names that was given, and its value; the first and None for none."""
        found = [name for name in names if name in self.given]
        if len(found) > 1:
            msg = f"{found[0]} and {found[1]} are the same; give one of them"
            raise PassoError(msg)
        return (found[0], self.given[found[0]]) if found else (names[0], None)

    def number(self, *names: str, usual: float | None = None) -> float:
        """A number of at least 0; raises PassoError where it is needed and missing."""
        name, value = self.one(*names)
        if value is None:
            if usual is not None:
                return usual
            msg = f"{name} is missing; give {name}=..."
            raise PassoError(msg)
        return at_least(value, name)

    def amount(self, what: str) -> tuple[str, Fraction | None]:
        """A length, in iterations, in samples or in the steps of the class."""
        name, value = self.one(f"{what}_iters", f"{what}_samples", f"{what}_steps")
        return name, None if value is None else length(value, name)

    def whole_fall(self) -> Fraction:
        """When the rate has fallen."""
        name, value = self.amount("lr_decay")
        if value is None:
            name, value = self.amount("train")
        if value is None:
            msg = "lr_decay_iters is missing; give lr_decay_iters=... or train_iters=..."
            raise PassoError(msg)
        if not value:
            msg = f"{name} must be above 0, got 0"
            raise PassoError(msg)
        return value

    def warmup(self, fall: Fraction) -> Fraction:
        """How long the warm-up is: a share of the fall, or a length."""
        name, value = self.amount("lr_warmup")
        share = self.given.get("lr_warmup_fraction")
        if share is not None:
            if value is not None:
                msg = f"lr_warmup_fraction and {name} are the same; give one of them"
                raise PassoError(msg)
            at_least(share, "lr_warmup_fraction")
            name, value = "lr_warmup_fraction", exact(share, "lr_warmup_fraction") * fall
        value = value or Fraction(0)
        if value >= fall:
            msg = f"{name} must be less than lr_decay_iters, got {brief(self.given.get(name))}"
            raise PassoError(msg)
        return value


_Fall = Callable[[_Given, float, float, Fraction, Fraction], Schedule]


def _style(name: str, *remarks: str, **more: Any) -> Callable[[_Fall], _Fall]:
    """A decay style: how it falls from the peak to the floor, of its length and the warm-up's."""

    def added(fall: _Fall) -> _Fall:
        def make(  # noqa: PLR0913, PLR0917
            lr: Any = None,
            min_lr: Any = None,
            lr_warmup_init: Any = None,
            lr_warmup_iters: Any = None,
            lr_warmup_fraction: Any = None,
            lr_decay_iters: Any = None,
            train_iters: Any = None,
            lr_wsd_decay_iters: Any = None,
            lr_wsd_decay_style: Any = None,
            weight_decay: Any = None,
            start_weight_decay: Any = None,
            end_weight_decay: Any = None,
            weight_decay_incr_style: Any = None,
            lr_warmup_samples: Any = None,
            lr_decay_samples: Any = None,
            train_samples: Any = None,
            lr_wsd_decay_samples: Any = None,
            max_lr: Any = None,
            init_lr: Any = None,
            lr_warmup_steps: Any = None,
            lr_decay_steps: Any = None,
            wsd_decay_steps: Any = None,
            start_wd: Any = None,
            end_wd: Any = None,
            wd_incr_steps: Any = None,
            wd_incr_style: Any = None,
        ) -> Plan:
            return _plan(_Given(locals()), fall)

        MEGATRON.schedule(name, example={**_RUN, **more}, remarks=(*remarks, *_DECAY))(make)
        return fall

    return added


def _plan(given: _Given, fall: _Fall) -> Plan:
    """The warm-up and the fall; beside it the weight decay, where one was given."""
    peak, floor = given.number("lr", "max_lr"), given.number("min_lr", usual=0.0)
    first = given.number("lr_warmup_init", "init_lr", usual=0.0)
    if floor > peak or first > peak:
        name = "min_lr" if floor > peak else "lr_warmup_init"
        msg = f"{name} must be at most lr, got {max(floor, first)!r} and {peak!r}"
        raise PassoError(msg)
    end = given.whole_fall()
    warmup = given.warmup(end)
    up = Linear(first, peak, given.unit(warmup))
    rate = up.then(fall(given, peak, floor, warmup, left(end, warmup, "", "")))
    decay = _weight_decay(given, end)
    return rate if decay is None else {"lr": rate, "weight_decay": decay}


@_style("constant")
def _constant(*given: Any) -> Schedule:
    return Constant(given[1])


@_style("linear")
def _linear(
    given: _Given, peak: float, floor: float, _warmup: Fraction, fall: Fraction
) -> Schedule:
    return Linear(peak, floor, given.unit(fall))


@_style("cosine")
def _cosine(
    given: _Given, peak: float, floor: float, _warmup: Fraction, fall: Fraction
) -> Schedule:
    return Cosine(peak, floor, given.unit(fall))


@_style("inverse-square-root", _DROP)
def _inverse_sqrt(
    given: _Given, peak: float, floor: float, warmup: Fraction, fall: Fraction
) -> Schedule:
    if warmup:
        down = InversePower(peak, given.unit(warmup)).until(given.unit(fall + 1))
    elif given.unit is steps:  # its count of samples, from which the root is, is not known here
        msg = "without a warm-up inverse-square-root counts samples; give lr_decay_samples=..."
        raise PassoError(msg)
    else:
        first = Constant(peak, given.unit(1))
        down = first.then(InversePower(peak, given.unit(1)).until(given.unit(fall)))
    return (down.clip(low=floor) if floor else down).then(Constant(floor))


@_style(
    "WSD",
    "lr_wsd_decay_style is exponential where it is not given: half of the way to a half, then on "
    "to min_lr.",
    lr_wsd_decay_iters=200,
)
def _wsd(given: _Given, peak: float, floor: float, warmup: Fraction, fall: Fraction) -> Schedule:
    name, value = given.one("lr_wsd_decay_iters", "lr_wsd_decay_samples", "wsd_decay_steps")
    if value is None:
        msg = f"{name} is missing; give {name}=..."
        raise PassoError(msg)
    decay = length(value, name)
    shape = choice(given.given.get("lr_wsd_decay_style", "exponential"), "lr_wsd_decay_style", _WSD)
    if decay == 0:  # what it would fall over comes after its end
        return Constant(peak, given.unit(fall + 1)).then(Constant(floor))
    down = shape(peak, floor, given.unit(decay))
    if decay <= fall:
        return Constant(peak, given.unit(fall - decay)).then(down)
    # At the last update of a warm-up it is at the peak still, though the fall has begun.
    held = Constant(peak, given.unit(1 if warmup else 0))
    late = decay - fall + (1 if warmup else 0)
    return held.then(down.skip(given.unit(late)) if late < decay else Constant(floor))


def _exponential(peak: float, floor: float, over: Span) -> Schedule:
    """Half of the height, twice: from 2 to 1 of it, less one of it."""
    height = peak - floor
    return (
        Geometric(2 * height, height, over) + (floor - height) if height else Constant(peak, over)
    )


_WSD: Final[dict[str, Callable[[float, float, Span], Schedule]]] = {
    "linear": Linear,
    "cosine": Cosine,
    "exponential": _exponential,
    "minus_sqrt": lambda peak, floor, over: Power(peak, floor, over, 0.5),
}
_INCREASES: Final[dict[str, Callable[[float, float, Span], Schedule]]] = {
    "constant": lambda _start, end, _over: Constant(end),
    "linear": Linear,
    "cosine": Cosine,
}


def _weight_decay(given: _Given, fall: Fraction) -> Schedule | None:
    """The weight decay; None where nothing was said of it."""
    _, plain = given.one("weight_decay")
    start_name, start = given.one("start_weight_decay", "start_wd")
    end_name, end = given.one("end_weight_decay", "end_wd")
    _, style = given.one("weight_decay_incr_style", "wd_incr_style")
    if plain is start is end is style is None:
        return None
    make = choice(style or "constant", "weight_decay_incr_style", _INCREASES)
    begins, ends = (
        given.number(name, usual=None if plain is None else at_least(plain, "weight_decay"))
        for name in (start_name, end_name)
    )
    if begins > ends:
        msg = f"{end_name} must be at least {start_name}, got {ends!r} and {begins!r}"
        raise PassoError(msg)
    if make is _INCREASES["constant"] and begins != ends:
        msg = (
            f"a constant weight decay is one number, got {begins!r} and {ends!r}; write "
            'weight_decay_incr_style="linear"'
        )
        raise PassoError(msg)
    _, whole = given.amount("train")
    name, own = given.one("wd_incr_steps")
    over = length(own, name) if own is not None else fall if whole is None else whole
    return make(begins, ends, given.unit(over))
