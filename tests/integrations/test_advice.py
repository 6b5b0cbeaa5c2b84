"""The advice of these callbacks is tried here: elsewhere their trainers are not installed."""

from __future__ import annotations

import pytest

from tests.advice.rows import skorch_fastai

ROWS = skorch_fastai.tried.rows


@pytest.mark.parametrize(("said", "row"), ROWS.items(), ids=[row.__name__ for row in ROWS.values()])
def test_what_it_says_is_done_and_the_case_works(said, row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = skorch_fastai.tried.told(said)
    row(told)
    assert told.taken
