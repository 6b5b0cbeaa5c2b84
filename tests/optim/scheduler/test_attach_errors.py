"""What cannot be attached is refused with words that say what to write, and nothing is changed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from passo import (
    Constant,
    Linear,
    NeedsRun,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    attached,
    base,
    by_group,
    epochs,
    percent,
    rest,
    samples,
    steps,
    tokens,
    warmup_cosine,
)
from tests.optim.tools import said, sgd, update, weight

RUN = Run(steps(100))
NEEDS = "needs a run; write attach(optimizer, plan, Run.of(len(loader), epochs=90))"


def refused(optimizer, plan, *arguments, **settings):
    """The error's text; the optimizer is as it was, and can still be attached."""
    groups = getattr(optimizer, "param_groups", [])
    before = [dict(group) for group in groups]
    with pytest.raises(PassoError) as caught:
        attach(optimizer, plan, *arguments, **settings)
    assert [dict(group) for group in groups] == before
    if isinstance(optimizer, torch.optim.Optimizer):
        update(optimizer)  # no hook stayed behind
        attach(optimizer, 0.5)
    return str(caught.value)


# -- the run


@pytest.mark.parametrize("span", [epochs(3), samples(100), tokens(1e6), percent(5), rest])
def test_what_only_a_run_can_measure_needs_one(span):
    text = refused(sgd(), Linear(1, 0, span))
    assert text == f"{span!r} {NEEDS}"
    with pytest.raises(NeedsRun):
        attach(sgd(), Linear(1, 0, span))


def test_a_run_that_lacks_a_unit_is_refused_with_what_to_write():
    text = refused(sgd(), Linear(1, 0, epochs(3)), RUN)
    assert text == "epochs(3) needs the run's steps_per_epoch; write Run(..., steps_per_epoch=...)"


def test_steps_need_no_run():
    attach(sgd(), Linear(1, 0, steps(10)))


@pytest.mark.parametrize("run", [100, "90 epochs", steps(100)])
def test_a_run_is_a_run(run):
    text = refused(sgd(), 0.5, run)
    assert text == f"run must be a Run, got {run!r}; write Run.of(len(loader), epochs=90)"


# -- the optimizer


class Bare:
    """No optimizer at all."""

    def __repr__(self):
        return "Bare()"


@pytest.mark.parametrize("thing", [Bare(), torch.nn.Linear(1, 1), None, [1, 2]])
def test_what_is_no_optimizer_is_refused(thing):
    assert refused(thing, 0.5).startswith("attach needs a torch optimizer, got ")


def test_a_wrapper_is_attached_where_its_hooks_fire():
    class Wrapper:
        """As accelerate's: an optimizer inside, and nothing of its own."""

        def __init__(self, optimizer):
            self.optimizer = optimizer

    inner = sgd()
    scheduler = attach(Wrapper(Wrapper(inner)), Linear(1.0, 0.0, steps(10)))
    update(inner, 2)
    assert scheduler.clock == 2
    assert scheduler.optimizer is inner


# -- the plan


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        ({}, 'a plan names at least one field; write {"lr": warmup_cosine()}'),
        ({"lr": None}, "the plan of 'lr' must be a schedule, got None; leave the key out"),
        (
            "cosine",
            (
                "the plan of 'lr' must be a schedule or a number, got 'cosine'; "
                'write cosine_decay(), or parse("cosine_decay()")'
            ),
        ),
        ({"lr": True}, "the plan of 'lr' must be a schedule or a number, got True"),
        (
            {"lr": [0.1, 0.2]},
            (
                "the plan of 'lr' must be a schedule or a number, got [0.1, 0.2]; write "
                'Table([(steps(t), float(v)) for t, v in enumerate(values)], kind="step")'
            ),
        ),
        (
            {"lr": [0.1, None]},
            "the plan of 'lr' as a list holds (predicate, schedule) pairs, got 0.1",
        ),
        (
            {"lr": [(0.1, 0.2)]},
            "the plan of 'lr' as a list holds (predicate, schedule) pairs, got (0.1, 0.2)",
        ),
        (
            {"lr": [(max, 0.1, 0.2)]},
            (
                "the plan of 'lr' as a list holds (predicate, schedule) pairs, got "
                "(<built-in function max>, 0.1, 0.2)"
            ),
        ),
    ],
)
def test_a_plan_is_schedules(plan, text):
    assert refused(sgd(), plan) == text


@pytest.mark.parametrize("given", [{}, [], None, 0.1])
def test_by_group_needs_names(given):
    with pytest.raises(PassoError) as caught:
        by_group(given)
    assert str(caught.value) == f'by_group needs {{"name": schedule}}, got {given!r}'


def test_by_group_holds_schedules():
    with pytest.raises(PassoError) as caught:
        by_group({"head": "cosine"})
    assert str(caught.value) == (
        "the plan of 'head' must be a schedule or a number, got 'cosine'; "
        'write cosine_decay(), or parse("cosine_decay()")'
    )


