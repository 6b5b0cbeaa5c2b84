"""Several optimizers under one plan: each follows its own updates, all else is one."""

from __future__ import annotations

import copy
import gc
import itertools
import json
import pickle
import weakref

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    range_test,
    steps,
    tokens,
)
from passo.doctor import live
from passo.doctor.finding import DoctorWarning
from passo.optim import attached, tensorize
from passo.optim.scheduler.company import Company
from passo.optim.scheduler.scheduler import Scheduler
from tests.optim.tools import adam, graded, said, sgd, update, weight

RUN = Run(steps(10))
LINE = Linear(1, 0)
PLAN = base * LINE


def muon(lr=0.02):
    return torch.optim.Muon([weight(2, 2)], lr=lr)


def adamw(lr=0.1, **settings):
    return torch.optim.AdamW([weight()], lr=lr, **settings)


def together(*optimizers, times=1):
    """Updates of all, one after the other."""
    for _ in range(times):
        for each in optimizers:
            update(each)


@pytest.fixture
def both():
    return {"muon": muon(), "adamw": adamw()}


# -- what is read


def test_each_optimizer_uses_what_the_plan_says_of_its_own_updates(both):
    scheduler = attach(both, PLAN, RUN, values={"ema": LINE})
    used = []
    for t in range(10):
        used.append([each.param_groups[0]["lr"] for each in both.values()])
        assert scheduler["ema"] == LINE.on(RUN)(t)
        update(both["muon"])
        assert scheduler.clock == t + 1  # of the most advanced
        update(both["adamw"])
    curve = [LINE.on(RUN)(t) for t in range(10)]
    assert used == [[pytest.approx(0.02 * each), pytest.approx(0.1 * each)] for each in curve]
    assert used == [[s(t) for s in plans()] for t in range(10)]
    assert isinstance(scheduler, LRScheduler)


def plans():
    return [PLAN.on(RUN).with_base(each) for each in (0.02, 0.1)]


def test_all_groups_are_listed_in_the_order_of_the_optimizers():
    one = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()], "lr": 0.5}], lr=1.0)
    other = sgd(0.25)
    scheduler = attach([one, other], PLAN, RUN, values={"ema": LINE})
    assert scheduler.get_last_lr() == [1.0, 0.5, 0.25] == scheduler.base_lrs
    assert scheduler.last_used() is None
    together(one, other)
    assert scheduler.last_used() == {"lr": [1.0, 0.5, 0.25], "ema": [1.0]}
    assert scheduler.values() == {"lr": [0.9, 0.45, 0.225], "ema": [0.9]}
    assert scheduler.used("ema") == 1.0
    assert scheduler.optimizers == (one, other)
    assert dict(scheduler.optimizer) == {"SGD": one, "SGD#2": other}
    assert scheduler.optimizer.param_groups == [*one.param_groups, *other.param_groups]
    with pytest.raises(PassoError) as caught:
        scheduler["lr"]
    assert (
        str(caught.value)
        == "'lr' names 3 numbers, one of each param group; write scheduler.values()['lr'][0]"
    )


def test_it_says_who_writes_what(both):
    scheduler = attach(both, PLAN, RUN, values={"ema": LINE})
    update(both["muon"])
    assert repr(scheduler).splitlines() == [
        "Scheduler at update 1 of Run(steps(10))",
        "  lr of group 0 of muon: Linear(1, 0) * base, base 0.02; last 0.02, next 0.018",
        "  lr of group 0 of adamw: Linear(1, 0) * base, base 0.1; last nothing yet, next 0.1",
        "  ema of no group: Linear(1, 0); last 1, next 0.9",
    ]


def test_a_name_of_a_group_or_of_an_optimizer_chooses_the_schedule():
    one = torch.optim.SGD([{"params": [weight()], "name": "head"}, {"params": [weight()]}], lr=1.0)
    others = [adamw(), adamw()]
    plan = by_group({"head": 0.5, "SGD": 0.25, "AdamW": None, "AdamW#2": 0.125})
    scheduler = attach([one, *others], plan, RUN)
    assert scheduler.get_last_lr() == [0.5, 0.25, 0.1, 0.125]
    one.add_param_group({"params": [weight()]})
    assert scheduler.get_last_lr() == [0.5, 0.25, 0.25, 0.1, 0.125]
    with pytest.raises(PassoError) as caught:
        attach({"a": sgd(), "b": sgd()}, by_group({"a": 0.1}))
    assert str(caught.value) == (
        "param group 0 of 'b', unnamed, has no schedule in by_group({'a'}); "
        "write \"name\": 'a' in the group, or write others=... (None leaves the others alone)"
    )


