"""What the core offers trainers: a face, a rest for theirs, a reason (issue 16)."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau, SequentialLR, StepLR

from passo import (
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    attached,
    base,
    by_group,
    steps,
)
from tests.optim.tools import adam, said, sgd, update
from tests.optim.wrapped import Delegate, Lookahead

LINE, RUN = base * Linear(1.0, 0.0), Run(steps(8))


def halving(optimizer):
    """A native scheduler as a trainer makes it: half the rate at once, then less and less."""
    return LambdaLR(optimizer, lambda t: 0.5 / (1 + t))


# -- watches


def test_what_the_plateaus_watch_is_listed_once_each():
    plan = {
        "lr": base * Plateau("val_loss") * Plateau("accuracy", mode="max"),
        "weight_decay": base * Plateau("val_loss", factor=0.5),
    }
    assert attach(sgd(), plan, RUN).watches == ("accuracy", "val_loss")
    assert attach(sgd(), LINE, RUN).watches == ()


def test_what_only_a_later_optimizer_watches_is_listed_too():
    plan = by_group({"one": base, "two": base * Plateau("loss")})
    scheduler = attach({"one": sgd(), "two": sgd()}, plan, RUN)
    assert scheduler.watches == ("loss",)


# -- a face


def test_the_face_for_a_log_answers_what_the_last_update_used():
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, RUN, last_lr="used")
    assert scheduler.get_last_lr() == [1.0]
    for t in range(4):
        update(optimizer)
        assert scheduler.get_last_lr() == scheduler._last_lr == [1.0 - t / 8]
        assert scheduler.last_used() == {"lr": [1.0 - t / 8]}
        assert optimizer.param_groups[0]["lr"] == 1.0 - (t + 1) / 8


def test_the_face_shows_what_no_plan_drives_as_it_is_and_a_tensor_as_a_number():
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "name": n} for n in ("a", "b")]
    optimizer = torch.optim.Adam(groups, lr=torch.tensor(0.5))
    scheduler = attach(optimizer, by_group({"a": LINE}, others=None), RUN, last_lr="used")
    update(optimizer, 2)
    assert [float(rate) for rate in scheduler.get_last_lr()] == [0.5 * 7 / 8, 0.5]


def test_the_face_of_several_optimizers_lists_what_each_of_them_used():
    one, two = sgd(), sgd(lr=0.5)
    scheduler = attach([one, two], LINE, RUN, last_lr="used")
    assert scheduler.get_last_lr() == [1.0, 0.5]
    for t in range(2):
        update(one)
        update(two)
        assert scheduler.get_last_lr() == [1.0 - t / 8, 0.5 * (1.0 - t / 8)]


# -- a native scheduler at rest


@pytest.mark.parametrize(
    "make",
    [
        halving,
        lambda o: StepLR(o, 2),
        lambda o: SequentialLR(o, [StepLR(o, 1), halving(o)], [2]),
        lambda o: ReduceLROnPlateau(o, patience=0),
    ],
)
def test_a_native_scheduler_rests_until_detach(make):
    optimizer = sgd()
    native = make(optimizer)
    kind, before = type(native), native.state_dict()
    scheduler = attach(optimizer, LINE, RUN, base=1.0, last_lr="used", over=native)
    for t in range(8):
        update(optimizer)
        assert native.get_last_lr() == [1.0 - t / 8]  # as a trainer logs, between the two steps
        native.step(0.5)
        assert optimizer.param_groups[0]["lr"] == 1.0 - (t + 1) / 8
    assert isinstance(native, kind)
    assert repr(type(native)) == repr(kind)
    assert str(native.state_dict()) == str(before)
    scheduler.detach()
    assert type(native) is kind


def test_what_the_native_scheduler_began_with_is_the_base():
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in (1.0, 0.1)]
    optimizer = torch.optim.SGD(groups)
    native = halving(optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.05]
    assert attach(optimizer, LINE, RUN, over=native).base_lrs == [1.0, 0.1]


def test_a_native_scheduler_at_rest_is_copied_and_pickled_as_it_is_when_awake():
    optimizer = sgd()
    native = StepLR(optimizer, 2)
    attach(optimizer, LINE, RUN, base=1.0, over=native)
    saved = pickle.dumps(native.state_dict())
    for twin in (copy.copy(native), copy.deepcopy(native)):
        assert type(twin) is StepLR
        assert twin.step_size == 2
    native.load_state_dict(pickle.loads(saved))
    assert native.last_epoch == 0


def test_a_wrapper_is_looked_through_for_the_native_scheduler():
    optimizer = sgd()
    native = halving(optimizer)
    attach(optimizer, LINE, RUN, over=SimpleNamespace(scheduler=native))
    update(optimizer)
    native.step()
    assert native.get_last_lr() == [0.875]


def test_a_wrapper_of_itself_holds_no_scheduler():
    wrapper = SimpleNamespace()
    wrapper.scheduler = wrapper
    assert refused(sgd(), LINE, RUN, over=wrapper).startswith("over needs the torch scheduler")


def refused(*arguments, **options):
    with pytest.raises(PassoError) as caught:
        attach(*arguments, **options)
    return str(caught.value)


def test_what_cannot_be_put_to_rest_is_refused_and_nothing_is_changed():
    optimizer, other = sgd(), sgd()
    native, strange = halving(optimizer), halving(other)
    assert refused(optimizer, LINE, RUN, over=3) == (
        "over needs the torch scheduler that a trainer made, got 3; leave it out where there is "
        "none"
    )
    assert refused(optimizer, LINE, RUN, over=strange) == (
        "over=LambdaLR is a scheduler of another optimizer than the one that is attached to; "
        "write attach(over.optimizer, ...), or leave over out"
    )
    assert refused([optimizer, other], LINE, RUN, over=native) == (
        "over is a scheduler of one optimizer, and here are several under one plan; write "
        "attach(optimizer, plan, over=its_scheduler) for each"
    )
    with pytest.raises(PassoError):
        attach(optimizer, {"lr": LINE, "nothing": 1.0}, RUN, over=native)
    assert type(native) is type(strange) is LambdaLR
    assert optimizer.param_groups[0]["lr"] == 0.5
    attach(optimizer, LINE, RUN, over=native)
    assert refused(optimizer, {"momentum": 0.5}, RUN, over=native) == (
        "over=LambdaLR is at rest already, under another plan; call detach() on that first"
    )


def test_a_word_for_last_lr_is_one_of_two():
    text = "last_lr must be one of 'next', 'used', got 'last'"
    assert refused(sgd(), LINE, RUN, last_lr="last") == text


# -- attached


@pytest.mark.parametrize("wrap", [lambda o: o, Delegate, Lookahead])
def test_the_schedulers_of_an_optimizer_are_found_through_wrappers(wrap):
    optimizer = sgd(momentum=0.9)
    outer = wrap(optimizer)
    assert attached(outer) == ()
    rates = attach(outer, LINE, RUN)
    momenta = attach(outer, {"momentum": 0.5}, RUN)
    assert attached(outer) == (rates, momenta)
    rates.detach()
    assert attached(outer) == (momenta,)


def test_one_plan_on_several_optimizers_is_found_as_the_one_scheduler_that_it_is():
    one, two = sgd(), sgd()
    scheduler = attach([one, two], LINE, RUN)
    assert attached(one) == attached(two) == (scheduler,)
    assert attached(sgd()) == attached(None) == ()


# -- a reason


def test_a_run_that_was_stopped_is_told_with_the_reason():
    def stopped(**ended):
        optimizer = adam()
        scheduler = attach(optimizer, LINE, RUN)
        update(optimizer, 4)
        scheduler.detach(**ended)

    rest = ": planned 8 updates, made 4; lr was 0.0625 last, and its plan ends at 0"
    told = said(lambda: stopped(because="early stopping on val_loss"))
    assert told == [f"the run ended early (early stopping on val_loss){rest}"]
    assert said(stopped) == [f"the run ended early{rest}"]


def test_a_trainer_that_stops_by_an_exception_of_its_own_gives_its_reason():
    def stopped(**reason):
        scheduler = attach(optimizer := sgd(), LINE, RUN)
        update(optimizer, 4)
        try:
            next(iter(()))
        except StopIteration:
            scheduler.detach(**reason)

    (text,) = said(lambda: stopped(because="patience ran out"))
    assert text.startswith("the run ended early (patience ran out): planned 8 updates, made 4;")
    assert said(stopped) == []  # without one it may as well have failed


def test_a_reason_for_several_optimizers_is_told_once():
    def stopped():
        one, two = sgd(), sgd()
        scheduler = attach([one, two], LINE, RUN)
        for _ in range(4):
            update(one)
            update(two)
        scheduler.detach(because="a deadline")

    (text,) = said(stopped)
    assert text.startswith("the run ended early (a deadline): planned 8 updates, made 4;")


def test_a_reason_is_in_words_and_a_run_that_is_complete_needs_none():
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, RUN)
    with pytest.raises(PassoError) as caught:
        scheduler.detach(because=3)
    assert str(caught.value) == (
        'because is the reason in words, got 3; write detach(because="early stopping on val_loss")'
    )
    assert scheduler.attached
    update(optimizer, 8)
    assert said(lambda: scheduler.detach(because="the trainer")) == []


# -- views


class View:
    """Groups that live elsewhere, as fastai's `hypers`; made where it is attached."""

    def __init__(self, hypers):
        self.hypers = hypers

    @property
    def param_groups(self):
        return list(self.hypers)


