"""The programs of docs/tutorial.md print with the drop-in what they print with torch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "tutorial.md").read_text("utf-8")
UNTOUCHED = r"<!-- fmt: off -->\n```python\n(.*?)```"
PROGRAMS = dict(re.findall(rf"^## (\d\.\d) .*?{UNTOUCHED}", PAGE, flags=re.DOTALL | re.MULTILINE))


def printed(program):
    """What a program prints, with nothing to train."""
    lines = []
    given = {name: lambda *_: None for name in ("train_one_epoch", "train_batch")}
    exec(program, {**given, "data_loader": [], "batch_data": None, "print": lines.append})
    return lines


def test_all_seven_programs_are_there():
    assert list(PROGRAMS) == ["2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2"]
    assert all(
        text.count("from passo.optim.lr_scheduler import") == 1 for text in PROGRAMS.values()
    )


@pytest.mark.filterwarnings("ignore:The verbose parameter is deprecated:UserWarning")
@pytest.mark.parametrize("section", PROGRAMS)
def test_a_program_prints_the_same_rates_with_torch(section):
    ours = PROGRAMS[section]
    torchs = ours.replace("passo.optim", "torch.optim").replace(", verbose=True", "")
    assert torchs != ours
    assert printed(ours) == printed(torchs)
    assert len(printed(ours)) > 10
