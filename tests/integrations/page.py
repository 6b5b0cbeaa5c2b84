"""Writes the table of docs/trainers.md from the tests: `python -m tests.integrations.page`."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.integrations import promises

PAGE = Path(__file__).parents[2] / "docs" / "trainers.md"
BEGIN, END = "<!-- promises: begin -->", "<!-- promises: end -->"


def load() -> None:
    """Import every test of a trainer, so that its promises are known."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"tests.integrations.{file.stem}")


def split(text: str) -> tuple[str, str, str]:
    """What is before the table, the table, what is after it."""
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    return before, table.strip(), after


def main() -> None:
    load()
    before, _, after = split(PAGE.read_text("utf-8"))
    table = "\n".join(promises.rows())
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
