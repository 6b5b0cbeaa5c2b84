"""A run that a `break` of the script ended early is not blamed for what was to come."""

from __future__ import annotations

import pytest

from passo.doctor.command import findings
from passo.doctor.run import run_script

LOOP = """\
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300)
step = bad = 0
for epoch in range(30):
    for batch in range(10):
        weight.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
        step += 1
    bad = bad + 1 if epoch > 4 else 0
    if {test}:
        break
"""


@pytest.mark.parametrize(
    ("test", "codes"),
    [
        ("bad > 5", []),
        ("epoch - 3 > 5", []),
        ("epoch >= 5 and bad > 3", []),
        ("step >= 100", ["P007"]),
        ("epoch == 9", ["P007"]),
        ("bad > 1000", []),
    ],
)
def test_only_a_count_of_updates_or_epochs_is_a_budget(tmp_path, test, codes):
    script = tmp_path / "train.py"
    script.write_text(LOOP.format(test=test), "utf-8")
    assert [each.code for each in findings(run_script(str(script)))] == codes