def test_a_view_of_groups_without_parameters_is_driven_by_calls_and_resumes():
    plan = {"lr": LINE, "mom": Linear(0.5, 0.9)}

    def hypers():
        return [{"lr": lr, "mom": 0.5, "sqr_mom": 0.99} for lr in (1.0, 0.1)]

    held = hypers()
    scheduler = attach(View(held), plan, RUN, clock="calls")
    for t in range(8):
        assert [(each["lr"], each["mom"]) for each in held] == [
            (lr * Linear(1.0, 0.0, steps(8))(t), Linear(0.5, 0.9, steps(8))(t)) for lr in (1.0, 0.1)
        ]
        if t == 3:
            state = scheduler.state_dict()
        scheduler.step()
    again = hypers()
    twin = attach(View(again), plan, RUN, clock="calls")
    twin.load_state_dict(state)
    twin.step()
    assert [each["lr"] for each in again] == [0.5, 0.1 * Linear(1.0, 0.0, steps(8))(4)]
    scheduler.detach(restore=True)
    assert held == hypers()


class Copies:
    """As a fastai optimizer, whose `param_groups` are dicts of its own `hypers`, made each time."""

    def __init__(self, **hypers):
        self.hypers = [hypers]

    @property
    def param_groups(self):
        return [{"params": [], **each} for each in self.hypers]


