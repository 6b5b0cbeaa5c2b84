"""What is searched: a function of an Optuna trial, a text with holes, or a published schedule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from passo.catalogue.entry import Entry
from passo.catalogue.lookup import knows, named
from passo.ground.checks import brief
from passo.ground.errors import PassoError, words_of
from passo.ground.extras import need
from passo.schedules import Run, Schedule, parse
from passo.sweep.holes import Template
from passo.sweep.intervals import EXTRA
from passo.sweep.offered import offered
from passo.sweep.plans import code

WHAT: Final = "tune"
EXAMPLE: Final = "warmup_cosine(peak=between(1e-4, 1e-1, log))"


class WrongSpace(PassoError):
    """A space answered with no plan.

    >>> checked(None)
    Traceback (most recent call last):
    ...
    passo.sweep.spaces.WrongSpace: a space answers with a plan, a schedule or a mapping from fields
    to schedules, got None; write return warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1,
    log=True))
    """


class Space(Protocol):
    """What makes a plan of an Optuna trial. `key` is what a store knows it by."""

    @property
    def key(self) -> str:
        """What two searches of one store must have in common."""
        ...

    def plan(self, trial: Any) -> tuple[Any, str]:
        """The plan that a trial makes, and its text."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A text with holes."""

    template: Template

    @property
    def key(self) -> str:
        """The text."""
        return self.template.text

    def plan(self, trial: Any) -> tuple[Any, str]:
        """The plan that a trial makes, and the text without its holes."""
        text = self.template.filled(trial)
        return parse(text), text


@dataclass(frozen=True, slots=True)
class Made:
    """A function of a trial; `key` is its name and what it asked its first trial for."""

    function: Callable[[Any], Any]
    key: str

    def plan(self, trial: Any) -> tuple[Any, str]:
        """The plan that a trial makes, and its code."""
        plan = checked(self.function(trial))
        return plan, code(plan)


def space_of(given: Any, run: Run) -> Space:
    """The space that was given, tried on the run before anything is trained.

    Raises `PassoError` for what is none, for one without a hole, and where a plan of it cannot be
    placed on the run.
    """
    if isinstance(given, str) and not ("(" not in given and knows(given)):
        return _written(given, run)
    entry = named(given) if isinstance(given, str) else given
    if isinstance(entry, Entry):
        return _made(offered(entry), run, f"catalogue: {entry.name}")
    if callable(given) and not isinstance(given, (type, Schedule)):
        name = getattr(given, "__name__", type(given).__name__)
        return _made(given, run, "" if name == "<lambda>" else name)
    msg = (
        "a space is a function of an Optuna trial, a text with holes, or a schedule of the "
        f"catalogue by its name, got {brief(given)}; write {EXAMPLE!r}"
    )
    raise PassoError(msg)


def checked(plan: Any) -> Any:
    """The plan, where it is one; raises `WrongSpace` for anything else."""
    if isinstance(plan, str):
        return parse(plan)
    if isinstance(plan, Schedule) or (isinstance(plan, Mapping) and plan):
        return plan
    msg = (
        "a space answers with a plan, a schedule or a mapping from fields to schedules, got "
        f"{brief(plan)}; write return "
        'warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1, log=True))'
    )
    raise WrongSpace(msg)


def placed(plan: Any, run: Run) -> None:
    """Asks each schedule of a plan whether it has a place on the run."""
    for each in plan.values() if isinstance(plan, Mapping) else [plan]:
        if isinstance(each, Schedule):
            each.on(run)


def _written(text: str, run: Run) -> Written:
    template = Template.of(text)
    if not template.holes:
        msg = (
            f"{brief(template.text)} has no hole, so that there is nothing to search; write "
            "between(1e-4, 1e-1, log) or one_of(3, 10) in place of a value"
        )
        raise PassoError(msg)
    for corner in template.corners():
        try:
            placed(parse(corner), run)
        except PassoError as error:
            msg = f"the space has a plan that cannot be, {corner}: {error}"
            raise PassoError(msg) from None
    return Written(template)


def _made(function: Callable[[Any], Any], run: Run, name: str) -> Made:
    optuna = need("optuna", EXTRA, WHAT)
    sampler = optuna.samplers.RandomSampler(seed=0)
    trial = optuna.create_study(sampler=sampler).ask()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            plan = checked(function(trial))
        except PassoError:
            raise
        except Exception as error:
            msg = (
                f"the space raised {words_of(error)}; it is called with an Optuna "
                'trial: write lambda trial: warmup_cosine(peak=trial.suggest_float("peak", 1e-4, '
                "1e-1, log=True))"
            )
            raise PassoError(msg) from error
    placed(plan, run)
    _check_holes(trial.distributions)
    holes = ", ".join(f"{name}: {each}" for name, each in sorted(trial.distributions.items()))
    return Made(function, f"{name}({holes})")


def _check_holes(holes: Mapping[str, Any]) -> None:
    """Refuses a function that leaves nothing to search."""
    if not holes:
        msg = (
            "the space asks its trial for nothing, so that there is nothing to search; write "
            'trial.suggest_float("peak", 1e-4, 1e-1, log=True) in place of a value'
        )
        raise PassoError(msg)
    for name, each in holes.items():
        if each.single():
            msg = (
                f"the hole {name} has one value, {each}; write that value in its place, or a range "
                f'such as trial.suggest_float("{name}", 1e-4, 1e-1, log=True)'
            )
            raise PassoError(msg)
