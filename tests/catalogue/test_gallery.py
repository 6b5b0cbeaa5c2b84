"""The gallery is what its script makes of the catalogue."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from passo import catalogue

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "gallery.py"))
WHOLE = 3_000_000  # bytes of all pictures: who clones the library has them too
DRAWN = [each for each in catalogue.ENTRIES if each.expression is not None]
WRITE = "the gallery is not what the code says; write it: python docs/gallery.py"


def test_the_pages_are_what_the_script_gives():
    made = SCRIPT["pages"]()
    written = {name: (DOCS / name).read_text("utf-8") for name in made}
    assert written == made, WRITE
    assert {f"gallery/{each.name}" for each in (DOCS / "gallery").glob("*.md")} < set(made), WRITE


def test_every_schedule_has_a_picture_and_every_picture_a_schedule():
    there = {each.name: each.read_bytes() for each in (DOCS / "gallery").glob("*.png")}
    assert set(there) == {f"{SCRIPT['slug'](each.name)}.png" for each in DRAWN}, WRITE
    assert all(content.startswith(b"\x89PNG") for content in there.values())
    assert sum(map(len, there.values())) < WHOLE


def test_every_link_of_the_gallery_leads_somewhere():
    for path in [DOCS / "gallery.md", *(DOCS / "gallery").glob("*.md")]:
        for link in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8")):
            file, _, place = link.partition("#")
            if link.startswith("https://"):
                continue
            text = (path.parent / file).read_text("utf-8") if file.endswith(".md") else ""
            heads = {SCRIPT["slug"](each) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
            assert (path.parent / file).is_file(), link
            assert not place or place in heads, link


@pytest.mark.parametrize("entry", DRAWN[::12], ids=[each.name for each in DRAWN[::12]])
def test_what_is_drawn_moves_or_is_a_constant(entry):
    placed = SCRIPT["placed"](entry)
    values = {round(placed(float(t)), 12) for t in range(0, 1000, 5)}
    assert len(values) > 1 or entry.name == "constant"


@pytest.mark.parametrize("name", ["reduce on plateau", "GreedyLR", "ABEL"])
def test_what_reports_move_is_drawn_with_reports(name):
    placed = SCRIPT["placed"](catalogue.named(name))
    assert len({placed(float(t)) for t in range(1000)}) > 2


def test_every_formula_is_drawn(monkeypatch):
    saved = []
    monkeypatch.setitem(SCRIPT["picture"].__globals__, "save", lambda *given: saved.append(given))
    entry = catalogue.named("ABEL")
    SCRIPT["picture"](entry)
    assert saved[0][1].name == "abel.png"
    assert saved[0][0].get_suptitle().startswith(r"$\eta \leftarrow f \eta")
