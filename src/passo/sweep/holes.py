"""Text with holes: a plan in which `between(...)` and `one_of(...)` stand for what is searched."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from passo.ground.checks import brief, real, write
from passo.ground.errors import PassoError, closest
from passo.schedules.text.parser import FUNCTIONS, tree

BETWEEN: Final = "between"
ONE_OF: Final = "one_of"
_SPANS: Final = ("steps", "epochs", "samples", "tokens", "percent")
_WORDS: Final = ("log", "whole")
_EXAMPLE: Final = "between(1e-4, 1e-1, log)"
_FEWEST: Final = 2
FEWEST_DIGITS: Final = 4
MOST_DIGITS: Final = 17


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`; `log` searches its logarithm, `whole` only whole numbers."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def filled(self, trial: Any) -> str:
        """The code that a trial puts into the hole."""
        if self.whole:
            low, high = int(self.low), int(self.high)
            return str(trial.suggest_int(self.name, low, high, log=self.log))
        drawn = trial.suggest_float(self.name, self.low, self.high, log=self.log)
        return write(self._short(drawn))

    def _short(self, drawn: float) -> float:
        """In four digits, or as many as the hole needs for 1,000 places to be told apart in it."""
        near = (self.high - self.low) / 2000
        for digits in range(FEWEST_DIGITS, MOST_DIGITS):
            short = float(f"{drawn:.{digits}g}")
            if abs(short - drawn) <= near and self.low <= short <= self.high:
                return short
        return drawn

    def edges(self) -> tuple[str, ...]:
        """The code of its two ends."""
        return write(self.low), write(self.high)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several pieces of code; plain numbers are numbers to the search too."""

    name: str
    options: tuple[str, ...]

    def filled(self, trial: Any) -> str:
        """The code that a trial puts into the hole."""
        choice = trial.suggest_categorical(self.name, [_choice(each) for each in self.options])
        return choice if isinstance(choice, str) else write(choice)

    def edges(self) -> tuple[str, ...]:
        """The code of all options."""
        return self.options


Hole: TypeAlias = "Between | OneOf"


@dataclass(frozen=True, slots=True)
class Template:
    """A text and its holes, each with the place where it stands in the text.

    >>> made = Template.of("warmup_cosine(peak=between(1e-4, 0.1, log), warmup=percent(5))")
    >>> made.holes
    (Between(name='peak', low=0.0001, high=0.1, log=True, whole=False),)
    >>> made.put(["0.003"])
    'warmup_cosine(peak=0.003, warmup=percent(5))'
    """

    text: str
    holes: tuple[Hole, ...]
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """Reads a text; one without a hole has none. Nothing of it is run.

        Raises `PassoError` for what is no expression, and for a hole that has nothing to search.
        """
        plain = text.strip()
        found = sorted(
            (_place(plain, call), name, call) for name, call in _calls(tree(plain), "plan")
        )
        names = _told_apart([name for _, name, _ in found])
        calls = [call for _, _, call in found]
        holes = tuple(_hole(n, c, plain) for n, c in zip(names, calls, strict=True))
        return cls(plain, holes, tuple(place for place, _, _ in found))

    def put(self, codes: list[str]) -> str:
        """The text with a piece of code in each hole."""
        raw, end = self.text.encode(), len(self.text.encode())
        pieces: list[bytes] = []
        for (begin, stop), code in zip(reversed(self.places), reversed(codes), strict=True):
            pieces[:0] = [code.encode(), raw[stop:end]]
            end = begin
        return b"".join([raw[:end], *pieces]).decode()

    def filled(self, trial: Any) -> str:
        """The text that a trial makes of it."""
        return self.put([each.filled(trial) for each in self.holes])

    def corners(self) -> Iterator[str]:
        """Texts in which each end of each hole stands once, the others at their first."""
        firsts = [each.edges()[0] for each in self.holes]
        for place, hole in enumerate(self.holes):
            for code in hole.edges():
                yield self.put([*firsts[:place], code, *firsts[place + 1 :]])


