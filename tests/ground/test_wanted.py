"""What is taken for a callback or for a Scheduler says what to write, and a value never changes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest
import torch

from passo import Constant, Linear, PassoError, Run, attach, steps, warmup_cosine
from passo.schedules import shapes

LINE = Linear(1, 0)


def scheduler(**several):
    names = several or {"": None}
    made = {n: torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0) for n in names}
    return attach(made if several else made[""], LINE, Run(steps(4)))


def told(thing, name):
    with pytest.raises(AttributeError) as caught:
        getattr(thing, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "trainer", "write", "room"),
    [
        ("on_exception", "Lightning", "callbacks=[Passo(plan)]", "lightning"),
        ("state_key", "Lightning", "callbacks=[Passo(plan)]", "lightning"),
        ("on_init_end", "transformers", "callbacks=[Passo(plan)]", "transformers"),
        ("on_train_begin", "transformers", "callbacks=[Passo(plan)]", "transformers"),
        ("set_params", "skorch", "callbacks=[Passo(plan)]", "skorch"),
    ],
)
def test_what_a_trainer_asks_of_a_callback_is_answered_with_the_callback(
    name, trainer, write, room
):
    rest = f"; write {write}, with Passo from passo.integrations.{room}"
    assert told(LINE, name) == f"{trainer} wants a callback, got Linear(1, 0){rest}"
    assert told(scheduler(), name) == f"{trainer} wants a callback, got a Scheduler{rest}"
    both = scheduler(one=1, other=2)
    assert told(both, name) == f"{trainer} wants a callback, got a JointScheduler{rest}"
    assert not hasattr(LINE, name)


def test_fastai_sets_itself_before_it_asks():
    rest = "; write cbs=Passo(plan), with Passo from passo.integrations.fastai"
    with pytest.raises(PassoError) as caught:
        LINE.learn = "a Learner"
    assert str(caught.value) == f"fastai wants a callback, got Linear(1, 0){rest}"
    given = scheduler()
    assert told(given, "name") == "'Scheduler' object has no attribute 'name'"
    given.learn = "a Learner"
    assert told(given, "name") == f"fastai wants a callback, got a Scheduler{rest}"


@pytest.mark.parametrize("name", ["step", "get_last_lr", "state_dict", "report"])
def test_a_schedule_that_is_taken_for_a_scheduler_says_attach(name):
    assert told(LINE, name) == (
        f"Linear(1, 0) is a number as a function of time, and has no {name!r}; write "
        "attach(optimizer, plan, run), which answers with a Scheduler"
    )


def test_any_other_name_is_told_of_as_python_does():
    assert told(LINE, "tenth") == "'Linear' object has no attribute 'tenth'"
    assert told(scheduler(), "tenth") == "'Scheduler' object has no attribute 'tenth'"
    assert getattr(LINE, "log", 3) == getattr(scheduler(), "log", 3) == 3


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_a_schedule_is_copied_and_pickled_as_before(again):
    made = warmup_cosine() * Constant(2)
    assert again(made) == made
    assert again(Run(steps(4))) == Run(steps(4))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (LINE, "log"),
        (LINE, "start"),
        (Linear(1, 0, steps(2)).then(LINE), "log"),
        (Run(steps(4)), "lenght"),
        (steps(4), "amount"),
        (steps(4), "size"),
    ],
)
def test_a_value_never_changes_and_says_so(value, name):
    """Python's own text is of `super` where the name is none of its fields (#90562)."""
    text = f"{value!r} never changes, so that {name!r} cannot be set; write a new one"
    with pytest.raises(FrozenInstanceError) as caught:
        setattr(value, name, 1)
    assert isinstance(caught.value, PassoError)
    assert str(caught.value) == text
    with pytest.raises(PassoError) as caught:
        delattr(value, name)
    assert str(caught.value) == text


def test_no_kind_of_schedule_brings_back_pythons_own():
    for name in shapes.__all__:
        assert getattr(shapes, name).__setattr__ is Constant.__setattr__, name