def test_predicates_see_the_groups_of_all(both):
    plan = [(lambda group: "betas" in group, Constant(0.5)), (lambda group: True, None)]
    assert attach(both, {"lr": plan}).get_last_lr() == [0.02, 0.5]


def test_bases_are_for_all_groups_in_order(both):
    scheduler = attach(both, PLAN, RUN, base={"lr": [0.5, 0.25]})
    assert scheduler.base_lrs == scheduler.get_last_lr() == [0.5, 0.25]


# -- what moves it


def test_reports_are_heard_once_by_all(both):
    plan = {
        "lr": base * Plateau("loss", patience=0),
        "weight_decay": Plateau("loss", patience=1) * base,
    }
    scheduler = attach(both, plan, RUN)
    update(both["muon"])
    falls = [scheduler.report(loss=1.0) for _ in range(3)]
    assert [[(each.keys, each.clock, each.after) for each in some] for some in falls] == [
        [],
        [(("lr",), 1, 0.1)],
        [(("lr",), 1, pytest.approx(0.01)), (("weight_decay",), 1, 0.1)],
    ]
    update(both["adamw"])
    assert scheduler.get_last_lr() == [pytest.approx(0.0002), pytest.approx(0.001)]
    assert scheduler.step(0.5) == ()  # two plateaus, one metric


def test_a_fall_of_what_drives_two_keys_names_both_once():
    drops = Constant(0.5) * Plateau("loss", patience=0)
    plan = {
        "lr": by_group({"one": drops, "other": drops}),
        "weight_decay": by_group({"one": drops, "other": None}),
    }
    two = {"one": adam(), "other": adam()}
    scheduler = attach(two, plan, RUN)
    scheduler.report(loss=1.0)
    (fall,) = scheduler.report(loss=1.0)
    assert fall.keys == ("lr", "weight_decay")


def test_it_goes_to_an_update_and_lets_go_of_all(both):
    scheduler = attach(both, PLAN, RUN)
    scheduler.seek(5)
    assert scheduler.get_last_lr() == [0.01, 0.05]
    scheduler.step()
    scheduler.advance()
    assert (scheduler.clock, scheduler.last_epoch) == (6, 6)
    scheduler.detach(restore=True)
    assert [each.param_groups[0]["lr"] for each in both.values()] == [0.02, 0.1]
    together(*both.values())
    assert not scheduler.attached
    assert scheduler.clock == 6


@pytest.mark.parametrize("there", [-1, 2.5, "3"])
def test_what_is_no_update_is_refused_once_for_all(both, there):
    texts = []
    for target in (both, sgd()):
        with pytest.raises(PassoError) as caught:
            attach(target, PLAN, RUN).seek(there)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_calls_are_the_clock_where_that_is_asked_for(both):
    scheduler = attach(both, PLAN, RUN, clock="calls")
    scheduler.step()
    assert (scheduler.clock, scheduler.get_last_lr()) == (1, [s(1) for s in plans()])


def test_what_an_update_consumes_is_counted_for_all(both):
    run = Run(tokens(100), axis="token")
    scheduler = attach(both, base * Linear(1, 0, tokens(100)), run)
    scheduler.count(tokens=25)
    together(*both.values())
    assert (scheduler.position, scheduler.get_last_lr()) == (25.0, [0.015, pytest.approx(0.075)])


def test_a_scaler_that_skips_one_of_two_moves_only_the_other():
    one, other = sgd(0.5), sgd(0.25)
    scheduler = attach({"one": one, "other": other}, PLAN, RUN)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for broken in (False, True, False):
        scaler.scale(torch.zeros(()))
        for each in (one, other):
            graded(each, 4.0)
        if broken:
            one.param_groups[0]["params"][0].grad.fill_(float("inf"))
        scaler.step(one)
        scaler.step(other)
        scaler.update(4.0)
    assert scheduler.clock == 3
    assert scheduler.get_last_lr() == [0.4, pytest.approx(0.175)]


# -- clocks that part

APART = (
    "the clocks of optimizers under one plan part: 'one' has made {} updates and 'other' {}; "
    "'other' is where the plan was {} updates ago, and ends the run there; write: the step() of "
    "'other' beside that of 'one'; where the paces differ on purpose, as in a GAN, use two "
    "attaches, each with a plan and a run of its own"
)


