"""What the doctor says of loops of trainers that the usual tests do not install, unmodified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import loops

HERE = Path(__file__).parent / "loops"
# In the loops of these two the doctor sees no epochs: a cosine of epochs that every batch advances
# is told by its climbing again, and not by its name, P021.
WRONG = {"wrong_skorch": "P005", "wrong_fastai": "P005"}


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.stem)
def test_a_wrong_loop_raises_its_codes_and_a_right_one_nothing(path, monkeypatch):
    monkeypatch.setitem(loops.LOOPS, path.stem, path)
    assert loops.found(path.stem) == WRONG.get(path.stem, "")