# -- the settings


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("on_change", "merge", "'error', 'keep', 'replace', 'rescale'"),
        ("clock", "batches", "'hook', 'calls'"),
        ("join", "later", "'from_start', 'now'"),
        ("watch", "processes", "None, 'ranks'"),
        ("watch", True, "None, 'ranks'"),
    ],
)
def test_a_setting_is_one_of_few_words(name, value, allowed):
    assert refused(sgd(), 0.5, **{name: value}) == f"{name} must be one of {allowed}, got {value!r}"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"momentum": 0.9}, "base names 'momentum', which the plan does not; it names lr"),
        (
            [0.1, 0.2],
            (
                "base of 'lr' needs a number for each param group, got 2 for 1; "
                "write base={'lr': [0.1]}, or base={'lr': 0.1} for all of them"
            ),
        ),
        ("0.1", "base of 'lr' must be a number, got '0.1'"),
        (["0.1"], "base of 'lr' must be a number, got '0.1'"),
        (float("nan"), "base of 'lr' must be finite, got nan"),
    ],
)
def test_bases_are_numbers_of_what_the_plan_names(given, text):
    assert refused(sgd(), base * Constant(1), base=given) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1], 'values must be a mapping such as {"batch_size": schedule}, got [1]'),
        ({"size": 8 * base}, "the value 'size' has no base: write numbers in 8 * base"),
        ({"size": Linear(1, 2, percent(50))}, f"percent(50) {NEEDS}"),
    ],
)
def test_free_values_are_schedules_without_a_base(values, text):
    assert refused(sgd(), 0.5, values=values) == text


def test_a_free_value_that_is_read_by_a_wrong_name():
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    scheduler = attach(optimizer, 0.5, values={"size": 8})
    for key, text in (
        (
            "sise",
            "no number is called 'sise', the plan has lr, size; write scheduler['size']",
        ),
        ("lr", "'lr' names 2 numbers, one of each param group; write scheduler.values()['lr'][0]"),
    ):
        with pytest.raises(PassoError) as caught:
            scheduler[key]
        assert str(caught.value) == text


# -- reports


def test_a_report_is_of_numbers():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss"))
    for metrics, text in (
        ({}, "report needs at least one metric; write report(val_loss=0.3)"),
        (
            {"loss": "low"},
            "the metric 'loss' must be a number, or a Tensor or an array of one element, got 'low'",
        ),
        (
            {"loss": None},
            "the metric 'loss' must be a number, or a Tensor or an array of one element, got None",
        ),
    ):
        with pytest.raises(PassoError) as caught:
            scheduler.report(metrics)
        assert str(caught.value) == text
    with pytest.raises(
        PassoError, match="must be a number, or a Tensor or an array of one element"
    ):
        scheduler.report(loss=torch.ones(2))
    with pytest.raises(PassoError, match="or an array of one element"):
        scheduler.report(loss=np.ones(2))
    with pytest.raises(PassoError) as caught:
        scheduler.report(loss=1.0, reduce="max")
    assert str(caught.value) == "reduce must be 'mean', 'rank0' or None, got 'max'"


@pytest.mark.parametrize("one", [np.array(2.0), np.array([2]), np.float32(2), np.int64(2)])
def test_a_metric_may_be_an_array_of_one_element(one):
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
    assert scheduler.report(loss=one) == ()
    (fall,) = scheduler.report(loss=one)
    assert fall.after == 0.5


def test_reports_may_have_any_name_and_be_tensors():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("val/loss", patience=0, factor=0.5))
    scheduler.report({"val/loss": torch.tensor([2.0])}, accuracy=torch.tensor(0.5))
    scheduler.report({"val/loss": 2})
    assert scheduler.get_last_lr() == [0.5]


def test_seek_takes_an_update():
    optimizer = sgd()
    scheduler = attach(optimizer, warmup_cosine(), RUN)
    for bad in (-1, 2.5, "3"):
        with pytest.raises(PassoError, match=r"^update must be a whole number"):
            scheduler.seek(bad)
    assert scheduler.clock == 0


def test_a_plateau_alone_is_refused():
    text = "the plan of 'lr' is only a factor; write base * Plateau(\"val_loss\")"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        attach(sgd(), Plateau("val_loss"))


def test_a_scheduler_of_torch_on_the_same_optimizer_is_warned_about():
    text = (
        "a torch scheduler was built on this optimizer: if it is stepped, both write the lr; "
        "delete it, or leave the lr out of the plan"
    )
    optimizer = sgd(momentum=0.9)
    other = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    with pytest.warns(PassoWarning, match=f"^{re.escape(text)}$") as told:
        attach(optimizer, Constant(0.5))
    assert told[0].filename == __file__
    attach(optimizer, {"momentum": Constant(0.5)})
    del other
    assert hasattr(optimizer.step, "_wrapped_by_lr_sched")  # for good
    for each in attached(optimizer):
        each.detach(restore=True)
    assert said(lambda: attach(optimizer, Constant(0.5))) == []


def test_a_report_that_is_nearly_watched_is_warned_about():
    scheduler = attach(sgd(), base * Plateau("val_loss"))
    text = "no plateau watches 'valloss', one watches 'val_loss'; report it by that name"
    with pytest.warns(PassoWarning, match=f"^{re.escape(text)}$") as told:
        scheduler.report(valloss=1.0)
    assert told[0].filename == __file__
    scheduler.report(train_loss=1.0)
    scheduler.report(val_loss=1.0)


def test_that_is_said_once_for_each_name_and_for_several_optimizers_too():
    for target in (sgd(), [sgd(), sgd()]):
        scheduler = attach(target, base * Plateau("val_loss"))
        told = [scheduler.report] * 3
        texts = said(lambda told=told: [report(valloss=1.0, vall_loss=1.0) for report in told])
        assert texts == [
            f"no plateau watches {name!r}, one watches 'val_loss'; report it by that name"
            for name in ("valloss", "vall_loss")
        ]


def test_a_report_without_a_name_is_refused():
    scheduler = attach(sgd(), base * Plateau("val_loss"))
    text = "a report has a name, got 1.0; write report(val_loss=...)"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        scheduler.report(1.0)
