"""What is no plan, or no optimizer, is refused with what to write, and that is right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import passo
from passo import Linear, PassoError, Run, Table, attach, base, by_group, register, steps
from passo.optim import lr_scheduler, range_test, translate
from tests.optim.tools import rates, sgd

RUN = Run(steps(100))
NEED = "the plan of 'lr' must be a schedule or a number, got"
WRONG = "attach needs a torch optimizer, got"
MODEL = torch.nn.Linear(1, 1)


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        ("cosine", "'cosine'; write cosine_decay(), or parse(\"cosine_decay()\")"),
        ("wsd(peak=0.1)", "'wsd(peak=0.1)'; write parse(\"wsd(peak=0.1)\")"),
        (
            lambda t: 0.1,
            (
                'the function <lambda>; write @register("mine") above a function of t, '
                'and base * Function("mine")'
            ),
        ),
        (passo.wsd, "the function wsd; write wsd(...), with its arguments"),
        (passo.Cosine, "the class Cosine; write Cosine(...), with its arguments"),
        (steps(9), "steps(9); a span says how long: write cosine_decay(over=steps(9))"),
        (RUN, "Run(steps(100)); the run comes third: write attach(optimizer, plan, run)"),
        (
            sgd(),
            (
                "an object of class SGD; the optimizer comes first: "
                "write attach(optimizer, plan, run)"
            ),
        ),
        (MODEL, "an object of class Linear"),
        (b"x", "b'x'"),
        (1j, "1j"),
    ],
)
def test_what_is_no_schedule_is_answered(plan, text):
    for given in (plan, {"lr": plan}, {"lr": by_group}):
        with pytest.raises(PassoError) as caught:
            attach(sgd(), given, RUN)
        if given == {"lr": by_group}:
            assert str(caught.value).startswith(f"{NEED} the function by_group")
        else:
            assert str(caught.value) == f"{NEED} {text}"


def test_a_scheduler_of_torch_is_a_plan_when_it_is_translated():
    optimizer = sgd(0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    with pytest.raises(PassoError) as caught:
        attach(sgd(0.1), scheduler, RUN)
    text = (
        "an object of class StepLR; write translate(scheduler).plan, from passo.optim import "
        "translate"
    )
    assert str(caught.value) == f"{NEED} {text}"
    attach(later := sgd(0.1), translate(scheduler).plan, RUN)
    assert rates(later, 4) == pytest.approx([0.1, 0.1, 0.1, 0.01])


@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor])
def test_a_number_for_each_update_is_a_table(kind):
    values = kind([0.1, 0.05, 0.02])  # issue 14: as DINO and its kind work them out beforehand
    with pytest.raises(PassoError) as caught:
        attach(sgd(0.1), {"lr": values}, RUN)
    assert str(caught.value).endswith(
        '; write Table([(steps(t), float(v)) for t, v in enumerate(values)], kind="step")'
    )
    table = Table([(steps(t), float(v)) for t, v in enumerate(values)], kind="step")
    attach(later := sgd(0.1), table, Run(steps(3)))
    assert rates(later, 3) == pytest.approx([0.1, 0.05, 0.02])


def test_parameters_in_a_generator_want_an_optimizer():
    with pytest.raises(PassoError) as caught:
        attach(MODEL.parameters(), Linear(1, 0, steps(3)), RUN)
    assert str(caught.value) == (
        "attach needs a torch optimizer, got a generator; write "
        "attach(torch.optim.AdamW(parameters), ...)"
    )


def test_a_scheduler_of_the_drop_in_has_its_schedule():
    scheduler = lr_scheduler.StepLR(sgd(0.1), 3)
    with pytest.raises(PassoError) as caught:
        attach(sgd(0.1), scheduler, RUN)
    text = (
        "an object of class StepLR; write scheduler.schedule, or step it as before and "
        "attach nothing"
    )
    assert str(caught.value) == f"{NEED} {text}"
    assert attach(sgd(0.1), scheduler.schedule, RUN).get_last_lr() == [0.1]


def test_what_else_is_advised_works():
    @register("a plan of my own")
    def mine(t):
        return 1 / (1 + t)

    for plan in (
        passo.cosine_decay(),
        passo.parse("cosine_decay()"),
        passo.parse("wsd(peak=0.1)"),
        passo.cosine_decay(over=steps(9)),
        base * passo.Function("a plan of my own"),
    ):
        attach(sgd(0.1), plan, RUN).detach()


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (MODEL, "an object of class Linear; write {}(torch.optim.AdamW(model.parameters()), ...)"),
        (
            list(MODEL.parameters()),
            "a list; write {}(torch.optim.AdamW(parameters), ...)",
        ),
        (
            torch.optim.SGD,
            "the class SGD; write {}(SGD(model.parameters(), lr=0.1), ...)",
        ),
        (
            passo.cosine_decay(),
            "Cosine(base, 0); the optimizer comes first: write {}(optimizer, plan, run)",
        ),
        (3, "3"),
        ([], "[]; write {}([muon, adamw], ...)"),
        ({}, "{{}}; write {}([muon, adamw], ...)"),
        ("adam", "'adam'"),
    ],
)
def test_what_is_no_optimizer_is_answered(thing, text):
    with pytest.raises(PassoError) as caught:
        attach(thing, passo.cosine_decay(), RUN)
    assert str(caught.value) == f"{WRONG} {text.format('attach')}"
    with pytest.raises(PassoError) as caught:
        range_test(lambda: 1.0, thing, restore=[])
    assert (
        str(caught.value) == f"{WRONG.replace('attach', 'range_test')} {text.format('range_test')}"
    )
