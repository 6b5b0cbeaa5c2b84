"""What the range test and `passo find` advise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from passo import PassoError, RangeTest, loader_step, range_test
from passo.optim.finder.setups import range_test_of
from tests.advice.table import Table, Told
from tests.optim.tools import adam, sgd, update

tried = Table(
    range_test_of=range_test_of,
    loader_step=loader_step,
    loss_fn=torch.nn.functional.mse_loss,
    loader=[(torch.ones(4, 1), torch.zeros(4, 1))],
    torch=torch,
    scaler=torch.amp.GradScaler("cpu", enabled=False),
)
FEW = {"steps": 5, "low": 1e-4, "high": 1.0}


def step_of(optimizer: Any, answer: float | None = 1.0) -> Callable[[], float | None]:
    """A step that makes one update."""

    def train_step() -> float | None:
        update(optimizer)
        return answer

    return train_step


def refused(told: Told, optimizer: Any = None, train_step: Any = None, **given: Any) -> Any:
    """What a range test with these settings is told."""
    optimizer = sgd() if optimizer is None else optimizer
    step = step_of(optimizer) if train_step is None else train_step
    return told(lambda: range_test(step, optimizer, **{"restore": [], **FEW, **given}))


def done(optimizer: Any = None, train_step: Any = None, **given: Any) -> RangeTest:
    """A range test with these settings."""
    optimizer = sgd() if optimizer is None else optimizer
    step = step_of(optimizer) if train_step is None else train_step
    return range_test(step, optimizer, **{"restore": [], **FEW, **given})


def again(text: Any, **given: Any) -> list[RangeTest]:
    """The same range test with each code of the text among its settings."""
    return text.put("done(@, **given)", done=done, given=given)


@tried("range_test(train_step, optimizer, restore=[model])")
def what_is_restored_has_to_be_said(told: Told) -> None:
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    names = {"train_step": step_of(optimizer), "optimizer": optimizer, "model": model}
    (test,) = told("range_test(train_step, optimizer)", **names).put("@", **names)
    assert len(test.values) == len(test.losses) > 1


@tried("stop must be above 0, got {}; write stop=4.0")
def a_rise_is_above_nothing(told: Told) -> None:
    assert again(refused(told, stop=0))[0].losses == (1.0,) * 5


@tried("an exponential ramp needs low above 0, got {}; write ramp='linear'")
def a_ramp_from_zero_is_linear(told: Told) -> None:
    assert again(refused(told, low=0), low=0.0)[0].values == (0.0, 0.25, 0.5, 0.75, 1.0)
    with pytest.raises(PassoError, match="must stay at least 0"):
        done(low=-1.0, ramp="linear")


@tried(
    "{} values do not fit between low={} and high={}: some would be equal or out of order; write "
    "fewer steps=, or bounds that lie further apart"
)
def values_have_room_between_the_bounds(told: Told) -> None:
    close = {"low": 1.0, "high": 1.0000000000000004}
    refused(told, steps=9, **close).words("fewer steps=", "bounds that lie further apart")
    assert len(done(steps=2, **close).values) == 2
    assert len(done(steps=9, low=1.0, high=1.5).values) == 9


@tried(
    "{} of param group {} would go from {} to {}, which it cannot hold; write another low= or high="
)
def a_field_holds_what_it_can(told: Told) -> None:
    def tensor() -> Any:
        return adam(lr=torch.tensor(0.1))

    refused(told, tensor(), high=1e300).words("another low= or high=")
    assert done(tensor(), high=10.0).values[-1] == 10.0


@tried(
    "{} of param group {} must stay {}, and the test takes it from {} to {}; write another low= or "
    "high="
)
def a_field_stays_in_its_bounds(told: Told) -> None:
    refused(told, adam(), key="momentum").words("another low= or high=")
    assert done(adam(), key="momentum", high=0.99).values[-1] == 0.99


@tried(
    "train_step must be a function that makes one update, got {}; write def train_step(): ..., or "
    "loader_step(model, optimizer, loss_fn, loader)"
)
def a_step_is_a_function(told: Told) -> None:
    optimizer = sgd()
    text = refused(told, optimizer, train_step=3.0)
    head = text.quoted(r"write (def train_step\(\): )\.\.\.,")
    world = {"update": update, "optimizer": optimizer}
    exec(f"{head}\n    update(optimizer)\n    return 1.0\n", world)
    assert done(optimizer, world["train_step"]).losses == (1.0,) * 5
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    code = text.quoted(r"or (loader_step\(.*\))$")
    step = eval(code, {**tried.world, "model": model, "optimizer": optimizer})
    assert len(done(optimizer, step).losses) == 5


@tried(
    "loader_step needs a torch optimizer, got {}; write loader_step(model, [muon, adamw], loss_fn, "
    "loader)"
)
def optimizers_of_a_step_are_listed(told: Told) -> None:
    model = torch.nn.Linear(1, 1)
    muon, adamw = (torch.optim.SGD([each], lr=0.1) for each in model.parameters())
    text = told(lambda: loader_step(model, [], tried.world["loss_fn"], tried.world["loader"]))
    code = text.quoted(r"write (loader_step\(.*\))$")
    names = {"model": model, "muon": muon, "adamw": adamw}
    step = eval(code, {**tried.world, **names})
    assert len(done([muon, adamw], step).losses) == 5


@tried("restore must be a list, got {}; write restore=[model, scaler, loader]")
def what_is_restored_is_a_list(told: Told) -> None:
    model = torch.nn.Linear(1, 1)
    for given in (model, "model", None):
        (test,) = refused(told, restore=given).put("done(@)", done=done, model=model)
        assert len(test.losses) == 5


@tried(
    "train_step was called {} times without one update of the optimizer; call optimizer.step() in "
    "it, on the optimizer that range_test was given, with gradients"
)
def a_step_makes_an_update(told: Told) -> None:
    optimizer, other = sgd(), sgd()

    def without_gradients() -> float:
        optimizer.zero_grad()
        optimizer.step()
        return 1.0

    for idle in (lambda: 1.0, step_of(other), without_gradients):
        text = refused(told, optimizer, idle)
        text.words("optimizer.step() in it", "the optimizer that range_test was given", "gradients")
    assert len(done(optimizer, step_of(optimizer)).losses) == 5


@tried(
    "train_step must answer with its loss, a number or a Tensor of one element, got {}; write "
    "return loss"
)
def a_step_answers_with_its_loss(told: Told) -> None:
    optimizer = sgd()
    text = refused(told, optimizer, step_of(optimizer, None))
    last = text.quoted(r"write (return loss)$")
    world = {"update": update, "optimizer": optimizer, "loss": torch.tensor([2.0])}
    exec(f"def train_step():\n    update(optimizer)\n    {last}\n", world)
    assert done(optimizer, world["train_step"]).losses == (2.0,) * 5


@tried("folder needs the path of a folder, got {}; write folder='copies'")
def copies_wait_in_a_folder(told: Told) -> None:
    text = refused(told, folder=3)
    Path("copies").mkdir()
    assert again(text)[0].losses == (1.0,) * 5


@tried("is not there; make it first")
def a_folder_is_made_first(told: Told) -> None:
    text = refused(told, folder="copies")
    Path(text.quoted(r"and '(.*)' is not there; make it first")).mkdir()
    assert done(folder="copies").losses == (1.0,) * 5


@tried(
    "{} cannot be given back as it was: it has no state_dict and load_state_dict; name what has "
    "them, such as [model, scaler, loader]"
)
def what_is_restored_has_a_state(told: Told) -> None:
    model = torch.nn.Linear(1, 1)
    text = refused(told, restore=[object()])
    assert text.put("done(restore=@)", verb="such as", done=done, model=model)


# -- passo find


SETUP = """
import torch
def setup():
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    def train_step():
        optimizer.zero_grad()
        loss = model(torch.ones(1, 1)).square().sum()
        loss.backward()
        optimizer.step()
        return loss
    {}
"""
RETURN = "return train_step, optimizer, [model]"


@tried("{} needs a file and a function in it, got {}; write {}")
def a_setup_is_a_file_and_a_function(told: Told) -> None:
    Path("train.py").write_text(SETUP.format(RETURN))
    for place in ("train.py", "train:setup", "train.py:"):
        found = told(f"range_test_of({place!r})").quoted(r"write (\S+)$")
        assert len(range_test_of(found, **FEW).losses) == 5


@tried("there is no file {}; write the path of a file, then :{}")
def a_setup_is_in_a_file_that_is_there(told: Told) -> None:
    function = told("range_test_of('trian.py:setup')").quoted(r"then (:setup)$")
    Path("train.py").write_text(SETUP.format(RETURN))
    assert len(range_test_of(f"train.py{function}", **FEW).losses) == 5


@tried("{} must answer with three things, got {}; write return train_step, optimizer, [model]")
def a_setup_answers_with_three_things(told: Told) -> None:
    Path("train.py").write_text(SETUP.format("return train_step, optimizer"))
    line = told("range_test_of('train.py:setup')").quoted(r"write (return .*)$")
    Path("other.py").write_text(SETUP.format(line))
    assert len(range_test_of("other.py:setup", **FEW).losses) == 5
