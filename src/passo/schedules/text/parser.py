"""`parse`: a schedule, a span or a run from text, read by `ast` and a white-list, never run."""

from __future__ import annotations

import ast
import inspect
import keyword
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest
from passo.schedules import recipes, shapes, time
from passo.schedules.algebra.atoms import base, constant_of
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.time import Run, Span, rest

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST: Final = 64 * 1024
_DEEPEST_BRACKETS: Final = 64
_LONGEST_CHAIN: Final = 500
METHODS: Final = (
    "then",
    "clip",
    "power",
    "round",
    "cooldown",
    "minimum",
    "maximum",
    "repeat",
    "stretch",
    "skip",
    "until",
    "staircase",
)
_SPANS: Final = ("steps", "epochs", "samples", "tokens", "percent")
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(shapes, name) for name in shapes.__all__},
    **{name: getattr(recipes, name) for name in recipes.__all__},
    **{name: getattr(time, name) for name in _SPANS},
}
_VALUES: Final[dict[str, Any]] = {"base": base, "rest": rest}
_OPERATORS: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_PIECES: Final = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\["\\nrtbf]|\\u[0-9a-fA-F]{4})*"|'[^'\\\n]*')
    |(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?)
    |(?P<name>[A-Za-z_]\w*)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<comma>,)
    |(?P<chain>\*\*|//|[-+*/.])|(?P<equals>=)|(?P<space>[ \t\r\n]+)""",
    re.VERBOSE | re.ASCII,
)
_KEYWORDS: Final = frozenset(keyword.kwlist) - {"None"}


def parse(text: str) -> Schedule:
    """The schedule that `text` writes: what repr prints, and what people write.

    It knows the shapes, recipes, spans, `base`, `rest` and `Plateau`, numbers, strings and
    lists, `+ - * /` of numbers, and the algebra's operators and methods. Raises PassoError,
    with the place, for anything else, for text over 64 kB, and for brackets nested over 64 deep.

    >>> parse("warmup_cosine(peak=3e-4, warmup=percent(5))")
    Linear(0, 0.0003, percent(5)).then(Cosine(0.0003, 0))
    """
    value = _evaluate(tree(text))
    if isinstance(value, (int, float)):
        msg = f"{brief(text.strip())} is a number, not a schedule{constant_of(value)}"
        raise PassoError(msg)
    if not isinstance(value, Schedule):
        span = isinstance(value, Span)
        what = "a span" if span else f"a {type(value).__name__}"
        need = f"Linear(0.1, 0, {value!r})" if span else "Constant(0.1)"
        msg = f"{brief(text.strip())} is {what}, not a schedule; write {need}"
        raise PassoError(msg)
    return value


def parse_span(text: str) -> Span:
    """The span that `text` writes, as code or as people say it.

    >>> parse_span("90 epochs"), parse_span("percent(5)"), parse_span("2e9 tokens")
    (epochs(90), percent(5), tokens(2000000000))
    """
    if not isinstance(text, str):
        msg = f'a span is written "90 epochs" or "epochs(90)", got {brief(text)}'
        raise PassoError(msg)
    said = re.fullmatch(r"\s*([\d_.]+(?:[eE][-+]?\d+)?)\s*([a-z]+)\s*", text[:200])
    if said:
        number, unit = said.groups()
        unit = unit if unit.endswith(("s", "t")) else unit + "s"
        if unit in _SPANS:
            span: Span = FUNCTIONS[unit](_evaluate(tree(number)))
            return span
    value = _evaluate(tree(text)) if "(" in text else None
    if not isinstance(value, Span):
        msg = f'a span is written "90 epochs" or "epochs(90)", got {brief(text)}'
        raise PassoError(msg)
    return value


def parse_run(text: str) -> Run:
    """The run that `text` writes: what the repr of a `Run` prints.

    Raises PassoError for anything else.

    >>> parse_run("Run(epochs(90), steps_per_epoch=391)").updates
    35190
    """
    node = tree(text)
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "Run":
        msg = f"a run is written Run(epochs(90), steps_per_epoch=391), got {brief(text)}"
        raise PassoError(msg)
    return _with_arguments("Run", Run, node)  # type: ignore[no-any-return]