@pytest.mark.parametrize(
    ("length", "each", "seen"),
    [(100, 5, (3, 0, 3)), (1000, 2, (22, 10, 12)), (1000, 5, (14, 2, 12))],
)
def test_clocks_that_part_by_more_than_a_hundredth_of_the_run_are_told_once(length, each, seen):
    def story():
        one, other = sgd(), sgd()
        scheduler = attach({"one": one, "other": other}, PLAN, Run(steps(length)))
        for t in range(length):
            update(one)
            if t % each == each - 1:
                update(other)
        scheduler.detach()

    (text,) = said(story)
    assert text == APART.format(*seen)


@pytest.mark.parametrize("strict", [False, True])
def test_clocks_that_part_in_the_last_updates_are_told_at_the_end(strict):
    """Nobody looks at each update: two are made between two looks. They may be meant to part."""

    def story():
        one, other = sgd(), sgd()
        scheduler = attach({"one": one, "other": other}, PLAN, Run(steps(40)), strict=strict)
        for each in (one, other, one, one):
            update(each)
        scheduler.promises.settle("ended")
        scheduler.detach()

    assert said(story) == [APART.format(3, 1, 2)]


def test_clocks_that_part_after_all_were_sent_back_are_told():
    one, other = sgd(), sgd()
    scheduler = attach({"one": one, "other": other}, PLAN, Run(steps(1000)))
    together(one, other, times=100)
    scheduler.seek(0)
    (text,) = said(lambda: update(one, 30))
    assert text.startswith("the clocks of optimizers under one plan part: 'one' has made 1")
    scheduler.promises.settle("ended")
    scheduler.detach()


def test_with_strict_clocks_that_part_are_an_error_once():
    one, other = sgd(), sgd()
    scheduler = attach({"one": one, "other": other}, PLAN, Run(steps(1000)), strict=True)
    errors = []
    for _ in range(100):
        try:
            update(one)
        except PassoError as error:
            errors.append(str(error))
    assert len(errors) == 1
    assert errors[0].startswith("the clocks of optimizers under one plan part: 'one' has made 12")
    scheduler.promises.settle("ended")
    scheduler.detach()


@pytest.mark.parametrize("given", [True, False])
def test_a_hundredth_of_a_run_of_tokens_is_told_in_updates(given):
    def story():
        one, other = sgd(), sgd()
        run = Run(tokens(50_000), tokens_per_step=50 if given else None, axis="token")
        scheduler = attach({"one": one, "other": other}, PLAN, run)
        for _ in range(12):
            if not given:
                scheduler._members["one"].count(tokens=50)
            update(one)
        scheduler.promises.settle("ended")

    (text,) = said(story)
    assert text.startswith(APART.partition(";")[0].format(12, 0))


def test_nobody_looks_at_each_update_whether_the_clocks_part(monkeypatch):
    looks = []
    look = Company.look
    monkeypatch.setattr(Company, "look", lambda *at: looks.append(at) or look(*at))

    def story():
        one, other = sgd(), sgd()
        scheduler = attach({"one": one, "other": other}, PLAN, Run(steps(1000)))
        together(one, other, times=100)
        assert 2 <= len(looks) <= 20
        update(one, 20)
        together(one, other, times=5)
        looks.clear()
        together(one, other, times=100)
        scheduler.promises.settle("ended")

    assert len(said(story)) == 1
    assert len(looks) <= 2


@pytest.mark.parametrize("length", [3, 50, 1000])
def test_optimizers_that_keep_pace_are_told_nothing(length):
    def story():
        layers = [sgd() for _ in range(5)]
        attach(layers, PLAN, Run(steps(length)))
        for _ in range(length):
            together(*layers)

    assert said(story) == []


def test_updates_that_a_scaler_skips_are_no_parting():
    def story():
        one, other = adamw(fused=True), sgd()
        attach({"one": one, "other": other}, PLAN, Run(steps(50)))
        for t in range(50):
            one.found_inf = torch.tensor(float(t % 3 == 0))
            update(one)
            del one.found_inf
            update(other)

    assert said(story) == []


def test_updates_that_torchs_scaler_skips_are_no_parting():
    def story():
        one, other = sgd(), sgd()
        attach({"one": one, "other": other}, PLAN, Run(steps(60)))
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
        for t in range(60):
            graded(one, float("inf") if t < 8 else 1.0)
            graded(other)
            scaler.scale(torch.zeros(()))
            scaler.step(one)
            scaler.step(other)
            scaler.update()

    assert said(story) == []


def test_what_is_frozen_may_stand_still():
    def story():
        one, other = sgd(), sgd()
        other.param_groups[0]["params"][0].requires_grad_(False)
        attach({"one": one, "other": other}, PLAN, Run(steps(30)))
        update(one, 30)

    assert said(story) == []


