"""Fills compared.md and draws its pictures, from trained runs: `python docs/compared.py RUNS`.

What is missing in the folder RUNS is trained first, by examples/compare_and_tune.py.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))

from compare_and_tune import main as main_of_the_example

HERE = Path(__file__).parent
COLOURS = 48  # of a picture: lines and letters need no more, and a page is small with few


def filled(page: str, said: dict[str, str]) -> str:
    """The page with what was said in the fence below its name."""
    for name, text in said.items():
        head = rf"<!-- {name} -->\n```text\n"
        fence = re.compile(rf"(^{head}).*?(^```$)", re.MULTILINE | re.DOTALL)
        page, many = fence.subn(lambda found, text=text: found[1] + text + found[2], page)
        if many != 1:
            raise ValueError(f"the page has {many} fences below <!-- {name} -->; write one")
    return page


def main() -> None:
    """Train what is missing, draw, and write the page."""
    runs = Path(sys.argv[1])
    found = main_of_the_example([str(runs)])
    pictures = HERE / "compared"
    pictures.mkdir(exist_ok=True)
    for name in found:
        with Image.open(runs / f"{name}.png") as drawn:
            few = drawn.convert("RGB").quantize(COLOURS)
        few.save(pictures / f"{name}.png", optimize=True)
    page = HERE / "compared.md"
    said = {name: (runs / f"{name}.txt").read_text("utf-8") for name in found}
    page.write_text(filled(page.read_text("utf-8"), said), encoding="utf-8")


if __name__ == "__main__":
    main()