class Through(dict):
    """A group made anew that writes through to what it was made of."""

    def __init__(self, of):
        super().__init__(of)
        self.of = of

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.of[key] = value


class WritesThrough(Copies):
    @property
    def param_groups(self):
        return [Through(each) for each in self.hypers]


@pytest.mark.parametrize("clock", ["hook", "calls"])
@pytest.mark.parametrize("several", [False, True])
def test_groups_that_are_copies_are_refused_since_what_is_written_there_is_lost(clock, several):
    copies = Copies(lr=1.0, mom=0.5)
    with pytest.raises(PassoError) as caught:
        attach({"one": copies, "other": sgd()} if several else copies, LINE, RUN, clock=clock)
    assert str(caught.value) == (
        "Copies makes its param groups anew at each look, so that nothing which is written there "
        'reaches it: lr of group 0 stays 1; write attach(view, ..., clock="calls") with an '
        "object whose param_groups are the dicts that its step() reads, and call "
        "scheduler.step() after each update"
    )
    assert copies.hypers == [{"lr": 1.0, "mom": 0.5}]


def test_groups_made_anew_that_write_through_are_driven_and_copies_may_be_a_clock():
    held = WritesThrough(lr=1.0)
    scheduler = attach(held, LINE, RUN, clock="calls")
    for t in range(8):
        assert held.hypers == [{"lr": 1.0 - t / 8}]
        scheduler.step()
    clock = attach(Copies(lr=1.0), {}, RUN, values={"ema": LINE.with_base(1.0)}, clock="calls")
    clock.step()
    assert clock["ema"] == 1.0 - 1 / 8
