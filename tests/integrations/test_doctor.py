"""What the doctor says of loops of trainers that the usual tests do not install, unmodified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import loops

HERE = Path(__file__).parent / "loops"
WRONG = {"wrong_skorch": "P021", "wrong_fastai": "P021"}


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.stem)
def test_a_wrong_loop_raises_its_codes_and_a_right_one_nothing(path, monkeypatch):
    monkeypatch.setitem(loops.LOOPS, path.stem, path)
    assert loops.found(path.stem) == WRONG.get(path.stem, "")
