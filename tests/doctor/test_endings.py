"""How a script may end, and why there may be nothing to look at."""

from __future__ import annotations

import pytest

from passo.doctor.command import findings
from passo.doctor.run import run_script
from tests.doctor.test_run import doctor

EXIT = """
import sys, torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
def leave(status):
    sys.exit(status)
for epoch in range(10):
    for batch in range(20):
        weight.grad = torch.ones(2)
        optimizer.step()
        {inside}
    scheduler.step()
    {after}
{end}
"""


# 13: a guard that left in the first epoch was told that the scheduler never advances
@pytest.mark.parametrize(
    ("line", "status", "codes"),
    [
        ({"inside": "leave(3) if batch == 9 else None"}, 3, []),
        ({"inside": "sys.exit('NaN') if batch == 9 else None"}, 1, []),
        ({"inside": "leave(0) if batch == 9 else None"}, 0, []),
        ({"after": "if weight.sum() < 9: raise SystemExit"}, 0, []),
        ({"after": "if epoch == 4: sys.exit()"}, 0, ["P007"]),
        ({"after": "if epoch == 4: break", "end": "sys.exit(0)"}, 0, ["P007"]),
        ({"end": "sys.exit()"}, 0, []),
    ],
)
def test_an_exit_from_a_loop_is_a_break_and_a_status_an_error(tmp_path, line, status, codes):
    script = tmp_path / "train.py"
    script.write_text(EXIT.format(**{"inside": "pass", "after": "pass", "end": "", **line}))
    outcome = run_script(str(script))
    assert outcome.status == status
    assert [each.code for each in findings(outcome)] == codes


IDLE = """
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
{before}
for _ in range(90):
    {each}
"""


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        (
            {"each": "optimizer.step()"},
            0,
            "no optimizer made an update: 90 calls of step, none with a gradient",
        ),
        (
            {"before": "raise SystemExit(4)"},
            4,
            "the script left by an exit status before any optimizer made an update",
        ),
        (
            {"each": "weight.sum().backward(); 1 / 0"},
            1,
            "an error ended the script before any optimizer made an update",
        ),
        (
            {"each": "weight.sum().backward(); weight.data -= 0.1 * weight.grad"},
            0,
            (
                "no optimizer made an update, though losses went backward 90 times: step() of an "
                "optimizer was never called, and weights that a script changes by hand are not seen"
            ),
        ),
        (
            {
                "before": "scaler = torch.amp.GradScaler('cpu', init_scale=4.0)",
                "each": "scaler.scale(weight.sum() * float('inf')).backward(); "
                "scaler.step(optimizer); scaler.update()",
            },
            0,
            "no optimizer made an update: GradScaler left out all 90 of them",
        ),
        ({"each": "pass"}, 0, "no optimizer made an update"),
    ],
)
def test_why_there_was_no_update_is_said(tmp_path, line, status, text):
    script = IDLE.format(**{"before": "", "each": "pass", **line})
    page = tmp_path / "report.html"
    done = doctor(tmp_path, script, before=("--html", str(page)), status=status)
    assert done.stdout.splitlines()[-1] == text
    assert f"<b>{text}</b>" in page.read_text()
