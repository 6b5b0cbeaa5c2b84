"""What `explain` and `export` advise."""

from __future__ import annotations

import csv
import io

import torch

from passo import Constant, Linear, Plateau, Run, analysis, base, register, steps
from passo.optim import lift
from tests.advice.table import Table, Told
from tests.optim.tools import sgd

RUN = Run(steps(100))
LINE = Linear(0, 1, steps(10))
tried = Table(L=LINE, run=RUN, explain=analysis.explain, base=base)


@register("wave of the rows")
def wave(t: float) -> float:
    return t


def rows(text: str) -> int:
    """How many updates a csv has."""
    return len(list(csv.DictReader(io.StringIO(text))))


@tried("explain(ours, theirs, Run(steps(1000)))")
def a_wrong_call_is_answered_with_a_right_one(told: Told) -> None:
    text = told("explain(L, L)")
    assert [each.verdict for each in text.put("@", ours=LINE, theirs=LINE)] == ["equal"]


@tried("{} must be a schedule, got {}; write parse(...) for one in text, lift(...) for a scheduler")
def what_is_compared_is_a_schedule(told: Told) -> None:
    text = told("explain(L, 'Constant(1)', run)")
    text.words("parse(...)", "lift(...)")
    made = eval(
        text.quoted(r"(parse\(\.\.\.\))").replace("...", "'Constant(1)'"), dict(tried.world)
    )
    assert analysis.explain(Constant(1), made, RUN).verdict == "equal"
    optimizer = sgd()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    (lifted,) = lift(scheduler, 100)
    assert analysis.explain(lifted, lifted, RUN).verdict == "equal"


@tried("explain needs a Run, got {}; write Run(steps(1000))")
def a_comparison_is_on_a_run(told: Told) -> None:
    assert [each.verdict for each in told("explain(L, L, 100)").put("explain(L, L, @)")] == [
        "equal"
    ]


@tried('{} falls on reports, and {} has none; write .with_reports([(100, {"{}": 0.5})]) first')
def a_plateau_is_compared_with_its_reports(told: Told) -> None:
    text = told("explain(plateau, L, run)", plateau=Plateau("loss"))
    code = text.quoted(r"write (.*) first")
    told_of = eval(f"plateau{code}", {"plateau": Plateau("loss")})
    assert analysis.explain(told_of, Constant(1), RUN).verdict == "equal"


@tried("export(schedule, Run(steps(1000)))")
def a_wrong_export_is_answered_with_a_right_one(told: Told) -> None:
    (code,) = told("export(L, run, past='hold')").put("@", schedule=LINE)
    assert "def lr(t):" in code


@tried("export needs a schedule, got {}; write parse(...) for one in text")
def what_is_exported_is_a_schedule(told: Told) -> None:
    text = told("export('Constant(1)', run)")
    code = text.quoted(r"write (.*) for one").replace("...", "'Constant(1)'")
    assert "return 1.0" in eval(f"export({code}, run)", dict(tried.world))


@tried("the values of a csv need a number for base; write schedule.with_base(0.1)")
def the_base_of_a_csv_is_filled(told: Told) -> None:
    text = told("export(schedule, run, 'csv')", schedule=base)
    assert list(map(rows, text.put("export(@, run, 'csv')"))) == [100]


@tried('{} is code of your own, which cannot be written out; write to="csv" for its values')
def a_function_is_exported_as_values(told: Told) -> None:
    text = told("export(Function('wave of the rows'), run)")
    code = text.quoted(r"write (to=\S+)")
    assert (
        rows(eval(f"export(Function('wave of the rows'), run, {code})", dict(tried.world))) == 100
    )


@tried(
    "{} has {} cycles of their own, more than the {} that can be written out; "
    'write to="csv" for its values'
)
def many_cycles_are_exported_as_values(told: Told) -> None:
    text = told("export(L.repeat(grow=1.001), run)")
    code = text.quoted(r"write (to=\S+)")
    assert rows(eval(f"export(L.repeat(grow=1.001), run, {code})", dict(tried.world))) == 100


@tried(
    "the two differ by {} at one update, too much for a sum over all of them; write smaller values"
)
def a_difference_is_a_float(told: Told) -> None:
    told("explain(1e308 * L, -1e308 * L, run)").words("smaller values")
    assert analysis.explain(10.0 * LINE, -10.0 * LINE, RUN).greatest > 0


@tried("metrics must be a list of numbers, one for each step, got {}; write metrics=[1.0] * 1000")
def metrics_are_a_list(told: Told) -> None:
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd())
    text = told("lift(scheduler, 3, metrics=0.5)", lift=lift, scheduler=scheduler)
    (lifted,) = text.put("lift(scheduler, 3, @)", lift=lift, scheduler=scheduler)
    assert len(lifted) == 1
