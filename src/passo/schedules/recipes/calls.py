"""`recipe`: a wrong call of a recipe is answered with the right ones that it may have meant."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, ParamSpec, TypeVar

from passo.ground.calls import WrongCall, answered_by, check
from passo.ground.checks import brief, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes import foreign
from passo.schedules.time import Run, Span, epochs, percent, steps

P = ParamSpec("P")
R = TypeVar("R")
_LONGEST: Final = 160
_SMALLEST: Final = 0.01  # a number from here up to 1 may be a share of the run, below it none is
_EXAMPLES: Final[Mapping[str, Any]] = {
    "count": 16,
    "cycles": 1.5,
    "d_model": 512,
    "every": epochs(30),
    "first": epochs(10),
    "gamma": 0.9,
    "high": 0.95,
    "low": 0.01,
    "milestones": [epochs(30), epochs(60)],
    "over": steps(1000),
    "peak": 0.1,
    "rise": percent(30),
    "warmup": steps(500),
}


def recipe(function: Callable[P, R]) -> Callable[P, R]:
    """A recipe: its arguments have names, and a call that it does not take says what to write.

    >>> from passo import cosine_decay
    >>> cosine_decay(100)
    Traceback (most recent call last):
    ...
    passo.ground.calls.WrongCall: cosine_decay takes its arguments by name, got 100; write
    cosine_decay(peak=100) or cosine_decay(over=steps(100))
    """
    return answered_by(_refuse)(function)


def _refuse(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises `WrongCall` where the recipe does not take these arguments."""
    call = _Call(function, args, kwargs)
    if call.fits():
        return
    text = call.in_foreign_words() if call.strange else call.without_names()
    if text:
        raise WrongCall(text) from None
    check(function, args, kwargs, example=call.written(call.example()))


