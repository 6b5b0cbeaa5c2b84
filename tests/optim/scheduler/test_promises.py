"""No promise is broken in silence: each is said once, in words, while the run goes on (issue 13)."""

from __future__ import annotations

import gc
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passo import (
    Cosine,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    by_group,
    cosine_decay,
    doctor,
    epochs,
    percent,
    rest,
    steps,
    tokens,
    warmup_cosine,
)
from passo.doctor import DoctorWarning
from passo.optim import tensorize
from tests.optim.tools import adam, graded, sgd, update, weight
from tests.optim.wrapped import Sam

PLAN, RUN = base * Linear(1.0, 0.1), Run(steps(10))


def said(story, category=PassoWarning):
    """What a story says, first to last; nothing of it is raised."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        story()
        gc.collect()
    assert all(each.category is category for each in told)
    return [str(each.message) for each in told]


def plateaued(optimizer=None, run=RUN, **settings):
    optimizer = sgd() if optimizer is None else optimizer
    return optimizer, attach(optimizer, base * Plateau("val_loss", patience=1), run, **settings)


# -- the first update past the end

PAST = (
    "update 10 is past the end of Run(steps(10)): the clock counts updates, 11 by now; from here on "
    "lr stays at 0.1; write: a longer run, or strict=True to stop there"
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
    assert said(lambda: go(10)) == [
        f'update {past} is past the end of Run(tokens(100), axis="token"): position stands at '
        f"{sum(counted) + 10} tokens; from here on lr stays at 0.1; write: a longer run, or "
        "strict=True to stop there"
    ]
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
    """As issue davda54/sam#28 has it: its own step is never called."""
    graded(optimizer)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            with torch.no_grad():
                parameter.add_(0.05 * parameter.grad)
                parameter.sub_(0.05 * parameter.grad)
    optimizer.base_optimizer.step()


NEVER = (
    "no update of Sam was ever seen, while {signs}; the clock stays and lr at 1, whatever is "
    "planned; write: attach(...) with the optimizer whose step() the loop calls, such as the one "
    'inside, or clock="calls" and scheduler.step() after each update'
)
CALLED = NEVER.format(signs="scheduler.step() was called 10 times")


def test_a_framework_that_steps_the_scheduler_alone_is_told_soon():
    optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN)
    told = []
    for _ in range(50):
        hopeless(optimizer)
        told.append(said(scheduler.step))
    assert told == [[]] * 9 + [[CALLED]] + [[]] * 40
    assert said(scheduler.detach) == []


def test_strict_refuses_each_such_call_and_says_nothing_more_at_the_end():
    optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(optimizer, PLAN, RUN, strict=True)
    for _ in range(9):
        hopeless(optimizer)
        scheduler.step()
    for calls in (10, 11):
        hopeless(optimizer)
        with pytest.raises(PassoError) as caught:
            scheduler.step()
        assert str(caught.value) == NEVER.format(
            signs=f"scheduler.step() was called {calls} times"
        )
    assert said(scheduler.detach) == []


def test_what_the_words_advise_helps():
    optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
    inner = attach(optimizer.base_optimizer, PLAN, RUN)
    for _ in range(10):
        hopeless(optimizer)
    assert (inner.clock, said(inner.detach)) == (10, [])
    optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
    by_calls = attach(optimizer, PLAN, RUN, clock="calls")
    for _ in range(10):
        hopeless(optimizer)
        by_calls.step()
    assert (by_calls.clock, said(by_calls.detach)) == (10, [])


@pytest.mark.parametrize("end", ["detach", "freed"])
def test_without_such_calls_it_is_said_at_the_end(end):
    optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
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
    signs = "gradients were computed"
    if steps_the_dummy:
        signs = "its step() was called 12 times without any gradient"
    assert said(scheduler.detach) == [NEVER.replace("Sam", "SGD").format(signs=signs)]


def test_calls_that_nobody_makes_are_missed():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN, clock="calls")
    update(optimizer, 20)
    assert said(scheduler.detach) == [
        "no update of SGD was ever seen, while its weights changed; the clock stays and lr at 1, "
        "whatever is planned; write: scheduler.step() after each update, as attach(..., "
        "clock='calls') wants it"
    ]


def test_a_script_that_only_attaches_is_left_in_peace():
    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, PLAN, RUN)
        scheduler.step()
        scheduler.seek(5)
        scheduler.values()
        torch.nn.init.zeros_(optimizer.param_groups[0]["params"][0])

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