def test_a_run_that_ends_early_and_a_plateau_unheard_are_told_once():
    def story():
        pair = [sgd(), sgd()]
        attach(pair, PLAN * Plateau("loss"), RUN)
        together(*pair, times=4)

    early, unheard = said(story)
    assert early.startswith("the run ended early: planned 10 updates, made 4; lr was 0.7 last")
    assert "'loss'" in unheard


def test_each_word_while_it_runs_is_told_once():
    def story():
        pair = [sgd(), sgd()]
        scheduler = attach(pair, PLAN, RUN)
        for _ in range(12):
            for each in pair:
                each.param_groups[0]["lr"] = 0.125
            together(*pair)
        scheduler.detach()

    hand, past, late = said(story)
    assert hand.startswith("another hand writes lr of param group 0 of 'SGD': update 0 used 0.125")
    assert past.startswith("update 10 is past the end of Run(steps(10))")
    assert late.startswith("the run ended late: planned 10 updates, made 12")


def test_strict_refuses_the_first_update_past_the_end(both):
    attach(both, PLAN, RUN, strict=True)
    together(*both.values(), times=10)
    for each in both.values():
        graded(each)
        with pytest.raises(PassoError, match="update 10 is past the end"):
            each.step()


def test_an_optimizer_under_way_is_told_of():
    def story():
        pair = {"sgd": sgd(), "one": adam(), "other": adam()}
        for each in pair.values():
            update(each, 9)
        attach(pair, PLAN, Run(steps(2)))
        together(*pair.values(), times=2)

    (text,) = said(story)
    assert text.startswith("the state of Adam says that 9 updates were made, and the clock")


# -- one optimizer for each layer, stepped in the backward pass


def test_an_optimizer_for_each_layer_steps_in_the_backward_pass():
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(25)))
    layers = {name: torch.optim.SGD([p], lr=0.5) for name, p in model.named_parameters()}
    used = {name: [] for name in layers}

    def stepping(name):
        def hook(parameter):
            used[name].append(layers[name].param_groups[0]["lr"])
            layers[name].step()
            layers[name].zero_grad()

        return hook

    def story():
        scheduler = attach(layers, PLAN, RUN)
        for name, parameter in model.named_parameters():
            parameter.register_post_accumulate_grad_hook(stepping(name))
        for _ in range(10):
            model(torch.ones(1, 2)).sum().backward()
        assert scheduler.clock == 10
        scheduler.detach()

    assert said(story) == []
    line = PLAN.on(RUN).with_base(0.5)
    assert all(each == [line(t) for t in range(10)] for each in used.values())


@pytest.mark.parametrize("kind", ["foreach", "fused"])
def test_foreach_and_fused_optimizers_are_counted(kind):
    pair = [adamw(**{kind: True}), adamw(0.2, **{kind: True})]
    scheduler = attach(pair, PLAN, RUN)
    together(*pair, times=3)
    if kind == "fused":
        pair[0].found_inf = torch.tensor(1.0)
        update(pair[0])
        del pair[0].found_inf
        assert scheduler.clock == 3
    else:
        update(pair[0])
    update(pair[1])
    rates = [pytest.approx(0.07 if kind == "fused" else 0.06), pytest.approx(0.12)]
    assert [each.param_groups[0]["lr"] for each in pair] == rates
    assert scheduler.clock == 4


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own, to itself
def test_a_compiled_step_of_each_is_counted():
    pair = [tensorize(adam(0.5)), tensorize(adam(0.25))]
    scheduler = attach(pair, PLAN, RUN)
    compiled = [torch.compile(each.step, backend="eager") for each in pair]
    for _ in range(3):
        for each, step in zip(pair, compiled, strict=True):
            graded(each)
            step()
    assert scheduler.clock == 3
    assert scheduler.get_last_lr() == [pytest.approx(0.35), pytest.approx(0.175)]


def test_a_tensor_that_two_optimizers_hold_is_filled_for_one_and_cloned_for_the_other():
    rate = torch.tensor(1.0)
    one, other = (torch.optim.SGD([weight()], lr=rate) for _ in range(2))
    attach([one, other], PLAN, RUN)
    update(one)
    assert [float(each.param_groups[0]["lr"]) for each in (one, other)] == [pytest.approx(0.9), 1.0]
    assert one.param_groups[0]["lr"] is rate


# -- the state


def trained(times, seed=0):
    pair = {"muon": muon(), "adamw": adamw()}
    scheduler = attach(pair, PLAN * Plateau("loss", patience=0), RUN)
    for t in range(times):
        together(*pair.values())
        scheduler.report(loss=float(t > 2))
    return pair, scheduler


