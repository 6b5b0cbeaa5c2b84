"""Every text in src/passo that says what to write, found by the syntax trees.

A text is a string or an f-string, its implicit joints made, that is no docstring; its template has
`{}` for each hole. The template is the key of its row: a text that moves keeps its row, a text that
changes wants it looked at again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "passo"

_ANY = (
    "add|ask|attach|begin|build|call|choose|compare|count|cut|decide|delete|"
    "detach|divide|do|draw|drop|end|find|fit|give|go|hand|install|keep|leave|"
    "let|load|lower|make|move|multiply|name|open|pass|pick|pickle|plan|point|"
    "press|put|raise|read|register|remove|rename|repeat|replace|report|reset|"
    "restart|run|save|say|see|seek|send|set|shorten|show|split|start|step|stop|"
    "swap|take|tell|train|try|turn|use|wait|wrap|write"
)
_CLAUSE = rf"(?:^|[;:,?(] |\b(?:or|and|please) |\()(?:{_ANY})(?= )"
_SENTENCE = rf"(?:^|\. )(?:{_ANY.title()})(?= )"
_OTHERS = r"\bneeds? \w+=|\bdid you mean\b|\bsuch as\b|\bwhat to write\b|@passo\."
ADVICE = re.compile(f"{_CLAUSE}|{_SENTENCE}|{_OTHERS}")

# What has the look of advice, and why it is none.
NO_ADVICE = {
    "write ": "is taken off what is advised, to be written again",
    "; write ": "what an error advises begins there, and is left out of a remark",
    "write Run(..., {}=...)": "looked for in an error, to be said in options of the command",
    " below ": "stands between a parameter and its bound",
    " of {} updates": "stands in the advice about epochs, which is tried",
    "climbs again, up to its peak": "says what a cosine does past its end",
    "jumps up, and then raises an error": "says what one-cycle does past its end",
    "{}, {}": "joins two pieces that are tried",
    "{} batches for each of {}": "says where a number comes from",
    "attach needs a torch optimizer, got {}{}": "its second hole is the advice, which is tried",
    " and ": "joins two pieces that are tried",
    "open {}": "the demo's last line: where its report lies",
    "plan before": "the name of a note in a trace",
    "plan after": "the name of a note in a trace",
    "ways out": "the name of a note in a trace",
    "an optimizer": "stands for a class that a trace does not name",
    "step decay": "the name of a schedule",
    "drop path over the run": "the name of a schedule",
    ", cut off: its end is missing": "says how a trace ended",
}


def template(node: ast.AST) -> str | None:
    """The text of a string or an f-string, `{}` for each of its holes; None for what is neither."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(template(each) or "{}" for each in node.values)
    return None


def pattern(text: str) -> re.Pattern[str]:
    """What a text looks like when its holes are filled."""
    return re.compile(".*?".join(map(re.escape, text.split("{}"))), re.DOTALL)


def is_advice(text: str) -> bool:
    """Whether a text says what to write; a page of several lines is no error and no warning."""
    return "\n" not in text and text not in NO_ADVICE and bool(ADVICE.search(text))


@cache
def trees() -> dict[str, ast.Module]:
    """Each file of passo, read once."""
    return {
        str(page.relative_to(SOURCE)): ast.parse(page.read_text("utf-8"))
        for page in sorted(SOURCE.rglob("*.py"))
    }


def texts() -> dict[str, list[str]]:
    """Each template that is advice, with the places (`file:function`) where it stands."""
    found: dict[str, list[str]] = {}
    for place, tree in trees().items():
        for owner, text, written in strings(tree):
            if written or is_advice(text):
                found.setdefault(text, []).append(f"{place}:{owner}")
    return found


def strings(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    """(function, template, whether it is written out as it is) for each text that may be read.

    What stands in `called_like(...)` and `built_like(...)` is written out after "write", whatever
    its words are.
    """
    yield from _below(tree, "")


def _below(node: ast.AST, owner: str) -> Iterator[tuple[str, str, bool]]:
    named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    inside = f"{owner}.{node.name}".lstrip(".") if named else owner
    for child in ast.iter_child_nodes(node):
        if _is_docstring(child) or _is_help(child):
            continue
        text = template(child)
        if text is None:
            yield from _below(child, inside)
            continue
        yield inside, text, _is_example(node)
        for hole in getattr(child, "values", ()):
            yield from _below(hole, inside)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and template(node.value) is not None


def _is_help(node: ast.AST) -> bool:
    """What `--help` prints says what an option does; it answers no mistake."""
    return isinstance(node, ast.keyword) and node.arg == "help"


def _is_example(node: ast.AST) -> bool:
    name = getattr(node.func, "id", None) if isinstance(node, ast.Call) else None
    return name in ("called_like", "built_like")