# -- the optimizer's own count


def trained(updates, optimizer=None):
    optimizer = adam() if optimizer is None else optimizer
    update(optimizer, updates)
    return optimizer.state_dict()


OLDER = (
    "the state of Adam says that 10 updates were made, and the clock of the Scheduler stands at 0; "
    "the plan begins there, whatever was trained before; write: scheduler.load_state_dict(...) "
    "with what was saved beside the optimizer, or {base}scheduler.seek(10) to go on, or "
    "scheduler.seek(0) to begin there on purpose"
)


@pytest.mark.parametrize("order", ["loaded first", "attached first"])
@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("clock", ["hook", "calls"])
def test_a_state_that_is_older_than_the_clock_is_told_at_the_first_update(order, number, clock):
    state = trained(10)
    if number:
        for each in state["state"].values():
            each["step"] = int(each["step"])
    optimizer = adam()
    if order == "loaded first":
        optimizer.load_state_dict(state)
    scheduler = attach(optimizer, cosine_decay(peak=0.1), RUN, clock=clock)
    if order != "loaded first":
        optimizer.load_state_dict(state)

    def once():
        update(optimizer)
        scheduler.step()

    assert said(once) == [OLDER.format(base="")]
    assert said(lambda: update(optimizer, 2)) == []


def made_right(how):
    first = adam()
    scheduler = attach(first, cosine_decay(), RUN)
    update(first, 10)
    saved = first.state_dict(), scheduler.state_dict()
    optimizer = adam()
    optimizer.load_state_dict(saved[0])
    scheduler = attach(optimizer, cosine_decay(), Run(steps(20)) if how == "base" else RUN,
                       **({"base": 0.1} if how != "state" else {}))  # fmt: skip
    if how == "state":
        scheduler.load_state_dict(saved[1])
        scheduler.seek(9)
    elif how == "seek":
        scheduler.seek(9)
    elif how == "anew":
        scheduler.seek(0)
    return optimizer


@pytest.mark.parametrize("how", ["state", "base", "seek", "anew"])
def test_what_makes_it_right_makes_it_silent(how):
    optimizer = made_right(how)
    assert said(lambda: update(optimizer)) == []


def test_the_advice_for_a_plan_that_is_relative_names_the_base_first():
    optimizer = adam()
    optimizer.load_state_dict(trained(10))
    attach(optimizer, cosine_decay(), RUN)
    text = "attach(..., base=...) with what the run began with, and "
    assert said(lambda: update(optimizer)) == [OLDER.format(base=text)]
    again = adam()
    again.load_state_dict(trained(10))
    scheduler = attach(again, cosine_decay(), Run(steps(20)), base=0.1)
    scheduler.seek(10)
    assert said(lambda: update(again)) == []


def test_strict_refuses_the_update_until_it_is_made_right():
    optimizer = adam()
    optimizer.load_state_dict(trained(10))
    scheduler = attach(optimizer, cosine_decay(peak=0.1), Run(steps(20)), strict=True)
    (parameter,) = optimizer.param_groups[0]["params"]
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            update(optimizer)
        assert str(caught.value) == OLDER.format(base="")
        assert (parameter.item(), scheduler.clock) == (1.0, 0)
    scheduler.seek(10)
    update(optimizer)
    assert scheduler.clock == 11


def test_a_second_phase_on_the_same_optimizer_is_no_older_state():
    optimizer = adam()

    def story():
        for _ in range(3):
            scheduler = attach(optimizer, PLAN, RUN, base=0.1)
            update(optimizer, 10)
            scheduler.detach()
        phase = attach(optimizer, cosine_decay(peak=0.01), RUN)
        update(optimizer, 5)
        other = attach(optimizer, {"momentum": Linear(0.9, 0.8)}, Run(steps(5)))
        update(optimizer, 5)
        phase.detach()
        other.detach()

    assert said(story) == []


def test_one_step_that_distributed_checkpoint_makes_is_no_older_state():
    optimizer = adam()
    attach(optimizer, cosine_decay(), RUN)
    held = optimizer.param_groups[0]["lr"]
    optimizer.param_groups[0]["lr"] = 0.0
    graded(optimizer, 0.0)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = held
    assert said(lambda: update(optimizer)) == []


# -- another hand