ORDERS = [
    each
    for each in itertools.permutations(["muon", "adamw", "attach", "scheduler"])
    if each.index("attach") < each.index("scheduler")
]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_it_goes_on_in_whatever_order_things_are_loaded(order):
    pair, scheduler = trained(5)
    saved = {name: copy.deepcopy(each.state_dict()) for name, each in pair.items()}
    state = json.loads(json.dumps(scheduler.state_dict()))
    new = {"adamw": adamw(), "muon": muon()}
    again = None
    for what in order:
        if what == "attach":
            again = attach(new, PLAN * Plateau("loss", patience=0), RUN)
        elif what == "scheduler":
            again.load_state_dict(state)
        else:
            new[what].load_state_dict(saved[what])
    assert again.clock == 5
    for _ in range(5):
        assert [new[name].param_groups[0]["lr"] for name in pair] == scheduler.get_last_lr()
        together(*pair.values())
        together(*new.values())


def test_clocks_that_differ_are_saved_and_loaded(both):
    scheduler = attach(both, PLAN, RUN)
    update(both["adamw"])
    update(both["muon"])
    update(both["muon"])
    new = {"muon": muon(), "adamw": adamw()}
    again = attach(new, PLAN, RUN)
    again.load_state_dict(scheduler.state_dict())
    one, other = plans()
    assert again.get_last_lr() == scheduler.get_last_lr() == [one(2), other(1)]


def test_the_state_is_of_one_kilobyte_and_little_more_for_each_optimizer():
    few, many = ([sgd() for _ in range(n)] for n in (2, 50))
    one, other = (len(json.dumps(attach(each, PLAN, RUN).state_dict())) for each in (few, many))
    assert one < 700
    assert other - one < 48 * 130


def test_the_state_of_others_is_refused_in_words(both):
    state = attach(both, PLAN, RUN).state_dict()
    listed = attach([muon(), adamw()], PLAN, RUN)
    before = listed.state_dict()
    with pytest.raises(PassoError) as caught:
        listed.load_state_dict(state)
    assert str(caught.value) == (
        "the state is that of 'muon', 'adamw', and the optimizers are 'Muon', 'AdamW'; give them "
        "by the names of the state, attach({'muon': ..., 'adamw': ...}, ...)"
    )
    with pytest.raises(PassoError) as caught:
        listed.load_state_dict(attach(sgd(), PLAN, RUN).state_dict())
    assert str(caught.value) == (
        "the state of several optimizers ('Muon', 'AdamW') has a part for each, and this has none: "
        "it is that of one optimizer; load it into the Scheduler of attach(optimizer, ...) with "
        "that one"
    )
    with pytest.raises(PassoError) as caught:
        attach(sgd(), PLAN, RUN).load_state_dict(state)
    assert str(caught.value) == (
        "this is the state of several optimizers under one plan; load it into the Scheduler of "
        "attach([...], ...) or attach({...}, ...) with the same optimizers"
    )
    twice = {**before, "optimizers": [*before["optimizers"], before["optimizers"][0]]}
    for wrong, text in (
        (3, "a state is what scheduler.state_dict() gave, got 3"),
        ({**before, "version": 9}, "this state has version 9; this passo reads 3"),
        (
            {**before, "optimizers": []},
            (
                "the state is that of no optimizer, and the optimizers are 'Muon', 'AdamW'; give "
                "them by the names of the state, attach({}, ...)"
            ),
        ),
        (
            twice,
            (
                "the state is that of 'Muon', 'AdamW', 'Muon', and the optimizers are 'Muon', "
                "'AdamW'; give them by the names of the state, "
                "attach({'Muon': ..., 'AdamW': ...}, ...)"
            ),
        ),
    ):
        with pytest.raises(PassoError) as caught:
            listed.load_state_dict(wrong)
        assert str(caught.value) == text
    assert listed.state_dict() == before


def test_a_state_that_is_refused_for_one_changes_none(both):
    scheduler = attach(both, PLAN, RUN)
    together(*both.values(), times=2)
    state = scheduler.state_dict()
    state["optimizers"][0]["clock"], state["optimizers"][0]["at"] = 1, 1.0
    state["optimizers"][1]["fields"][0][3] = -5.0
    before = scheduler.state_dict(), scheduler.get_last_lr()
    with pytest.raises(PassoError, match=r"^'adamw': the plan saved at update 2 is not today's"):
        scheduler.load_state_dict(state)
    assert (scheduler.state_dict(), scheduler.get_last_lr()) == before


