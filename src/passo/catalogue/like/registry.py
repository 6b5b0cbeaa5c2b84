"""A library as its own table: names, arguments, an expression for each schedule, remarks."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from passo.catalogue.like import words
from passo.ground.calls import WrongCall, takes_of
from passo.ground.checks import brief, one_of, whole
from passo.ground.errors import PassoError, closest
from passo.schedules.algebra.schedule import Schedule

Past: TypeAlias = Literal["theirs", "hold"]
"""What comes after the end: what theirs gives there, or its last value."""
Plan: TypeAlias = "Schedule | dict[str, Schedule]"
"""One schedule, or one for each field where that library moves several."""

LIBRARIES: Final[dict[str, Library]] = {}
"""Every library by its name, in the order in which their files are read."""


class Either(NamedTuple):
    """An answer that is another one where it is held past its end."""

    theirs: Plan
    hold: Plan


Make = TypeVar("Make", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Method:
    """One schedule of a library: what it is called, what makes it, what is to be known of it."""

    library: str
    names: tuple[str, ...]
    make: Callable[..., Plan | Either]
    example: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Its arguments, as that library names them."""
        return inspect.signature(self.make).parameters

    def where(self, name: str = "") -> str:
        """The begin of its call.

        >>> LIBRARIES["transformers"].find("cosine").where()
        'like.transformers("cosine")'
        """
        return f"like.{self.library}({json.dumps(name or self.names[0])})"

    def call(self, name: str = "") -> str:
        """A right call of it, as code."""
        return LIBRARIES[self.library].spell(name or self.names[0], self.example)