def tree(text: str) -> ast.expr:
    """The text as a tree, let through by the same white-list, and not evaluated.

    Raises PassoError, with the place, for what is no expression or too long or deep.

    >>> ast.unparse(tree("wsd(peak=3e-4)"))
    'wsd(peak=0.0003)'
    """
    if not isinstance(text, str):
        msg = f"parse needs text, got {brief(text)}"
        raise PassoError(msg)
    if len(text) > _LONGEST:
        msg = f"the text of a schedule may be at most {_LONGEST} characters, got {len(text)}"
        raise PassoError(msg)
    _scan(text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        at = f" at character {error.offset}" if error.offset else ""
        msg = f"this is not an expression{at}: {brief(text)} ({error.msg})"
    except (MemoryError, RecursionError, ValueError, UnicodeEncodeError) as error:
        msg = f"this is not an expression ({type(error).__name__}): {brief(text)}"
    raise PassoError(msg)


def _scan(text: str) -> None:
    """Let through only what an expression is written with, and bound what nests, in one pass."""
    chains, at, last = [0], 0, ""
    while at < len(text):
        piece = _PIECES.match(text, at)
        kind = piece.lastgroup if piece is not None else None
        if piece is None or piece[0] in _KEYWORDS or (kind == last and kind in ("text", "name")):
            msg = f"{brief(text[at : at + 20])} may not stand in a schedule, at character {at + 1}"
            raise PassoError(msg)
        if last in ("name", "number") and kind in ("text", "number", "name"):
            msg = f"{brief(text[at : at + 20])} may not follow {last} at character {at + 1}"
            raise PassoError(msg)
        at, last = piece.end(), str(kind)
        if kind == "open":
            chains.append(0)
        elif kind == "close" and len(chains) > 1:
            chains.pop()
        elif kind == "comma":
            chains[-1] = 0
        elif kind == "chain":
            chains[-1] += 1
        _check_nesting(chains, text)


def _check_nesting(chains: list[int], text: str) -> None:
    if len(chains) > _DEEPEST_BRACKETS:
        msg = f"brackets may be nested at most {_DEEPEST_BRACKETS} deep: {brief(text)}"
        raise PassoError(msg)
    if chains[-1] > _LONGEST_CHAIN or (chains[-1] > 1 and sum(chains) > _LONGEST_CHAIN):
        msg = f"at most {_LONGEST_CHAIN} operators and dots may follow each other: {brief(text)}"
        raise PassoError(msg)


def _evaluate(node: ast.expr) -> Any:
    """The value of a tree: down its left spine in a loop, into brackets by recursion."""
    spine: list[Any] = []
    while True:
        if isinstance(node, ast.BinOp):
            spine.append(node)
            node = node.left
        elif isinstance(node, ast.UnaryOp):
            spine.append(node)
            node = node.operand
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            spine.append(node)
            node = node.func.value
        else:
            break
    value = _atom(node)
    for outer in reversed(spine):
        value = _applied(outer, value)
    return value


def _applied(node: ast.expr, value: Any) -> Any:
    if isinstance(node, ast.UnaryOp):
        return _signed(node, value)
    if isinstance(node, ast.BinOp):
        return _combined(node, value, _evaluate(node.right))
    return _method(node, value)  # type: ignore[arg-type]


def _atom(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and _plain(node.value):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_evaluate(each) for each in node.elts]
    if isinstance(node, ast.Name):
        return _named(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node)
    msg = f"{_source(node)} may not stand in a schedule; it is made of {_WHAT_MAY_STAND}"
    raise PassoError(msg)


_WHAT_MAY_STAND: Final = "numbers, spans, shapes, recipes, base, + - * / and methods such as .then"


def _plain(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, str)) and not isinstance(value, bool))


def _named(name: str) -> Any:
    if name in _VALUES:
        return _VALUES[name]
    if name in FUNCTIONS:
        msg = f"{name} is written with its arguments: {name}(...)"
    else:
        msg = f"unknown name {brief(name)}{closest(name, [*FUNCTIONS, *_VALUES])}"
    raise PassoError(msg)


def _call(name: str, node: ast.Call) -> Any:
    if name not in FUNCTIONS:
        msg = f"unknown name {brief(name)}{closest(name, [*FUNCTIONS, *_VALUES])}"
        raise PassoError(msg)
    return _with_arguments(name, FUNCTIONS[name], node)


def _method(node: ast.Call, value: Any) -> Any:
    name = node.func.attr  # type: ignore[attr-defined]
    if name not in METHODS:
        msg = f"unknown method .{brief(name).strip(chr(39))}{closest(name, METHODS)}"
        raise PassoError(msg)
    if not isinstance(value, Schedule):
        msg = f".{name} is a method of schedules, got {brief(value)} before it"
        raise PassoError(msg)
    return _with_arguments(f".{name}", getattr(value, name), node)


def _with_arguments(name: str, function: Callable[..., Any], node: ast.Call) -> Any:
    if any(isinstance(each, ast.Starred) for each in node.args) or any(
        keyword.arg is None for keyword in node.keywords
    ):
        msg = f"{name} takes its arguments one by one, without stars"
        raise PassoError(msg)
    given = [_evaluate(each) for each in node.args]
    twice = [each.arg for each in node.keywords]
    if len(set(twice)) < len(twice):
        msg = f"{name} is given one argument twice, in {', '.join(map(str, twice))}"
        raise PassoError(msg)
    named = {str(keyword.arg): _evaluate(keyword.value) for keyword in node.keywords}
    if name in recipes.__all__:
        return function(*given, **named)  # it answers a wrong call itself, in better words
    signature = _signature(function)
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        takes = ", ".join(signature.parameters)
        msg = f"{name} takes ({takes}): {error}"
        raise PassoError(msg) from None
    return function(*given, **named)


@lru_cache(maxsize=256)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _signed(node: ast.UnaryOp, value: Any) -> Any:
    if isinstance(value, (int, float, Schedule)) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return -value if isinstance(node.op, ast.USub) else value
    msg = f"only numbers and schedules take a sign, got {_source(node)}"
    raise PassoError(msg)


def _combined(node: ast.BinOp, left: Any, right: Any) -> Any:
    function = _OPERATORS.get(type(node.op))
    able = all(isinstance(each, (int, float, Span, Schedule)) for each in (left, right))
    if function is not None and able:
        try:
            result = function(left, right)
        except (TypeError, ZeroDivisionError, OverflowError) as error:
            reason = str(error)
        else:
            return result
    else:
        reason = (
            "only + - * / of numbers, + - of spans, + - * of schedules and / by a number are known"
        )
    msg = f"cannot work out {_source(node)}: {reason}"
    raise PassoError(msg)


def _source(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return brief(node.value)
    kind = type(node).__name__
    if isinstance(node, ast.Attribute):
        return f"the attribute .{node.attr[:40]}"
    try:
        return brief(ast.unparse(node))
    except (RecursionError, ValueError):
        return f"a {kind}"