def test_a_changed_plan_is_told_with_its_optimizer_and_dealt_with(both):
    state = attach(both, PLAN, RUN).state_dict()
    new = {"muon": muon(), "adamw": adamw()}
    with pytest.raises(PassoError, match=r"^'muon': the plan saved at update 0 is not today's"):
        attach(new, 2 * PLAN, RUN).load_state_dict(state)
    kept = {"muon": muon(), "adamw": adamw()}
    again = attach(kept, 2 * PLAN, RUN, on_change="keep")
    again.load_state_dict(state)
    assert again.get_last_lr() == [0.02, 0.1]


def test_a_copy_drives_its_own_optimizers(both):
    scheduler = attach(both, PLAN, RUN)
    together(*both.values(), times=2)
    twins, twin = copy.deepcopy((both, scheduler))
    together(*twins.values())
    assert (twin.clock, scheduler.clock) == (3, 2)
    assert [each.param_groups[0]["lr"] for each in twins.values()] == [s(3) for s in plans()]
    assert [each.param_groups[0]["lr"] for each in both.values()] == [s(2) for s in plans()]
    alone = copy.deepcopy(scheduler)
    assert alone.get_last_lr() == scheduler.get_last_lr()
    assert pickle.loads(pickle.dumps(scheduler)) == scheduler.state_dict()


def test_what_nobody_keeps_works_and_is_freed_without_the_collector(both):
    ref = weakref.ref(attach(both, PLAN, RUN)._company)
    together(*both.values(), times=10)
    assert both["muon"].param_groups[0]["lr"] == 0.0
    gc.disable()
    try:
        both.clear()
        assert ref() is None
    finally:
        gc.enable()


# -- the trace, the doctor, the range test


def test_one_trace_has_the_optimizers_names_in_its_columns(both, tmp_path):
    path = tmp_path / "run.jsonl"
    scheduler = attach(both, PLAN, RUN, values={"ema": LINE}, record=path)
    together(*both.values(), times=3)
    update(both["adamw"])  # muon's was skipped
    scheduler.report(loss=0.5)
    together(*both.values(), times=2)
    scheduler.detach()
    trace = Trace.load(path)
    assert trace.complete
    assert trace.groups == ("muon/0", "adamw/0")
    one, other = plans()
    assert trace.used("lr", "muon/0") == ([0, 1, 2, 4, 5], [one(t) for t in range(5)])
    assert trace.used("lr", "adamw/0") == ([*range(6)], [other(t) for t in range(6)])
    assert trace.used("ema", None) == ([*range(6)], [LINE.on(RUN)(t) for t in range(6)])
    assert trace.series("loss") == ([4], [0.5])


def test_a_trace_goes_on_after_a_resume_with_late_groups(tmp_path):
    path, straight = tmp_path / "run.jsonl", tmp_path / "straight.jsonl"

    def begin(record):
        pair = {"a": sgd(0.5), "b": sgd(0.25)}
        return pair, attach(pair, PLAN, RUN, record=record)

    for record in (path, straight):
        pair, scheduler = begin(record)
        together(*pair.values(), times=2)
        pair["a"].add_param_group({"params": [weight()], "lr": 0.125})
        together(*pair.values(), times=3)
        state = scheduler.state_dict()
        if record is straight:
            together(*pair.values(), times=3)
        scheduler.detach()
    pair = {"a": sgd(0.5), "b": sgd(0.25)}
    pair["a"].add_param_group({"params": [weight()], "lr": 0.125})
    again = attach(pair, PLAN, RUN, record=path)
    with pytest.raises(PassoError, match="holds 5 updates of an earlier run, and this one begins"):
        together(*pair.values())
    again.load_state_dict(state)
    together(*pair.values(), times=3)
    again.detach()
    found, wanted = Trace.load(path), Trace.load(straight)
    assert found.groups == wanted.groups == ("a/0", "b/0", "a/1")
    assert list(found.rows()) == list(wanted.rows())


def test_one_that_goes_back_alone_takes_no_row_of_the_others_from_the_trace(tmp_path):
    both, path = {"a": sgd(0.5), "b": sgd(0.25)}, tmp_path / "run.jsonl"
    scheduler = attach(both, {"lr": LINE}, Run(steps(1000)), record=path)
    together(*both.values(), times=3)
    saved = both["a"].state_dict()
    together(*both.values(), times=3)
    both["a"].load_state_dict(saved)
    assert scheduler.clock == 6
    scheduler.detach()
    line = LINE.on(Run(steps(1000)))
    assert Trace.load(path).used("lr", "b/0") == ([*range(6)], [line(t) for t in range(6)])


