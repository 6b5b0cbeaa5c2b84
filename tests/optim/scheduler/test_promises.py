"""Each broken promise is said once, in words, while the run goes on or when it ends (issue 13)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passo import (
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    doctor,
    steps,
    tokens,
)
from passo.doctor import DoctorWarning
from passo.optim import tensorize
from tests.optim.tools import graded, said, sgd, update, weight
from tests.optim.wrapped import Apart

PLAN, RUN = base * Linear(1.0, 0.1), Run(steps(10))


def plateaued(optimizer=None, run=RUN, **settings):
    optimizer = sgd() if optimizer is None else optimizer
    return optimizer, attach(optimizer, base * Plateau("val_loss", patience=1), run, **settings)


# -- the first update past the end

PAST = (
    "update 10 is past the end of Run(steps(10)): the clock counts updates, 11 by now; from here "
    "on lr stays at 0.1; write: a longer run, or strict=True to stop there"
)


@pytest.mark.parametrize("clock", ["hook", "calls"])
def test_the_first_update_past_the_end_says_so_while_it_runs(clock):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN, clock=clock)

    def go(times):
        for _ in range(times):
            update(optimizer)
            scheduler.step()

    assert said(lambda: go(10)) == []
    assert said(lambda: go(1)) == [PAST]
    assert said(lambda: go(20)) == []


def test_it_is_at_the_line_of_the_script():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN)
    scheduler.seek(10)
    graded(optimizer)
    with pytest.warns(PassoWarning, match="is past the end") as told:
        optimizer.step()
    assert [each.filename for each in told] == [__file__]


@pytest.mark.parametrize(("counted", "past"), [((40, 60), 2), ((30, 30, 30, 30), 4)])
def test_tokens_are_past_the_end_where_an_update_begins_beyond_it(counted, past):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, Run(tokens(100), axis="token"))

    def go(*amounts):
        for amount in amounts:
            scheduler.count(tokens=amount)
            update(optimizer)

    assert said(lambda: go(*counted)) == []
    text = (
        f'update {past} is past the end of Run(tokens(100), axis="token"): position stands at '
        f"{sum(counted) + 10} tokens; from here on lr stays at 0.1; write: a longer run, or "
        "strict=True to stop there"
    )
    assert said(lambda: go(10)) == [text]
    assert said(lambda: go(10, 10)) == []


def test_a_run_of_a_broken_number_of_updates_makes_the_last_one_whole():
    optimizer = sgd()
    attach(optimizer, PLAN, Run(steps(2.5)))
    assert said(lambda: update(optimizer, 3)) == []
    assert len(said(lambda: update(optimizer, 3))) == 1


def test_the_end_of_the_run_is_that_of_the_run_that_was_loaded():
    longer = sgd()
    state = attach(longer, PLAN, Run(steps(20))).state_dict()
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN, on_change="keep")
    scheduler.load_state_dict(state)
    assert said(lambda: update(optimizer, 20)) == []
    assert len(said(lambda: update(optimizer, 2))) == 1


# -- no update was ever seen


def hopeless(optimizer):
    """Its own step is never called, and what is stepped has other groups."""
    graded(optimizer)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            with torch.no_grad():
                parameter.add_(0.05 * parameter.grad)
                parameter.sub_(0.05 * parameter.grad)
    optimizer.base_optimizer.step()


NEVER = (
    "no update of Apart was ever seen, while {signs}; the clock stays and lr at 1, whatever is "
    "planned; write: attach(...) with the optimizer whose step() the loop calls, such as the one "
    'inside, or clock="calls" and scheduler.step() after each update'
)
FORGOTTEN = NEVER.replace(
    "write: ", "write: optimizer.step() after each backward(); where another optimizer is stepped, "
)
CALLED = NEVER.format(signs="scheduler.step() was called 10 times")


def test_a_framework_that_steps_the_scheduler_alone_is_told_soon():
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN)
    told = []
    for _ in range(50):
        hopeless(optimizer)
        told.append(said(scheduler.step))
    assert told == [[]] * 9 + [[CALLED]] + [[]] * 40
    assert said(scheduler.detach) == []


def test_strict_refuses_each_such_call_and_says_nothing_more_at_the_end():
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN, strict=True)
    for _ in range(9):
        hopeless(optimizer)
        scheduler.step()
    for calls in (10, 11):
        hopeless(optimizer)
        with pytest.raises(PassoError) as caught:
            scheduler.step()
        assert str(caught.value) == NEVER.format(signs=f"scheduler.step() was called {calls} times")
    assert said(scheduler.detach) == []


def test_what_the_words_advise_helps():
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    inner = attach(optimizer.base_optimizer, PLAN, RUN)
    for _ in range(10):
        hopeless(optimizer)
    assert (inner.clock, said(inner.detach)) == (10, [])
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    by_calls = attach(optimizer, PLAN, RUN, clock="calls")
    for _ in range(10):
        hopeless(optimizer)
        by_calls.step()
    assert (by_calls.clock, said(by_calls.detach)) == (10, [])


@pytest.mark.parametrize("end", ["detach", "freed"])
def test_without_such_calls_it_is_said_at_the_end(end):
    optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN)
    for _ in range(4):
        hopeless(optimizer)

    def finish():
        nonlocal optimizer
        if end == "detach":
            scheduler.detach()
        else:
            del optimizer

    assert said(finish) == [NEVER.format(signs="its weights changed")]


@pytest.mark.parametrize("how", ["gone", "swapped"])
def test_weights_that_change_places_before_the_first_update_did_not_change(how):
    old, new = weight(), weight()
    with torch.no_grad():
        for _ in range(5):
            old.add_(1.0)  # as it was made and loaded
    optimizer = torch.optim.SGD([{"params": [new]}, {"params": [old]}], lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN, strict=True)
    if how == "gone":
        del optimizer.param_groups[0]
    else:
        first, second = optimizer.param_groups
        first["params"], second["params"] = second["params"], first["params"]
    assert said(lambda: scheduler.detach(because="another try")) == []


def in_backward(model):
    """One optimizer for each parameter, stepped while backward runs (LOMO, GaLore)."""
    for parameter in model.parameters():
        optimizer = torch.optim.AdamW([parameter])

        def step(_, optimizer=optimizer):
            optimizer.step()
            optimizer.zero_grad()

        parameter.register_post_accumulate_grad_hook(step)


@pytest.mark.parametrize("steps_the_dummy", [False, True])
def test_a_dummy_outside_of_optimizers_that_step_in_backward_is_told_of(steps_the_dummy):
    model = torch.nn.Linear(4, 1)
    dummy = torch.optim.SGD([torch.nn.Parameter(torch.empty(0))], lr=1.0)
    in_backward(model)
    scheduler = attach(dummy, PLAN, RUN)
    for _ in range(12):
        model(torch.ones(2, 4)).sum().backward()
        if steps_the_dummy:
            dummy.step()
    text = FORGOTTEN.format(signs="gradients were computed")
    if steps_the_dummy:
        text = NEVER.format(signs="its step() was called 12 times without any gradient")
    assert said(scheduler.detach) == [text.replace("Apart", "SGD")]


def test_a_step_that_is_forgotten_is_what_is_advised_and_of_several_it_is_told_of_all():
    for several in (False, True):
        model, other = torch.nn.Linear(4, 1), torch.nn.Linear(4, 1)
        one, two = (torch.optim.SGD(each.parameters(), lr=1.0) for each in (model, other))
        scheduler = attach([one, two] if several else one, PLAN, RUN)
        for _ in range(12):
            (model(torch.ones(2, 4)) + other(torch.ones(2, 4))).sum().backward()
        text = FORGOTTEN.format(signs="gradients were computed").replace("Apart", "SGD")
        if several:
            text = text.replace("of SGD", "of 'SGD' and 'SGD#2'")
            text = text.replace("optimizer.step()", "the step() of each of them")
        assert said(scheduler.detach) == [text]


def test_calls_that_nobody_makes_are_missed():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN, clock="calls")
    update(optimizer, 20)
    text = (
        "no update of SGD was ever seen, while its weights changed; the clock stays and lr at 1, "
        "whatever is planned; write: scheduler.step() after each update, as attach(..., "
        "clock='calls') wants it"
    )
    assert said(scheduler.detach) == [text]


def test_a_script_that_only_attaches_is_left_in_peace():
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, PLAN, RUN)
        scheduler.step()
        scheduler.seek(5)
        scheduler.values()
        torch.nn.init.zeros_(optimizer.param_groups[0]["params"][0])

    assert said(story) == []


def test_training_under_another_scheduler_is_no_sign():
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trained = attach(optimizer, PLAN, Run(steps(40)))
    spare = []

    def epoch():
        for _ in range(20):
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()

    def story():
        for _ in range(2):
            spare.append(sgd())
            attach(spare[-1], PLAN, RUN)
            epoch()
        spare.clear()
        trained.detach()

    assert said(story) == []


def test_calls_between_the_micro_batches_of_the_first_update_are_none():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, Run(steps(1)))

    def story():
        for _ in range(256):
            graded(optimizer)
            scheduler.step()
        optimizer.step()
        scheduler.detach()

    assert said(story) == []


def test_updates_that_a_scaler_skips_at_the_beginning_are_no_silence():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, Run(steps(1)))

    def story():
        for _ in range(16):
            optimizer.zero_grad()
            scheduler.step()
        update(optimizer)
        for _ in range(100):
            scheduler.step()
        scheduler.detach()

    assert said(story) == []


# -- a plateau that is never told

DEAF = (
    "Plateau('val_loss') got no metric in 10 updates{others}; it can only reduce the rate when it "
    "is told how training goes; write: scheduler.report({{'val_loss': ...}}) after each validation"
)


@pytest.mark.parametrize(
    ("told", "others"),
    [
        ([], ""),
        (["accuracy"], ", and accuracy was reported"),
        (["accuracy", "f1"], ", and accuracy, f1 were reported"),
    ],
)
def test_a_plateau_that_nobody_told_is_told_of_at_the_end(told, others):
    optimizer, scheduler = plateaued()
    update(optimizer, 10)
    for name in told:
        scheduler.report({name: 0.5})
    assert said(scheduler.detach) == [DEAF.format(others=others)]


def test_of_many_other_metrics_some_are_listed():
    optimizer, scheduler = plateaued()
    update(optimizer, 10)
    scheduler.report({f"m{k}": 1.0 for k in range(20)})
    (text,) = said(scheduler.detach)
    assert [f"m{k}" in text for k in range(10)] == [True] * 8 + [False] * 2


def test_strict_raises_for_it_when_all_is_taken_away():
    optimizer, scheduler = plateaued(strict=True)
    update(optimizer, 10)
    with pytest.raises(PassoError) as caught:
        scheduler.detach()
    assert str(caught.value) == DEAF.format(others="")
    assert not optimizer._optimizer_step_post_hooks
    assert said(scheduler.detach) == []


def test_a_plateau_whose_time_had_not_come_is_not_missed():
    warm = Linear(0.0, base, steps(10)).then(base * Plateau("val_loss"))
    optimizer = sgd()
    scheduler = attach(optimizer, warm, Run(steps(20)))
    update(optimizer, 10)
    (text,) = said(scheduler.detach)
    assert text.startswith("the run ended early")


def test_what_a_plateau_heard_before_the_resume_counts():
    optimizer, scheduler = plateaued()
    update(optimizer, 5)
    scheduler.report(val_loss=1.0)
    state = scheduler.state_dict()
    optimizer, scheduler = plateaued()
    scheduler.load_state_dict(state)
    update(optimizer, 5)
    assert said(scheduler.detach) == []


# -- the watcher and the Scheduler: one of them


def watched(story):
    """The codes that a watcher warned of, and that nothing else is said."""
    watcher = doctor.live()
    texts = said(lambda: story(watcher), DoctorWarning)
    watcher.stop()
    codes = [each.code for each in watcher.findings]
    assert [text[:4] for text in texts] == codes
    return codes


def test_the_watcher_takes_over_what_the_scheduler_would_say():
    def deaf(watcher):
        optimizer, scheduler = plateaued(run=Run(steps(80)), watch=watcher)
        update(optimizer, 80)
        scheduler.detach()

    def past(watcher):
        optimizer = sgd()
        attach(optimizer, PLAN, RUN, watch=watcher)
        update(optimizer, 12)

    def never(watcher):
        optimizer = Apart([weight()], torch.optim.SGD, lr=1.0)
        scheduler = attach(optimizer, PLAN, RUN, watch=watcher)
        for _ in range(30):
            hopeless(optimizer)
            scheduler.step()

    def two(watcher):
        optimizer = sgd()
        scheduler = attach(optimizer, Linear(1.0, 0.0), Run(steps(90)), watch=watcher)
        other = torch.optim.lr_scheduler.StepLR(optimizer, 2)
        for _ in range(90):
            update(optimizer)
            other.step()
        scheduler.detach()

    assert watched(deaf) == ["P011"]
    assert watched(past) == ["P005"]
    assert watched(never) == ["P002"]
    assert watched(two) == ["P009"]


# -- random loops: what is right is silent, what is broken is said once

LOOPS = st.fixed_dictionaries(
    {
        "made": st.integers(2, 30),
        "planned": st.integers(2, 30),
        "plateau": st.booleans(),
        "reports": st.lists(st.sampled_from(["val_loss", "accuracy"]), max_size=3),
        "edits": st.sets(st.integers(0, 29), max_size=3),
        "tensors": st.booleans(),
        "end": st.sampled_from(["detach", "freed", "both"]),
        "resumed": st.integers(0, 5),
        "chatty": st.integers(0, 3),
    }
)


def play(loop):
    """A loop as people write them, and what it says, by the first words."""
    optimizer = torch.optim.Adam([weight(), weight()], lr=1.0)
    if loop["tensors"]:
        tensorize(optimizer)
    plan = base * Linear(1.0, 0.5)
    plan = plan * Plateau("val_loss", patience=100) if loop["plateau"] else plan
    scheduler = attach(optimizer, plan, Run(steps(loop["planned"])))
    for k in range(loop["made"]):
        if k == loop["resumed"]:
            held = optimizer.state_dict(), scheduler.state_dict()
            optimizer.load_state_dict(held[0])
            scheduler.load_state_dict(held[1])
        if k in loop["edits"]:
            optimizer.param_groups[0]["lr"] = 7.0
        update(optimizer)
        for _ in range(loop["chatty"]):
            scheduler.step()
        if k == loop["made"] // 2:
            for name in loop["reports"]:
                scheduler.report({name: 1.0})
    if loop["end"] != "freed":
        scheduler.detach()


@given(LOOPS)
def test_a_right_loop_is_silent_and_a_broken_promise_is_said_once(loop):
    found = said(lambda: play(loop))
    made, planned = loop["made"], loop["planned"]
    edited = {k for k in loop["edits"] if k < made and k != loop["resumed"]}
    edited |= {k for k in loop["edits"] if k == loop["resumed"] and k < made}
    words = {
        f"update {planned} is past the end": made > planned,
        "the run ended": made != planned,
        "another hand writes lr of param group 0": bool(edited),
        "Plateau('val_loss') got no metric": loop["plateau"] and "val_loss" not in loop["reports"],
    }
    for begin, is_so in words.items():
        assert [text[: len(begin)] for text in found].count(begin) == is_so, (begin, found)
    assert len(found) == sum(words.values()), found