def hand(name, place, update, held, planned, tense="used"):
    return (
        f"another hand writes {name} of param group {place}: update {update} {tense} {held}, and "
        f"the plan has {planned}; each update puts the plan's value there, so that the other one "
        "lasts for one update; write: the other value into the plan and take the other writer away "
        "(a scheduler of torch, SWA, a line in the loop), or leave the field out of the plan"
    )


@pytest.mark.parametrize("often", [1, 5])
def test_a_rate_written_by_hand_is_told_once(often):
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    update(optimizer, 5)

    def story():
        for _ in range(often):
            optimizer.param_groups[0]["lr"] = 0.25
            update(optimizer)

    assert said(story) == [hand("lr", 0, 5, 0.25, 0.5)]


FIELDS = {
    "momentum": lambda group: group.update(betas=(0.5, 0.999)),
    "betas[1]": lambda group: group.update(betas=(group["betas"][0], 0.5)),
    "weight_decay": lambda group: group.update(weight_decay=0.5),
}


@pytest.mark.parametrize("key", FIELDS)
def test_any_field_of_the_plan_is_watched(key):
    optimizer = adam(weight_decay=0.1)
    attach(optimizer, {"lr": 0.1, "momentum": 0.9, "betas[1]": 0.99, "weight_decay": 0.1}, RUN)
    update(optimizer, 2)
    FIELDS[key](optimizer.param_groups[0])
    name, planned = {"momentum": ("betas[0]", 0.9), "betas[1]": ("betas[1]", 0.99)}.get(
        key, (key, 0.1)
    )
    assert said(lambda: update(optimizer)) == [hand(name, 0, 2, 0.5, planned)]


def test_a_tensor_that_is_filled_or_replaced_is_seen():
    for write in (lambda group: group["lr"].fill_(0.5), lambda group: group.update(lr=0.5)):
        optimizer = tensorize(adam())
        attach(optimizer, {"lr": Linear(1.0, 0.0)}, RUN)
        update(optimizer, 2)
        write(optimizer.param_groups[0])
        assert said(lambda o=optimizer: update(o)) == [hand("lr", 0, 2, 0.5, 0.8)]


def test_only_another_number_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)

    def story():
        update(optimizer)
        optimizer.param_groups[0]["lr"] = float(repr(optimizer.param_groups[0]["lr"]))
        update(optimizer)
        optimizer.load_state_dict(optimizer.state_dict())
        update(optimizer)
        tensorize(optimizer)
        update(optimizer)
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
        update(optimizer, 6)

    assert said(story) == []


def test_a_scheduler_of_torch_beside_the_plan_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    other = torch.optim.lr_scheduler.StepLR(optimizer, 2)

    def story():
        for _ in range(4):
            update(optimizer)
            other.step()

    (text,) = said(story)
    assert text.startswith("another hand writes lr of param group 0: update 2 used 0.08")


def test_averaging_of_weights_at_its_own_rate_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    averaged = torch.optim.swa_utils.SWALR(optimizer, 0.05, anneal_epochs=1)

    def story():
        for _ in range(4):
            update(optimizer)
            averaged.step()

    assert len(said(story)) == 1


def test_strict_refuses_the_update_that_would_use_it():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0), RUN, strict=True)
    update(optimizer, 2)
    optimizer.param_groups[0]["lr"] = 0.25
    (parameter,) = optimizer.param_groups[0]["params"]
    before = parameter.item()
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            update(optimizer)
        assert str(caught.value) == hand("lr", 0, 2, 0.25, 0.8, "would use")
    assert (parameter.item(), scheduler.clock) == (before, 2)
    scheduler.seek(2)
    update(optimizer)
    assert scheduler.clock == 3


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
        optimizer = Sam([weight()], torch.optim.SGD, lr=1.0)
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


# -- at attach


def layered(*scales, lr=1.0, **settings):
    groups = [{"params": [weight()], "lr_scale": scale} for scale in scales]
    return torch.optim.AdamW(groups, lr=lr, **settings)


SCALE = (
    "the param groups hold lr_scale, from 0.1 to 1, and nobody reads it: each group gets the rate "
    "without its scale; write before attach: for group in optimizer.param_groups: "
    'group["lr"] *= group.get("lr_scale", 1)'
)


