"""What other libraries call the arguments of a recipe, and what stands for each here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from passo.ground.checks import real
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import base
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.time import Span, epochs, percent, steps

Meant: TypeAlias = Callable[[Any], Any]
"""What was given as what is meant; raises PassoError where it can be none."""


class Word(NamedTuple):
    """Whose word it is, and for which of our parameters it stands, the first that is there."""

    of: str
    stands_for: Mapping[str, Meant]


def is_number(value: Any) -> bool:
    """Whether it is a plain number.

    >>> is_number(3), is_number(True), is_number("3")
    (True, False, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(value: Any) -> Any:
    """A number, or an expression of `base`, as it is."""
    return value if isinstance(value, Schedule) else real(value, "a value")


def in_steps(value: Any) -> Span:
    """A length that was counted in updates.

    >>> in_steps(100)
    steps(100)
    """
    return value if isinstance(value, Span) else steps(_above_zero(value))


def in_epochs(value: Any) -> Span:
    """A length that was counted in epochs.

    >>> in_epochs(5)
    epochs(5)
    """
    return value if isinstance(value, Span) else epochs(_above_zero(value))


def in_percent(value: Any) -> Span:
    """A share of the run in hundredths.

    >>> in_percent(0.3)
    percent(30)
    """
    return value if isinstance(value, Span) else 100 * percent(_above_zero(value))


def listed(value: Any) -> list[Span]:
    """Milestones; numbers among them are updates.

    >>> listed([30, 80])
    [steps(30), steps(80)]
    """
    if not isinstance(value, (list, tuple)):
        raise PassoError("milestones are a list")
    return [in_steps(each) for each in value]


def _above_zero(value: Any) -> Any:
    if not is_number(value) or value <= 0:
        raise PassoError("a length is a number above 0")
    return value


def _inverse(value: Any) -> float:
    return 1 / real(_above_zero(value), "a ratio")


def _share(value: Any) -> Schedule:
    return real(value, "a share") * base


def _bend(value: Any) -> str:
    return "cosine" if value == "cos" else value


def _phases(value: Any) -> int:
    return 3 if value else 2


_PEAK: Final[Mapping[str, Meant]] = {"peak": same}
_FLOOR: Final[Mapping[str, Meant]] = {"floor": same}
_WARM: Final[Mapping[str, Meant]] = {"warmup": in_steps}
_FALL: Final[Mapping[str, Meant]] = {"over": in_steps, "every": in_steps, "first": in_steps}

WORDS: Final[Mapping[str, Word]] = {
    "T_0": Word("torch", {"first": in_steps}),
    "T_max": Word("torch", {"over": in_steps}),
    "T_mult": Word("torch", {"grow": same}),
    "alpha": Word("optax", {"floor": _share}),
    "anneal_strategy": Word("torch", {"shape": _bend}),
    "base_lr": Word("torch", {"low": same, "peak": same}),
    "base_momentum": Word("torch", {"low": same}),
    "boundaries": Word("keras", {"milestones": listed}),
    "decay_rate": Word("keras", {"gamma": same}),
    "decay_steps": Word("keras", _FALL),
    "div_factor": Word("torch", {"initial": _inverse}),
    "end_learning_rate": Word("keras", _FLOOR),
    "end_lr": Word("torch", _FLOOR),
    "end_value": Word("optax", _FLOOR),
    "eta_min": Word("torch", _FLOOR),
    "first_decay_steps": Word("keras", {"first": in_steps}),
    "init_value": Word("optax", {"start": same, "peak": same}),
    "initial_learning_rate": Word("keras", _PEAK),
    "learning_rate": Word("keras", _PEAK),
    "lr": Word("torch", _PEAK),
    "lr_end": Word("transformers", _FLOOR),
    "lr_min": Word("timm", _FLOOR),
    "max_lr": Word("torch", _PEAK),
    "max_momentum": Word("torch", {"high": same}),
    "min_lr": Word("transformers", _FLOOR),
    "min_lr_rate": Word("transformers", {"floor": _share}),
    "min_lr_ratio": Word("transformers", {"floor": _share}),
    "model_size": Word("OpenNMT", {"d_model": lambda value: value}),
    "num_cycles": Word("transformers", {"cycles": same}),
    "num_decay_steps": Word("transformers", {"cooldown": in_steps}),
    "num_warmup_steps": Word("transformers", _WARM),
    "pct_start": Word("torch", {"rise": in_percent}),
    "peak_value": Word("optax", _PEAK),
    "step_size": Word("torch", {"every": in_steps}),
    "step_size_down": Word("torch", {"fall": in_steps}),
    "step_size_up": Word("torch", {"rise": in_steps}),
    "t_initial": Word("timm", {"over": in_steps, "first": in_steps}),
    "three_phase": Word("torch", {"phases": _phases}),
    "transition_steps": Word("optax", _FALL),
    "warmup_epochs": Word("timm", {"warmup": in_epochs}),
    "warmup_lr_init": Word("timm", {"start": same}),
    "warmup_ratio": Word("transformers", {"warmup": in_percent}),
    "warmup_steps": Word("transformers", _WARM),
    "warmup_t": Word("timm", {"warmup": in_epochs}),
}
LENGTHS: Final[Mapping[str, str]] = {
    "epochs": "torch",
    "max_steps": "transformers",
    "num_epochs": "transformers",
    "num_training_steps": "transformers",
    "steps_per_epoch": "torch",
    "total_iters": "torch",
    "total_steps": "torch",
}
"""What says how long the run is, or the fall where a recipe has a length of its own."""

NEEDLESS: Final[Mapping[str, str]] = {
    "cycle_momentum": "torch",
    "last_epoch": "torch",
    "optimizer": "torch",
    "verbose": "torch",
}
"""What nobody tells a schedule here: it knows no optimizer, and its clock is kept elsewhere."""

BY_EPOCH: Final = frozenset({"T_0", "T_max", "step_size", "t_initial", "boundaries"})
"""What there counts calls of `scheduler.step()`, which many make once an epoch."""


def owner(word: str) -> str | None:
    """The library whose word it is; None for a word that nobody has.

    >>> owner("T_max"), owner("num_training_steps"), owner("banana")
    ('torch', 'transformers', None)
    """
    known = WORDS.get(word)
    return known.of if known else {**LENGTHS, **NEEDLESS}.get(word)
