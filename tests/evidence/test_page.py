"""The page is what the stored results make, and every claim of it has its place in the tutorial."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from evidence.frame.arms import Size, arm
from evidence.frame.cells import Made
from evidence.frame.claims import Claim, Sweep, Versus, claims
from evidence.frame.making import store_of
from evidence.page import DOCS, RESULTS, page, row_of, rows, write
from evidence.pictures import draw_row, drawn_from
from PIL import Image

SMALL = Size(seeds=3, choosing=2, share=0.02)
LINEAR = arm("linear", "digits", "Linear(base, 0)", (0.02, 0.05))
CONSTANT = arm("constant", "digits", "Constant(base)", 0.05)
CLAIM = Claim(
    "small",
    "Linear is better.",
    "1.1",
    (Versus("digits", LINEAR, CONSTANT),),
    sweeps=(Sweep("base rate", LINEAR),),
    notes="A note.",
)


def stored(folder: Path, claim: Claim, better: float) -> None:
    """Results in which linear has so many points of error less, give or take a tenth."""
    store = store_of(claim, folder)
    while lacking := [
        cell
        for cell in dict.fromkeys(claim.cells({c: m.figures for c, m in store.held.items()}, SMALL))
        if cell not in store.held
    ]:
        for cell in lacking:
            less = better if cell.plan == LINEAR.options[0].plan else 0
            error = 10 + cell.seed / 100 - less + (cell.seed % 3) * 0.1 * bool(less)
            store.add(cell, Made({"error": error + cell.setting("rate")}, 30.0))


@pytest.fixture(scope="module")
def today():
    return rows()


def test_the_page_is_the_one_that_the_stored_results_make(today):
    made = (DOCS / "what_is_true.md").read_text("utf-8")
    assert made == page(today), "write  python -m evidence --page"


def test_the_pictures_were_drawn_from_the_stored_results(today):
    for row in today.values():
        if row is not None:
            assert drawn_from(DOCS / row.picture) == row.digest, row.claim.name
    drawn = {path.stem for path in (DOCS / "evidence").glob("*.png")}
    assert drawn == {name for name, row in today.items() if row is not None}


def test_every_file_of_results_belongs_to_a_claim():
    assert {path.stem for path in RESULTS.iterdir()} <= set(claims())


def test_each_claim_has_its_row_and_the_tutorial_page_leads_to_it(today):
    text = page(today)
    tutorial = (DOCS / "tutorial.md").read_text("utf-8")
    for name, claim in claims().items():
        assert text.count(f'<a id="{name}"></a>') == 1
        assert f"| [{claim.says}](#{name}) | {claim.where} |" in text
        assert f"`python -m evidence {name}`" in text
        assert f"(what_is_true.md#{name})" in tutorial
    assert set(re.findall(r"what_is_true\.md#(\w+)", tutorial)) == set(claims())


def test_a_row_has_effect_verdict_and_how_the_rate_was_chosen(tmp_path, monkeypatch):
    stored(tmp_path, CLAIM, 2.0)
    row = row_of(CLAIM, tmp_path, SMALL)
    assert row.verdict.word == "true here"
    monkeypatch.setattr("evidence.page.claims", lambda: {"small": CLAIM})
    text = page({"small": row}, SMALL)
    assert "1 of 1 claims were run, in 6 minutes of one processor." in text
    assert "| [Linear is better.](#small) | 1.1 | true here |" in text
    assert re.search(r"\| digits \| 1\.9 points of error less, 1\.7 to 2\.2 \| yes \|", text), text
    assert "- base rate: best at 0.02; " in text
    assert (
        "- digits, linear: 0.02 was best by seeds 100 to 101, the edge of what was tried." in text
    )
    assert "![Linear is better.](evidence/small.png)" in text
    assert "A note." in text


def test_other_numbers_make_another_verdict(tmp_path):
    stored(tmp_path, CLAIM, -2.0)
    assert row_of(CLAIM, tmp_path, SMALL).verdict.word == "false here"


def test_a_claim_that_was_not_run_to_its_end_is_said_to_be_not_run(tmp_path, monkeypatch):
    stored(tmp_path, CLAIM, 2.0)
    path = store_of(CLAIM, tmp_path).path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert row_of(CLAIM, tmp_path, SMALL) is None
    monkeypatch.setattr("evidence.page.claims", lambda: {"small": CLAIM})
    text = page({"small": None}, SMALL)
    assert "| [Linear is better.](#small) | 1.1 | not run yet |" in text
    assert "0 of 1 claims were run, in 0 minutes" in text
    assert text.endswith("Not run yet.\n")


def test_what_is_drawn_and_written_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setattr("evidence.page.claims", lambda: {"small": CLAIM})
    stored(tmp_path / "results", CLAIM, 2.0)
    rows_now = {"small": row_of(CLAIM, tmp_path / "results", SMALL)}
    monkeypatch.setattr("evidence.page.rows", lambda _: rows_now)
    docs = tmp_path / "docs"
    docs.mkdir()
    assert write(tmp_path / "results", docs) == 2
    assert write(tmp_path / "results", docs) == 0
    rows_now["small"] = replace(rows_now["small"], digest="another")
    assert write(tmp_path / "results", docs) == 1
    with Image.open(docs / "evidence/small.png") as image:
        assert image.info["Results"] == "another"
        assert 700 < image.width < 800


def test_a_picture_of_updates_counts_in_times(tmp_path):
    claim = replace(CLAIM, unit="times", sweeps=())
    stored(tmp_path, claim, 2.0)
    draw_row(row_of(claim, tmp_path, SMALL), tmp_path / "a.png")
    assert drawn_from(tmp_path / "a.png") == row_of(claim, tmp_path, SMALL).digest
