"""States: over to torch and back, through files, in every order, by pickle and by copy."""

from __future__ import annotations

import copy
import io
import pickle
from functools import cache

import pytest
import torch
from torch.optim import lr_scheduler as torchs

from passo import Run, steps, warmup_cosine
from passo.optim import lr_scheduler as ours
from tests.optim.lr_scheduler.make_fixtures import (
    BOTH,
    FOLDER,
    LOADED,
    MADE,
    NEXT,
    STORIES,
    optimizer_for,
    path,
    played,
    started,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Detected call of:UserWarning"),
    pytest.mark.filterwarnings(
        "ignore:Seems like `optimizer.step:UserWarning"
    ),  # a copy, as torch's
]
ORDERS = ("obs", "bos", "bso", "bs")  # o: load the optimizer; b: build; s: load the scheduler
END = MADE + NEXT


def through_a_file(told):
    """What `torch.load` makes of it with nothing but plain data allowed."""
    file = io.BytesIO()
    torch.save(told, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@cache
def interrupted(name, library, made=MADE):
    """The states after so many steps, and what the run went on with; whoever loads them copies."""
    story = STORIES[name]
    optimizer, scheduler = started(story, library)
    played(optimizer, scheduler, story, 0, made)
    saved = through_a_file([optimizer.state_dict(), scheduler.state_dict()])
    return *saved, near(played(optimizer, scheduler, story, made, END))


def resumed(story, library, order, of_optimizer, of_scheduler, made=MADE):
    """What a new process goes on with."""
    optimizer, scheduler = optimizer_for(story), None
    for event in order:
        if event == "o":
            optimizer.load_state_dict(copy.deepcopy(of_optimizer))
        elif event == "b":
            scheduler = story.build(library, optimizer)
        else:
            scheduler.load_state_dict(copy.deepcopy(of_scheduler))
    return played(optimizer, scheduler, story, made, END)


def near(told):
    return [pytest.approx(each, rel=1e-12, abs=1e-13) for step in told for each in step]


def flat(told):
    return [each for step in told for each in step]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", STORIES)
def test_a_run_goes_on_whatever_the_order_of_building_and_loading(name, order):
    story = STORIES[name]
    for made in range(END):
        of_optimizer, of_scheduler, wanted = interrupted(name, ours, made)
        found = resumed(story, ours, order, of_optimizer, of_scheduler, made)
        assert flat(found) == wanted, made


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", BOTH)
def test_a_state_of_torchs_goes_on_with_our_class(name, order):
    story = STORIES[name]
    of_optimizer, of_scheduler, wanted = interrupted(name, torchs)
    assert flat(resumed(story, ours, order, of_optimizer, of_scheduler)) == wanted


@pytest.mark.parametrize("name", LOADED)
def test_a_state_of_ours_goes_on_with_torchs_class(name):
    story = STORIES[name]
    of_optimizer, of_scheduler, wanted = interrupted(name, ours)
    assert flat(resumed(story, torchs, "bos", of_optimizer, of_scheduler)) == wanted


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", BOTH)
def test_a_file_that_torch_2_13_wrote_goes_on(name, order):
    told = torch.load(path(name), weights_only=True)
    found = resumed(STORIES[name], ours, order, told["optimizer"], told["scheduler"])
    assert flat(found) == near(told["next"])


def test_there_is_a_file_for_each_story_and_for_each_class():
    assert sorted(FOLDER.iterdir()) == sorted(path(name) for name in BOTH)
    classes = {name for name in ours.__all__ if isinstance(getattr(ours, name), type)}
    assert classes - {"LRScheduler"} <= {name.partition("-")[0] for name in BOTH}


@pytest.mark.parametrize("name", STORIES)
def test_loading_twice_from_one_dict_leaves_the_dict_and_the_first_alone(name):
    story = STORIES[name]
    *saved, wanted = interrupted(name, ours)
    of_optimizer, of_scheduler = copy.deepcopy(saved)
    before = copy.deepcopy(of_scheduler)
    first = started(story, ours)
    for optimizer, scheduler in (first, started(story, ours)):
        optimizer.load_state_dict(of_optimizer)
        scheduler.load_state_dict(of_scheduler)
    second = optimizer, scheduler
    assert flat(played(*second, story, MADE, END)) == wanted
    assert flat(played(*first, story, MADE, END)) == wanted
    assert of_scheduler == before


def has_a_lambda(name):
    try:
        pickle.dumps(started(STORIES[name], ours)[1])
    except (pickle.PicklingError, AttributeError):
        return True
    return False


@pytest.mark.parametrize("name", STORIES)
def test_a_copy_goes_on_by_itself(name):
    goes_on_by_itself(STORIES[name], copy.deepcopy)


@pytest.mark.parametrize("name", [name for name in STORIES if not has_a_lambda(name)])
def test_a_pickled_scheduler_goes_on_by_itself(name):
    goes_on_by_itself(STORIES[name], lambda pair: pickle.loads(pickle.dumps(pair)))


def goes_on_by_itself(story, copied):
    pair = started(story, ours)
    played(*pair, story, 0, MADE)
    other = copied(pair)
    wanted = near(played(*pair, story, MADE, END))
    assert other[1].optimizer is other[0]
    assert flat(played(*other, story, MADE, END)) == wanted


@pytest.mark.parametrize("of", [torchs, ours], ids=["torch", "passo"])
def test_a_schedule_is_a_function_that_survives_a_checkpoint(of):
    """The only way into trainers that take nothing but a LambdaLR."""
    factor = warmup_cosine(peak=1.0, warmup=steps(4)).on(Run(steps(20)))

    def built():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        return optimizer, of.LambdaLR(optimizer, factor)

    optimizer, scheduler = built()
    for _ in range(7):
        optimizer.step()
        scheduler.step()
    state = through_a_file((optimizer.state_dict(), scheduler.state_dict()))
    optimizer, scheduler = built()
    optimizer.load_state_dict(state[0])
    scheduler.load_state_dict(state[1])
    for t in range(7, 20):
        assert scheduler.get_last_lr() == [0.1 * factor(t)]
        optimizer.step()
        scheduler.step()
    assert pickle.loads(pickle.dumps(scheduler)).lr_lambdas == [factor]