def test_the_trace_of_a_run_that_goes_back_by_hand_says_so_there(tmp_path):
    both, path = {"a": sgd(0.5), "b": sgd(0.25)}, tmp_path / "run.jsonl"
    scheduler = attach(both, {"lr": LINE}, Run(steps(1000)), record=path)
    together(*both.values(), times=3)
    state = scheduler.state_dict()
    together(*both.values(), times=3)
    scheduler.load_state_dict(state)
    together(*both.values())
    scheduler.detach()
    trace = Trace.load(path)
    assert trace.updates == 4
    assert [(each.clock, each.detail["by"]) for each in trace.events] == [(3, "load")]


def test_a_report_before_a_trace_is_taken_up_again_is_refused_with_all_as_it_was(tmp_path):
    path = tmp_path / "run.jsonl"
    plan = {"lr": LINE * Plateau("loss", patience=0)}
    both = {"a": sgd(0.5), "b": sgd(0.25)}
    scheduler = attach(both, plan, Run(steps(1000)), record=path)
    together(*both.values(), times=3)
    scheduler.detach()
    again = {"a": sgd(0.5), "b": sgd(0.25)}
    scheduler = attach(again, plan, Run(steps(1000)), record=path)
    before, held = scheduler.state_dict(), path.read_bytes()
    with pytest.raises(PassoError):
        scheduler.report(loss=1.0)
    assert (scheduler.state_dict(), path.read_bytes()) == (before, held)


def test_the_row_that_is_under_way_when_it_is_detached_is_in_the_trace(tmp_path):
    both, path = {"a": sgd(0.5), "b": sgd(0.25)}, tmp_path / "run.jsonl"
    scheduler = attach(both, {"lr": LINE}, Run(steps(1000)), record=path)
    together(*both.values())
    update(both["a"])
    scheduler.detach()
    trace, line = Trace.load(path), LINE.on(Run(steps(1000)))
    assert trace.used("lr", "a/0") == ([0, 1], [line(0), line(1)])
    assert trace.used("lr", "b/0") == ([0], [line(0)])


def test_a_seek_that_fails_keeps_the_row_that_is_under_way(tmp_path, monkeypatch):
    both, path = {"a": sgd(0.5), "b": sgd(0.25)}, tmp_path / "run.jsonl"
    scheduler = attach(both, {"lr": LINE}, Run(steps(1000)), record=path)
    together(*both.values(), times=2)
    update(both["a"])
    with monkeypatch.context() as patch:
        patch.setattr(scheduler._engines[1].driver, "moved", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            scheduler.seek(1)
    update(both["b"])
    together(*both.values())
    scheduler.detach()
    trace, line = Trace.load(path), LINE.on(Run(steps(1000)))
    wanted = [*range(4)], [line(t) for t in range(4)]
    assert trace.used("lr", "a/0") == trace.used("lr", "b/0") == wanted


def test_a_watcher_looks_at_each_of_them(both):
    watcher = live()
    scheduler = attach(both, PLAN, Run(steps(100)), watch=watcher)

    def story():
        for _ in range(100):
            both["adamw"].param_groups[0]["lr"] = 0.25
            together(*both.values())

    (text,) = said(story, DoctorWarning)
    assert text.startswith("P009 another hand writes lr of param group 0 of 'adamw'")
    scheduler.detach()
    watcher.stop()


def test_a_range_test_keeps_the_ratios_over_all_and_undoes_everything():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    pair = {
        "muon": torch.optim.Muon([p for p in model.parameters() if p.ndim == 2], lr=0.02),
        "adamw": torch.optim.AdamW([p for p in model.parameters() if p.ndim < 2], lr=0.1),
    }
    scheduler = attach(pair, PLAN, RUN)
    seen = []

    def train_step():
        loss = (model(torch.ones(4, 2)) - 1).square().mean()
        loss.backward()
        for each in pair.values():
            each.step()
            each.zero_grad()
        seen.append([each.param_groups[0]["lr"] for each in pair.values()])
        return loss

    before = copy.deepcopy(model.state_dict())
    found = range_test(train_step, pair, restore=[model], low=1e-4, high=1e-1, steps=7, stop=1e9)
    assert [one for one, _ in seen] == list(found.values)
    assert all(other == pytest.approx(5 * one) for one, other in seen)
    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())
    assert (scheduler.clock, scheduler.get_last_lr()) == (0, [0.02, 0.1])
    again = range_test(train_step, list(pair.values()), restore=[model], steps=3)
    assert len(again.values) == 3
    train_step()
    assert scheduler.clock == 1