class _Call:
    """A wrong call of a recipe."""

    def __init__(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        self.function, self.name = function, function.__qualname__
        self.args, self.kwargs = args, kwargs
        self.parameters = inspect.signature(function).parameters
        self.leading = [
            name
            for name, each in self.parameters.items()
            if each.kind is each.POSITIONAL_OR_KEYWORD
        ]
        self.strange = [name for name in kwargs if name not in self.parameters]
        self.optimizer = any(hasattr(each, "param_groups") for each in args)
        self.run = "run" if any(isinstance(each, Run) for each in args) else ""
        self.plain = [
            each for each in args if not hasattr(each, "param_groups") and not isinstance(each, Run)
        ]

    def fits(self) -> bool:
        """Whether the recipe takes it: then the TypeError is one of the inside."""
        try:
            inspect.signature(self.function).bind(*self.args, **self.kwargs)
        except TypeError:
            return False
        return True

    def without_names(self) -> str:
        """What the arguments without a name may have meant; nothing where all may be there."""
        if len(self.args) <= len(self.leading):
            return ""
        found = [self.at_work(each) for each in self.readings() if self.is_right(each)]
        advice = " or ".join(dict.fromkeys(found)) or self.written(self.example())
        which = f"all its arguments but {self.leading[0]}" if self.leading else "its arguments"
        shown = ", ".join(map(_shown, self.args[len(self.leading) :]))
        return f"{self.name} takes {which} by name, got {shown}; write {advice}"

    def in_foreign_words(self) -> str:
        """The call in our words; nothing where a strange one stands for none of ours."""
        libraries = [foreign.owner(word) for word in self.strange]
        if None in libraries or self.plain:
            return ""
        try:
            meant = self.translated()
        except PassoError:
            return ""
        if meant is None or not self.is_right(meant):
            return ""
        whose = _listed([f"{each}'s".replace("s's", "s'") for each in dict.fromkeys(libraries)])
        verb = "is" if len(self.strange) == 1 else "are"
        by_epoch = foreign.BY_EPOCH & set(self.strange)
        also = ", with epochs(...) where it counted epochs" if by_epoch else ""
        theirs = f"{_listed(self.strange)} {verb} {whose}"
        return f"{self.name}: {theirs}; write {self.at_work(meant)}{also}"

    def translated(self) -> dict[str, Any] | None:
        """The arguments in our words; None where one of theirs has none."""
        meant = {name: value for name, value in self.kwargs.items() if name in self.parameters}
        for word in self.strange:
            value = self.kwargs[word]
            if word in foreign.LENGTHS:
                if "over" in self.parameters and "epoch" not in word:
                    meant["over"] = foreign.in_steps(value)
                else:
                    self.run = self.run_of()
            elif word in foreign.WORDS:
                stands_for = foreign.WORDS[word].stands_for
                ours = next((name for name in stands_for if name in self.parameters), None)
                if ours is None:
                    return None
                meant[ours] = stands_for[ours](value)
            else:
                self.optimizer = self.optimizer or word == "optimizer"
        return meant

    def run_of(self) -> str:
        """The Run that the words of other libraries tell."""
        count = self.kwargs.get("epochs", self.kwargs.get("num_epochs"))
        if count is not None:
            batches = self.kwargs.get("steps_per_epoch", "len(loader)")
            return f"Run.of({batches}, epochs={brief(count)})"
        length = next(self.kwargs[word] for word in foreign.LENGTHS if word in self.kwargs)
        return f"Run({foreign.in_steps(length)!r})"

    def readings(self) -> Iterator[dict[str, Any]]:
        """The arguments with names, by kind: a number as a value; then a first one as a length."""
        free = self.plain[len(self.leading) :]
        odd = len(free) > 1 and foreign.is_number(free[0]) and free[0] < 1
        for lengths_first in (False,) if odd else (False, True):
            meant = dict(self.kwargs)
            for place, value in enumerate(self.plain):
                free = [name for name in self.parameters if name not in meant]
                if place < len(self.leading):
                    free = [self.leading[place]]
                elif lengths_first and place == len(self.leading):
                    free.sort(key=lambda name: "Span" not in self.kind(name))
                elif lengths_first:
                    free = self._after(meant, free)
                fits = (self.fitted(name, value) for name in free)
                found = next((each for each in fits if each is not None), None)
                if found is None:
                    break
                meant[found[0]] = found[1]
            else:
                yield meant

    def _after(self, meant: Mapping[str, Any], free: list[str]) -> list[str]:
        """The free ones that come after the last that is meant."""
        names = list(self.parameters)
        last = names.index(list(meant)[-1])
        return [name for name in free if names.index(name) > last]

    def kind(self, name: str) -> str:
        """The type of a parameter, as it is written."""
        return str(self.parameters[name].annotation)

    def fitted(self, name: str, value: Any) -> tuple[str, Any] | None:
        """A value as a parameter's kind has it; None where it is none of that kind."""
        kind = self.kind(name)
        try:
            if "Sequence" in kind:
                return name, foreign.listed(value)
            if "Span" in kind:
                share = foreign.is_number(value) and _SMALLEST <= value < 1
                if not share and foreign.is_number(value) and value < 1:
                    return None
                return name, (foreign.in_percent if share else foreign.in_steps)(value)
        except PassoError:
            return None
        if isinstance(self.parameters[name].default, str):
            return (name, value) if isinstance(value, str) else None
        fits = foreign.is_number(value) or (kind == "Value" and isinstance(value, Schedule))
        return (name, value) if fits else None

    def is_right(self, meant: Mapping[str, Any]) -> bool:
        """Whether the advice is a right call itself, and short enough to be read."""
        try:
            self.function(**meant)
        except (PassoError, TypeError):
            return False
        return len(self.written(meant)) <= _LONGEST

    def example(self) -> dict[str, Any]:
        """The arguments that it needs; two of the others where it needs none."""
        needed = [n for n, each in self.parameters.items() if each.default is each.empty]
        return {name: _EXAMPLES[name] for name in needed or list(self.parameters)[:2]}

    def written(self, meant: Mapping[str, Any]) -> str:
        """The call as code."""
        places = [name for name in self.leading if name in meant]
        named = [name for name in self.parameters if name in meant and name not in places]
        codes = [_code(meant[name]) for name in places]
        return f"{self.name}({', '.join([*codes, *(f'{n}={_code(meant[n])}' for n in named)])})"

    def at_work(self, meant: Mapping[str, Any]) -> str:
        """The call where its optimizer and its run are told."""
        call, run = self.written(meant), self.run
        if self.optimizer or (run and run != "run"):
            return f"attach(optimizer, {call}, {run or 'run'})"
        return f"{call}.on(run)" if run else call


def _shown(value: Any) -> str:
    return "an optimizer" if hasattr(value, "param_groups") else brief(value)


def _listed(words: Sequence[str]) -> str:
    """Words as they are said: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _code(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return write(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_code, value))}]"
    return repr(value) if isinstance(value, (Schedule, Span)) else brief(value)