def _calls(node: ast.AST, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a hole, by the parameter that it stands for."""
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called in (BETWEEN, ONE_OF):
            yield name, node
            return
        if called not in FUNCTIONS and (hint := closest(called, (BETWEEN, ONE_OF))):
            msg = f"unknown name {brief(called)}{hint}"
            raise PassoError(msg)
        yield from _calls(node.func, name)
        for each, argument in zip(_parameters(node, name), node.args, strict=False):
            yield from _calls(argument, each)
        for keyword in node.keywords:
            inner = name if called in _SPANS else keyword.arg or name
            yield from _calls(keyword.value, inner)
        return
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, name)


def _parameters(node: ast.Call, name: str) -> list[str]:
    """The names of what is given by place; of a span, the name that the span has."""
    many = len(node.args)
    if isinstance(node.func, ast.Attribute):
        return [node.func.attr] * many
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called not in FUNCTIONS or called in _SPANS:
        return [name] * many
    names = list(inspect.signature(FUNCTIONS[called]).parameters)
    return (names + names[-1:] * many)[:many]


def _told_apart(names: list[str]) -> list[str]:
    """Names of which each is there once: the second peak is peak_2."""
    found: list[str] = []
    for name in names:
        many = sum(each == name for each in names[: len(found)])
        found.append(f"{name}_{many + 1}" if many else name)
    return found


def _place(text: str, node: ast.expr) -> tuple[int, int]:
    """Where a piece of the tree begins and ends in the bytes of its text."""
    lines = text.encode().splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column

    last = node.end_lineno or node.lineno
    return at(node.lineno, node.col_offset), at(last, node.end_col_offset or 0)


def _hole(name: str, call: ast.Call, text: str) -> Hole:
    inner = [each for argument in call.args for _, each in _calls(argument, name)]
    if call.keywords or inner:
        what = "a hole in it" if inner else "an argument by name"
        msg = f"{_source(call, text)} has {what}, and a hole is written {_EXAMPLE} or one_of(3, 10)"
        raise PassoError(msg)
    if isinstance(call.func, ast.Name) and call.func.id == ONE_OF:
        return _one_of(name, call, text)
    return _between(name, call, text)


def _one_of(name: str, call: ast.Call, text: str) -> OneOf:
    options = tuple(dict.fromkeys(_source(each, text) for each in call.args))
    if len(options) < _FEWEST or len(options) < len(call.args):
        need = (
            "a value may stand in it once" if len(options) >= _FEWEST else "it needs two at least"
        )
        msg = f"the hole {name} is {_source(call, text)}, and {need}; write one_of(3, 10)"
        raise PassoError(msg)
    return OneOf(name, options)


def _between(name: str, call: ast.Call, text: str) -> Between:
    code = _source(call, text)
    words = [each.id for each in call.args[2:] if isinstance(each, ast.Name)]
    known = len(words) == len(call.args[2:]) and set(words) <= set(_WORDS)
    if len(call.args) < _FEWEST or not known or len(set(words)) < len(words):
        msg = (
            f"a hole is two numbers, then log or whole where it is meant, got {code}; "
            f"write {_EXAMPLE}"
        )
        raise PassoError(msg)
    low, high = (_number(each, name, code) for each in call.args[:2])
    hole = Between(name, low, high, "log" in words, "whole" in words)
    _check(hole, code)
    return hole


def _check(hole: Between, code: str) -> None:
    """Refuses a hole that has nothing to search."""
    rest = "".join(f", {word}" for word in _WORDS if getattr(hole, word))
    low, high = write(hole.low), write(hole.high)
    if hole.low == hole.high:
        msg = f"the hole {hole.name} has one value, {code}; write {low} in its place"
        raise PassoError(msg)
    if hole.low > hole.high:
        right = f"between({high}, {low}{rest})"
        msg = f"the hole {hole.name} is upside down, {code}; write {right}"
        raise PassoError(msg)
    if hole.log and hole.low <= 0:
        begin = "1" if hole.whole else write(hole.high / 1000)
        way = f"between({begin}, {high}{rest})" if hole.high > 1 or not hole.whole else ""
        if hole.high <= 0 or not way:
            way = f"between({low}, {high})"
        msg = f"the hole {hole.name} has no logarithm at {low}, {code}; write {way}"
        raise PassoError(msg)
    if hole.whole:
        for end in (hole.low, hole.high):
            if end != int(end):
                msg = (
                    f"the hole {hole.name} is of whole numbers and has an end at {write(end)}, "
                    f"{code}; write between({int(hole.low)}, {int(hole.high) + 1}{rest})"
                )
                raise PassoError(msg)


def _number(node: ast.expr, name: str, code: str) -> float:
    sign, inner = 1.0, node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign, inner = (-1.0 if isinstance(node.op, ast.USub) else 1.0), node.operand
    if not isinstance(inner, ast.Constant) or isinstance(inner.value, (str, type(None))):
        msg = f"the ends of the hole {name} are numbers, got {code}; write {_EXAMPLE}"
        raise PassoError(msg)
    return sign * real(inner.value, f"an end of the hole {name}")


def _choice(code: str) -> str | float:
    """A plain number as itself, so that the search and its pictures have numbers."""
    for kind in (int, float):
        try:
            number: float = kind(code)
        except ValueError:
            continue
        return number
    return code


def _source(node: ast.expr, text: str) -> str:
    begin, end = _place(text, node)
    return text.encode()[begin:end].decode()