# -- what is refused


class Wrapper:
    def __init__(self, optimizer):
        self.optimizer, self.param_groups = optimizer, optimizer.param_groups


def test_a_wrapper_stands_for_what_it_holds(both):
    scheduler = attach({"muon": Wrapper(both["muon"]), "adamw": both["adamw"]}, PLAN, RUN)
    together(*both.values())
    assert scheduler.get_last_lr() == [s(1) for s in plans()]


def test_what_cannot_be_under_one_plan_is_refused_in_words_and_nothing_is_changed():
    shared = weight()
    one, other = sgd(), torch.optim.SGD([shared], lr=0.5)
    third = torch.optim.SGD([weight(), shared], lr=0.5)
    ours = [one, other, third, bare := torch.optim.Adagrad([weight()], lr=0.5)]
    write = 'write attach({"muon": muon, "adamw": adamw}, ...)'
    name = "the name of an optimizer is a text that is not empty"
    for given, plan, text in [
        ([], PLAN, "attach needs a torch optimizer, got []; write attach([muon, adamw], ...)"),
        ({}, PLAN, "attach needs a torch optimizer, got {}; write attach([muon, adamw], ...)"),
        ({1: one}, PLAN, f"{name}, got 1; {write}"),
        ({"": one}, PLAN, f"{name}, got ''; {write}"),
        ([one, 3], PLAN, "attach needs a torch optimizer as 'int', got 3"),
        ({"a": one, "b": None}, PLAN, "attach needs a torch optimizer as 'b', got None"),
        ([one, one], PLAN, "'SGD#2' is the optimizer 'SGD' once more; give each optimizer once"),
        (
            {"a": Wrapper(one), "b": Wrapper(one)},
            PLAN,
            "'b' is the optimizer 'a' once more; give each optimizer once",
        ),
        (
            [other, third],
            PLAN,
            (
                "a parameter in param group 0 of 'SGD#2' is in 'SGD' too, and both would update "
                "it; leave it out of one of them, or attach each by itself"
            ),
        ),
        (
            {"one": one, "bare": bare},
            {"lr": PLAN, "momentum": 0.9},
            (
                "param group 0 of 'bare' has no field 'momentum'; it has lr, lr_decay, eps, "
                "weight_decay, initial_accumulator_value"
            ),
        ),
        (
            {"one": one, "other": other},
            {"lr": PLAN, "momentum": -0.5},
            (
                "'momentum' of param group 0 of 'one' must stay at least 0, and its schedule goes "
                "from -0.5 to -0.5; write .clip(...), or another schedule"
            ),
        ),
    ]:
        before = [dict(each.param_groups[0]) for each in ours]
        with pytest.raises(PassoError) as caught:
            attach(given, plan, RUN)
        assert str(caught.value) == text
        assert [dict(each.param_groups[0]) for each in ours] == before
    assert [len(each._optimizer_step_post_hooks) for each in ours] == [0, 0, 0, 0]
    attach([one, other], PLAN, RUN)
    with pytest.raises(PassoError) as caught:
        attach({"bare": bare, "one": one}, PLAN, RUN)
    assert str(caught.value).startswith("lr of param group 0 of 'one' is driven by another")
    assert bare.param_groups[0]["lr"] == 0.5


def test_an_attach_that_fails_at_the_second_changes_neither(monkeypatch):
    one, other = sgd(0.5), sgd(0.25)
    kept = one.state_dict()
    begin = Scheduler.start

    def start(scheduler, *arguments):
        if scheduler.optimizer is other:
            raise RuntimeError("no more")
        begin(scheduler, *arguments)

    monkeypatch.setattr(Scheduler, "start", start)
    with pytest.raises(RuntimeError, match="no more"):
        attach([one, other], base * Linear(0.5, 1, steps(4)), RUN)
    assert (one.state_dict(), one.param_groups[0]["lr"]) == (kept, 0.5)
    assert len(one._optimizer_step_post_hooks) == 0
    assert attached(one) == ()


def test_a_trace_that_cannot_be_written_changes_no_optimizer(both, tmp_path):
    with pytest.raises(PassoError, match="there is no folder"):
        attach(both, PLAN, RUN, record=tmp_path / "none" / "run.jsonl")
    assert all(len(each._optimizer_step_post_hooks) == 0 for each in both.values())
    assert [each.param_groups[0]["lr"] for each in both.values()] == [0.02, 0.1]
    attach(both, PLAN, RUN)
