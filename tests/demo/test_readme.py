"""README's picture is what `make picture` wrote, and its words are what its numbers say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from passo.cli import app
from passo.demo import Outcome, Settings
from passo.demo.findings import findings
from passo.demo.stories import COMPARED
from passo.demo.values import TIMES, cells

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_words_under_the_picture_are_what_its_numbers_say():
    whole = json.loads((ROOT / "docs/sensitivity.json").read_text("utf-8"))
    assert whole["settings"].pop("updates") == Settings().run.updates
    settings = Settings(**whole["settings"])
    assert settings == Settings(rate=settings.rate)  # a whole demo, not a small one
    runs = [Outcome.of(each) for each in whole["runs"]]
    found = cells((run for run in runs if run.task.schedule in COMPARED), settings)
    assert len(found) == len(COMPARED) * len(TIMES)
    said = findings(found, 100 * settings.goal, settings.test)
    words = " ".join(README.split())
    (same,) = [each for each in said if each.endswith("there the schedule does not matter.")]
    assert "works up to a rate of" in said[0]
    assert f"{said[0]} {same}" in words


def test_the_picture_is_small_enough_for_a_page_and_wide_enough_to_read():
    path = ROOT / "docs/sensitivity.png"
    assert path.stat().st_size < 300_000
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size[0] >= 1000


@pytest.mark.parametrize(
    "text", re.findall(r"^\$ passo (check .*?)\n```$", README, re.MULTILINE | re.DOTALL)
)
def test_what_readme_shows_of_check_is_what_it_prints(text):
    command, _, shown = text.partition("\n")
    done = CliRunner().invoke(app, shlex.split(command), catch_exceptions=False)
    assert done.output.rstrip() == shown
    assert "P006" in shown
