"""The tables of docs/like.md, from the code: `python -m tests.catalogue.like_page` writes them."""

from __future__ import annotations

import re
from pathlib import Path

import passo
from passo.catalogue.like.registry import LIBRARIES, in_order
from tests.advice.table import vars_of

PAGE = Path(__file__).parent.parent.parent / "docs/like.md"
MARKS = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", flags=re.DOTALL)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _answer(method) -> str:
    made = eval(method.call(), vars_of(passo))
    if isinstance(made, dict):
        return "; ".join(f"{key}: `{plan!r}`" for key, plan in made.items())
    return f"`{made!r}`"


def table(library) -> str:
    """One library: each schedule, its other names, a call and its answer, the remarks."""
    rows = ["| name | call | answer | remarks |", "| --- | --- | --- | --- |"]
    for method in library.methods:
        names = ", ".join(f"`{name}`" for name in method.names)
        cells = names, f"`{method.call()}`", _answer(method), " ".join(method.remarks)
        rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with the tables of the code."""
    assert LIBRARIES
    tables = "\n\n".join(f"### {each.name}\n\n{table(each)}" for each in in_order())
    return MARKS.sub(lambda found: f"{found[1]}\n{tables}\n\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