@pytest.mark.parametrize(
    ("plan", "more"), [(PLAN, ""), (Cosine(1, 0), ", and make the plan relative to base")]
)
def test_scales_of_layers_that_nobody_reads_are_told_at_attach(plan, more):
    assert said(lambda: attach(layered(0.1, 0.5, 1.0), plan, RUN)) == [SCALE + more]


def test_what_the_words_about_scales_advise_helps():
    optimizer = layered(0.1, 0.5, 1.0)
    for group in optimizer.param_groups:
        group["lr"] *= group.get("lr_scale", 1)
    assert said(lambda: attach(optimizer, PLAN, RUN)) == []
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 1.0]


class Reads(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] * group["lr_scale"]
        super().step(closure)


def test_scales_that_somebody_reads_are_left_in_peace():
    def story():
        attach(layered(1.0, 1.0), PLAN, RUN)
        attach(layered(0.1, 1.0), {"weight_decay": 0.1}, RUN)
        attach(layered(0.1, 1.0), {"lr": PLAN, "lr_scale": Linear(1, 0)}, RUN)
        attach(layered(0.1, 1.0), [(lambda group: group["lr_scale"] < 1, PLAN)
                                   , (lambda _: True, base)], RUN)  # fmt: skip
        attach(layered(0.1, 1.0), by_group({}, others=base) if False else PLAN * 1, RUN)
        attach(Reads([{"params": [weight()], "lr_scale": 0.5}, {"params": [weight()],
                                                                "lr_scale": 1.0}], lr=1.0),
               PLAN, RUN)  # fmt: skip

    assert len(said(story)) == 1


@pytest.mark.parametrize("name", ["lr", "weight_decay", "momentum"])
def test_a_value_that_is_called_as_a_field_is_refused(name):
    optimizer = sgd(momentum=0.9)
    with pytest.raises(PassoError) as caught:
        attach(optimizer, Linear(1.0, 0.0), RUN, values={name: 0.5})
    assert str(caught.value) == (
        f"{name!r} in values= is a field of the param groups; write it into the plan, "
        f'{{{name!r}: ...}}, or give the value a name of its own such as "my_{name}"'
    )
    assert not optimizer._optimizer_step_post_hooks
    scheduler = attach(optimizer, Linear(1.0, 0.0), RUN, values={f"my_{name}": 0.5})
    assert scheduler[f"my_{name}"] == 0.5


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


# -- seeking a span


@pytest.mark.parametrize(
    ("span", "clock"),
    [(epochs(3), 300), (epochs(2.5), 250), (percent(50), 500), (steps(7), 7), (steps(0), 0)],
)
def test_a_span_goes_to_the_update_that_begins_after_it(span, clock):
    optimizer = sgd()
    scheduler = attach(optimizer, cosine_decay(), Run.of(100, epochs=10))
    scheduler.seek(span)
    assert scheduler.clock == clock
    assert scheduler.get_last_lr() == [cosine_decay(1.0).on(scheduler.run)(clock)]


def test_a_span_on_the_axis_of_tokens_goes_by_what_an_update_consumes():
    optimizer = sgd()
    run = Run(tokens(4000), tokens_per_step=40, axis="token")
    scheduler = attach(optimizer, warmup_cosine(), run)
    scheduler.seek(tokens(1000))
    assert (scheduler.clock, scheduler.position) == (25, 1000.0)


@pytest.mark.parametrize(
    ("run", "span", "text"),
    [
        (
            Run.of(3, epochs=10),
            epochs(0.5),
            "epochs(0.5) is 1.5 updates of Run(epochs(10), steps_per_epoch=3), and seek goes to a "
            "whole one; write seek(1) or seek(2)",
        ),
        (
            None,
            epochs(3),
            "epochs(3) needs a run; write attach(optimizer, plan, Run.of(len(loader), epochs=90))",
        ),
        (
            Run(steps(10)),
            rest,
            "rest has no length of its own: a run measures it beside its siblings",
        ),
        (
            Run(tokens(100), axis="token"),
            tokens(50),
            "how many tokens an update consumes varies, so that tokens(50) is no update; write "
            "seek(steps(...)), or seek with the number of the update",
        ),
        (
            Run(steps(10)),
            steps(10**18),
            "update must be at most 9007199254740992, got 1000000000000000000",
        ),
    ],
)
def test_a_span_that_is_no_update_is_refused(run, span, text):
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10)), run)
    with pytest.raises(PassoError) as caught:
        scheduler.seek(span)
    assert str(caught.value) == text
    assert scheduler.clock == 0
