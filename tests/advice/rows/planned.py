"""What `passo check` advises, and what the doctor's doors do."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from passo import Constant, Cosine, Linear, Run, parse, percent, rest, steps
from passo.cli import app
from passo.doctor import DoctorWarning, diagnose, diagnosis
from passo.doctor.check import check, read_plan
from passo.doctor.run import run_script
from passo.doctor.saved import saved
from passo.trace import Trace
from tests.advice.table import Table, Text, Told

RUN = Run(steps(100))
tried = Table(read_plan=read_plan, run_script=run_script)


def advised(told: Told, schedule: Any, run: Run = RUN, **given: Any) -> Text:
    """What is to be written instead of this schedule, of which one thing is said."""
    (finding,) = check(schedule, run, **given)
    return told.of(finding.write)


@tried("let the first part end at {}")
def two_parts_meet(told: Told) -> None:
    def plan(end: float) -> Any:
        return Linear(0, end, steps(50)).then(Cosine(0.7654321, 0, steps(50)))

    text = advised(told, plan(0.1))
    assert check(plan(float(text.quoted(r"end at (.*)$"))), RUN) == []


@tried("a plan of {} {}, or rest for its last part")
def a_plan_is_as_long_as_the_run(told: Told) -> None:
    for length in (100, 1_234_567):
        run = Run(steps(length))
        text = advised(told, Cosine(1, 0, steps(2 * length)), run)
        many = int(text.quoted(r"a plan of ([\d,]+) steps").replace(",", ""))
        for over in (steps(many), rest):
            assert check(Cosine(1, 0, over), run) == []


@tried("a first change before {} {}")
def a_plan_changes_within_the_run(told: Told) -> None:
    def plan(at: float) -> Any:
        return Constant(0.1, steps(at)).then(Constant(0.01))

    end = int(advised(told, plan(300)).quoted(r"before (\d+) steps"))
    assert check(plan(0.9 * end), RUN) == []


@tried("a longer plan, rest for its last part, or a higher floor")
def a_plan_is_not_over_too_early(told: Told) -> None:
    advised(told, Cosine(1, 1e-5, steps(20))).words("a longer plan", "rest", "a higher floor")
    for cured in (Cosine(1, 1e-5, steps(90)), Cosine(1, 1e-5), Cosine(1, 0.01, steps(20))):
        assert check(cured, RUN) == []


@tried("a part that begins above 0, or none")
def no_part_is_zero(told: Told) -> None:
    line = Linear(0.1, 0.01)
    text = advised(told, Constant(0, steps(30)).then(line))
    text.words("a part that begins above 0", "or none")
    assert check(Linear(0.01, 0.1, steps(30)).then(line), RUN) == check(line, RUN) == []


@tried("percent({}) for {} % of the run")
def a_share_is_no_percentage(told: Told) -> None:
    def plan(share: Any) -> Any:
        return Linear(0, 1, share).then(Cosine(1, 0))

    for share in (0.05, 0.07, 0.3):
        code = advised(told, plan(percent(share))).quoted(r"^(percent\(\S+\)) for")
        made = eval(code, {"percent": percent})
        assert check(plan(made), RUN) == []
        assert made == percent(share) * 100


@tried("an end at {} instead of {}, or .clip(low={})")
def a_rate_is_not_negative(told: Told) -> None:
    text = advised(told, Linear(0.1, -0.1, steps(100)))
    end, clip = float(text.quoted(r"an end at (\S+)")), text.quoted(r"or (\.clip\(.*\))$")
    for cured in (Linear(0.1, end, steps(100)), parse(f"Linear(0.1, -0.01, steps(100)){clip}")):
        assert [each.code for each in check(cured, RUN)] in ([], ["P018"])


@tried("a largest value below {}")
def a_momentum_is_below_one(told: Told) -> None:
    text = advised(told, Linear(0.5, 1.5, steps(100)), key="momentum")
    most = float(text.quoted(r"below (\S+)$"))
    assert check(Linear(0.5, 0.99 * most, steps(100)), RUN, key="momentum") == []


@tried("the {} without its minus: {} where it says {}")
def a_minus_slipped_in(told: Told) -> None:
    text = advised(told, Constant(-0.1))
    assert float(text.quoted(r"where it says (\S+)$")) == -0.1
    assert check(Constant(float(text.quoted(r"minus: (\S+)"))), RUN) == []


# -- the doors


@tried("there is no file {}; write passo check plan.json, or an expression")
def a_plan_is_in_a_file_or_an_expression(told: Told) -> None:
    name = told("read_plan('paln.json')").quoted(r"write passo check (\S+), or")
    Path(name).write_text('"Constant(0.1)"'.strip('"'))
    assert read_plan(name) == read_plan("Constant(0.1)") == {"lr": Constant(0.1)}


@tried('the plan names no field; write {"lr": "warmup_cosine()"}')
def a_plan_names_a_field(told: Told) -> None:
    code = told("read_plan('{}')").quoted(r"write (\{.*\})$")
    assert check(read_plan(code)["lr"], RUN, base=0.1) == []


@tried("{} is a scheduler of torch, no schedule; passo show {} says what to write")
def a_scheduler_of_torch_has_a_twin(told: Told) -> None:
    for name in ("StepLR", "ReduceLROnPlateau", "CosineAnnealingWarmRestarts"):
        shown = told(f"read_plan({name!r})").quoted(r"; passo (show \w+) says")
        page = CliRunner().invoke(app, shown.split())
        assert page.exit_code == 0
        assert parse(re.search(r"^passo +(.*)$", page.stdout, re.MULTILINE)[1])


@tried("there is no script {}; write passo doctor train.py, or -m package")
def a_script_is_a_file_or_a_module(told: Told) -> None:
    name = told("run_script('trian.py')").quoted(r"write passo doctor (\S+), or")
    Path(name).write_text("print('ran')")
    run_script(name)
    run_script("this", module=True)


@tried(
    "{} is neither a script nor a trace; write passo doctor train.py, or passo doctor run.jsonl "
    "with what attach(..., record='run.jsonl') recorded"
)
def a_log_is_no_script(told: Told) -> None:
    Path("metrics.csv").write_text('"Step","lr"\n"0","0.1"\n')
    text = told("run_script('metrics.csv')")
    script = text.quoted(r"write passo doctor (\S+), or")
    kept = text.quoted(r"or passo doctor (\S+) with")
    recorded = text.quoted(r"with what (attach\(.*\)) recorded").replace("...", "optimizer, plan")
    Path(script).write_text(
        "import torch\nfrom passo import Linear, attach, steps\n"
        "weight = torch.nn.Parameter(torch.ones(1))\n"
        "optimizer, plan = torch.optim.SGD([weight], lr=0.1), Linear(0.1, 0.0, steps(3))\n"
        f"scheduler = {recorded}\n"
        "for _ in range(3):\n    weight.grad = torch.ones(1)\n    optimizer.step()\n"
        "scheduler.detach()\n"
    )
    assert run_script(script).traces[0].updates == 3
    assert saved([kept]).traces[0].updates == 3


@tried(
    "{} failed at {}:{} ({}), and the other rules looked on; that is a fault of passo: write an "
    "issue, with the trace that passo doctor --record FOLDER keeps"
)
def a_fault_of_a_rule_is_an_issue(told: Told) -> None:
    def failing(_case: Any) -> Any:
        raise KeyError("nobody thought of it")

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(diagnosis, "RULES", (SimpleNamespace(CODE="P999", look=failing),))
    with pytest.warns(DoctorWarning) as caught:
        diagnose(Trace(0))
    monkeypatch.undo()
    option = told.of(caught[0].message).quoted(r"passo doctor (--record) FOLDER keeps")
    Path("train.py").write_text(SCRIPT)
    CliRunner().invoke(app, ["doctor", option, "traces", "train.py"])
    assert [Trace.load(each).updates for each in Path("traces").glob("*.jsonl")] == [2]


SCRIPT = """
import torch
weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
for _ in range(2):
    weight.grad = torch.ones(1)
    optimizer.step()
"""