class Library:
    """The schedules of one library.

    `needless` has the arguments that move nothing, each with the one value that may be given
    (Ellipsis: any); `refused` those that no expression can have, and `absent` the names, each with
    the reason. `by_group` has those that may be a list, a value for each param group. `spell`
    writes a call of a name with arguments, where that library's calls have another form than
    `like.library("name", key=value)`.
    """

    def __init__(
        self,
        name: str,
        needless: Mapping[str, Any],
        refused: Mapping[str, str] = MappingProxyType({}),
        absent: Mapping[str, str] = MappingProxyType({}),
        by_group: Sequence[str] = (),
        spell: Callable[[str, Mapping[str, Any]], str] | None = None,
    ) -> None:
        self.name, self.needless = name, needless
        self.refused, self.absent, self.by_group = refused, absent, by_group
        self.spell = spell or self._spell
        self.methods: list[Method] = []
        self._by_name: dict[str, Method] = {}
        LIBRARIES[name] = self

    def schedule(
        self, *names: str, example: Mapping[str, Any], remarks: tuple[str, ...] = ()
    ) -> Callable[[Make], Make]:
        """Make the function below one of the schedules, under these names."""

        def added(make: Make) -> Make:
            method = Method(self.name, names, make, example, remarks)
            self.methods.append(method)
            self._by_name.update(dict.fromkeys(names, method))
            return make

        return added

    def answer(self, name: str, arguments: Mapping[str, Any], past: Past) -> Any:
        """The expression, or the mapping, that the call means.

        Raises PassoError for a name that the library has not and for values that have no meaning,
        WrongCall for arguments that the schedule does not take.
        """
        one_of(past, "past", Past)
        method = self.find(name)
        given = self._moving(method, name, arguments)
        _check(method, name, given)
        try:
            made = method.make(**given)
        except PassoError as error:
            msg = f"{method.where(name)}: {error}"
            raise PassoError(msg) from None
        return getattr(made, past) if isinstance(made, Either) else made

    def _spell(self, name: str, given: Mapping[str, Any]) -> str:
        arguments = "".join(f", {key}={as_code(value)}" for key, value in given.items())
        return f"like.{self.name}({json.dumps(name)}{arguments})"

    def find(self, name: str) -> Method:
        """The schedule of that name; raises PassoError, with the names that there are."""
        try:
            return self._by_name[name]
        except (KeyError, TypeError):
            raise PassoError(self._no_such(name)) from None

    def _no_such(self, name: Any) -> str:
        if not isinstance(name, str):
            live = hasattr(name, "step") and hasattr(name, "optimizer")
            write = "; write translate(scheduler).plan, from passo.optim import translate"
            need = f"the name of a schedule of {self.name} must be a string, got {brief(name)}"
            return need + write if live else need
        if name in self.absent:
            return f"like.{self.name} has no {name}: {self.absent[name]}"
        there = f"It has {', '.join(method.names[0] for method in self.methods)}"
        for other in in_order():
            if name in other._by_name:
                call = other._by_name[name].call(name)
                return f"like.{self.name} has no schedule {name!r}, {other.name} has; write {call}"
        hint = closest(name, self._by_name) or "."
        return f"like.{self.name} has no schedule {brief(name)}{hint} {there}"

    def _moving(self, method: Method, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments without those that move nothing."""
        given = {}
        for key, value in arguments.items():
            if key in self.refused and value is not None:
                msg = f"{method.where(name)}: {key}={brief(value)}: {self.refused[key]}"
                raise PassoError(msg)
            if key in self.refused:
                continue
            if key not in self.needless or key in method.parameters:
                given[key] = self._of_one_group(method.where(name), key, value)
            elif self.needless[key] is not ... and value != self.needless[key]:
                begun = whole(value, f"{method.where(name)}: {key}", least=0)
                msg = (
                    f"{method.where(name)}: {key}={begun} begins inside the schedule; leave it "
                    f"out, and write .skip(steps({begun + 1})) behind the call"
                )
                raise PassoError(msg)
        return given

    def _of_one_group(self, where: str, key: str, value: Any) -> Any:
        """A value, also where it is the only one of a list for each param group."""
        if key not in self.by_group or not isinstance(value, (list, tuple)) or not value:
            return value
        if len(value) == 1:
            return value[0]
        msg = (
            f"{where}: {key}={brief(value)} has a value for each param group, and an expression is "
            f"that of one; write {key}={_named(value[0])} for the first, a call for each, and "
            "passo.by_group to hand them out"
        )
        raise PassoError(msg)


def in_order() -> list[Library]:
    """The libraries, those first whose words most people know."""
    known = words.ORDER
    place = {name: k for k, name in enumerate(known)}
    return sorted(LIBRARIES.values(), key=lambda each: place.get(each.name, len(known)))


def _check(method: Method, name: str, given: Mapping[str, Any]) -> None:
    """Raises WrongCall where the schedule does not take these arguments."""
    parameters = method.parameters
    any_word = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    strange = [key for key in given if key not in parameters and not any_word]
    lacking = [
        key
        for key, each in parameters.items()
        if each.default is each.empty and key not in given and each.kind is not each.VAR_KEYWORD
    ]
    if strange:
        what = _foreign(strange[0], method)
    elif lacking:
        verb = "is" if len(lacking) == 1 else "are"
        what = f"{' and '.join(lacking)} {verb} missing; it"
    else:
        return
    takes = ", ".join(takes_of(inspect.signature(method.make)))
    msg = f"{method.where(name)}: {what} takes ({takes}), write {method.call(name)}"
    raise WrongCall(msg)


def _foreign(word: str, method: Method) -> str:
    """Whose word it is and what stands for it here, or which one is near."""
    parameters = method.parameters
    hint = closest(word, parameters)
    if hint:
        return f"it has no argument {word!r}{hint} It"
    own = LIBRARIES[method.library].methods
    takers = [each.names[0] for each in own if word in each.parameters]
    if takers:
        several = (
            f"{takers[0]} and {len(takers) - 1} others" if takers[2:] else " and ".join(takers)
        )
        return f"{word} is an argument of {several}; it"
    for library in in_order():
        if any(word in each.parameters for each in library.methods):
            here = [key for key in parameters if key in words.alike(word)]
            called = f"; here it is {' or '.join(here)}, it" if here else "; it"
            return f"{word} is {words.whose(library.name)}{called}"
    return f"it has no argument {word!r}; it"


def as_code(value: Any) -> str:
    """A value of a call as code, strings in double quotes.

    >>> as_code("cos"), as_code(0.1)
    ('"cos"', '0.1')
    """
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _named(value: Any) -> str:
    """A value in code; a function by its name, since nobody can write its repr."""
    if not callable(value):
        return as_code(value)
    name = getattr(value, "__name__", "")
    return name if name.isidentifier() else "lambda epoch: ..."
