"""Several optimizers, of which each carries its own state: nobody has to save the scheduler."""

from __future__ import annotations

import copy
import itertools
import json

import pytest

from passo import Linear, PassoError, Plateau, Run, Trace, attach, base, by_group, steps, tokens
from passo.optim.scheduler.carry import KEY
from tests.optim.scheduler.test_several import adamw, muon, together
from tests.optim.tools import adam, said, sgd, update

RUN = Run(steps(20))
PLAN = base * Linear(1.0, 0.1) * Plateau("loss", factor=0.5, patience=0)
VALUES = {"ema": Linear(0.5, 1.0)}


def pair():
    return {"muon": muon(), "adamw": adamw()}


def built(optimizers, plan=PLAN, run=RUN, **options):
    return attach(optimizers, plan, run, values=VALUES, **options)


def trained(scheduler, optimizers, until, losses=True):
    """What each update used, of all groups and of the value; some of them are reported."""
    found = []
    while scheduler.clock < until:
        together(*optimizers.values())
        found.append(scheduler.last_used())
        if losses and scheduler.clock in (3, 5, 9):
            scheduler.report(loss=1.0)
    return found


def saved(optimizers):
    return {name: copy.deepcopy(each.state_dict()) for name, each in optimizers.items()}


def resumed(states, order, make=pair, **options):
    """Another process, that loads nothing but the optimizers, in some order around attach."""
    fresh, scheduler = make(), None
    for what in order:
        if what == "attach":
            scheduler = built(fresh, **options)
        else:
            fresh[what].load_state_dict(copy.deepcopy(states[what]))  # torch keeps its Tensors
    return fresh, scheduler


def ended(scheduler):
    """It stops before the end of its run, on purpose."""
    scheduler.promises.settle("ended")
    scheduler.detach()


ORDERS = list(itertools.permutations(["muon", "adamw", "attach"]))
every_order = pytest.mark.parametrize("order", ORDERS, ids=" ".join)


@every_order
def test_a_run_goes_on_where_nobody_saved_the_scheduler(order):
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 7)
    states = saved(both)
    rest, again = trained(scheduler, both, 20), []

    def story():
        fresh, other = resumed(states, order)
        assert other.clock == 7
        again.extend(trained(other, fresh, 20))
        other.detach()

    assert said(story) == []
    assert again == rest


@every_order
def test_a_cooldown_ends_all_of_them_also_those_of_another_key(order):
    plan = {"lr": by_group({"adamw": PLAN, "muon": None}), "weight_decay": base * Linear(1.0, 0.5)}
    both = pair()
    scheduler = built(both, plan)
    trained(scheduler, both, 8)
    scheduler.cool_down(over=steps(6))
    trained(scheduler, both, 10)
    states = saved(both)
    rest = trained(scheduler, both, 14)

    def story():
        fresh, other = resumed(states, order, plan=plan)
        assert other.cooldown == scheduler.cooldown
        assert other.state_dict()["optimizers"][0]["clock"] == 10
        assert trained(other, fresh, 14) == rest
        assert [one.settings.end for one in other._engines] == [14.0, 14.0]
        other.detach()

    assert said(story) == []


def test_who_goes_back_to_before_a_cooldown_has_none():
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 6)
    states = saved(both)
    rest = trained(scheduler, both, 20)
    fresh, other = resumed(states, ORDERS[0])
    trained(other, fresh, 8)
    other.cool_down(over=steps(5))
    trained(other, fresh, 10)
    for name, state in states.items():
        fresh[name].load_state_dict(state)
    assert other.cooldown is None
    assert trained(other, fresh, 20) == rest


TWO_KEYS = {
    "lr": by_group({"one": PLAN, "other": None}),
    "weight_decay": by_group({"one": None, "other": base * Linear(1.0, 0.5)}),
}


def two_adams():
    return {"one": adam(weight_decay=0.5), "other": adam(weight_decay=0.5)}


def test_cooldowns_of_two_runs_stay_with_the_optimizers_that_bring_them():
    states = {}
    for name, key in (("one", "lr"), ("other", "weight_decay")):
        both = two_adams()
        scheduler = attach(both, TWO_KEYS, RUN)
        trained(scheduler, both, 4, losses=False)
        scheduler.cool_down(over=steps(6), key=key)
        trained(scheduler, both, 6, losses=False)
        states[name] = both[name].state_dict()
        ended(scheduler)
    fresh = two_adams()
    again = attach(fresh, TWO_KEYS, RUN)
    for name, state in states.items():
        fresh[name].load_state_dict(state)
    kept = [each.cooldown.key for each in again._members.values()]
    assert kept == ["lr", "weight_decay"]
    trained(again, fresh, 10, losses=False)
    assert again.get_last_lr() == [0.0, 0.1]
    assert fresh["other"].param_groups[0]["weight_decay"] == 0.0
    ended(again)


def test_who_drives_the_key_that_cooled_down_does_so_when_its_own_state_comes():
    both = two_adams()
    scheduler = built(both)
    trained(scheduler, both, 6)
    scheduler.cool_down(over=steps(6))
    states = saved(both)
    ended(scheduler)
    fresh = two_adams()
    again = built(fresh)
    found = []
    for name, state in states.items():
        fresh[name].load_state_dict(state)
        found.append([each.cooldown is not None for each in again._members.values()])
    assert found == [[True, False], [True, True]]
    ended(again)


def test_a_copy_is_over_where_the_original_is():
    plan = {"lr": by_group({"adamw": PLAN, "muon": None}), "weight_decay": base * Linear(1.0, 0.5)}
    both = pair()
    scheduler = built(both, plan)
    trained(scheduler, both, 8)
    scheduler.cool_down(over=steps(6))
    twins, twin = copy.deepcopy((both, scheduler))
    assert twin.state_dict() == scheduler.state_dict()
    assert [one.settings.end for one in twin._engines] == [14.0, 14.0]
    states = saved(twins)
    assert resumed(states, ORDERS[0], plan=plan)[1].state_dict() == scheduler.state_dict()


@every_order
def test_a_trace_goes_on_with_the_rows_of_the_run_that_was_not_killed(order, tmp_path):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    for path in (whole, cut):
        both = pair()
        scheduler = built(both, record=path)
        trained(scheduler, both, 7)
        states = saved(both)
        trained(scheduler, both, 20 if path is whole else 11)
        ended(scheduler)
    fresh, other = resumed(states, order, record=cut)
    trained(other, fresh, 20)
    other.detach()
    found, wanted = Trace.load(cut), Trace.load(whole)
    assert list(found.rows()) == list(wanted.rows())
    assert found.series("loss") == wanted.series("loss")
    loads = [each for each in found.events if each.detail.get("by") == "load"]
    assert {each.clock for each in loads} == {7}


def test_a_trace_whose_states_did_not_come_is_refused_and_as_it_was(tmp_path):
    path, both = tmp_path / "run.jsonl", pair()
    scheduler = built(both, record=path)
    trained(scheduler, both, 7)
    ended(scheduler)
    before, fresh = path.read_bytes(), pair()
    built(fresh, record=path)
    with pytest.raises(PassoError, match="holds 7 updates of an earlier run"):
        together(*fresh.values())
    assert path.read_bytes() == before


@pytest.mark.parametrize("several", [False, True])
def test_who_cannot_attach_leaves_the_trace_of_an_earlier_run_alone(several, tmp_path):
    path, one = tmp_path / "run.jsonl", sgd()
    scheduler = attach([one] if several else one, base, RUN, record=path)
    update(one, 3)
    state = one.state_dict()
    update(one, 2)
    ended(scheduler)
    before, again = path.read_bytes(), sgd()
    again.load_state_dict(state)

    class Broken:
        def begin(self, scheduler):
            assert scheduler.clock == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attach([again] if several else again, base, RUN, record=path, watch=Broken())
    assert path.read_bytes() == before


# -- clocks


@pytest.mark.parametrize(("stood", "words"), [(2, 0), (3, 1)])
def test_a_hundredth_and_an_update_is_near_for_states_too(stood, words):
    run, both = Run(steps(100)), {"one": sgd(), "other": sgd()}
    scheduler = built(both, run=run)
    trained(scheduler, both, stood)
    states = saved(both)
    ended(scheduler)
    fresh, again = resumed(
        states, ["one", "attach"], lambda: {"one": sgd(), "other": sgd()}, run=run
    )
    assert len(said(lambda: update(fresh["one"]))) == words
    ended(again)


def test_one_that_goes_back_alone_after_all_had_come_is_told():
    both = {"one": sgd(), "other": sgd()}
    scheduler = built(both)
    states = [saved(both)]
    trained(scheduler, both, 8)
    states.append(saved(both))
    ended(scheduler)
    fresh, again = resumed(states[1], ["attach", "one", "other"], lambda: {k: sgd() for k in both})
    fresh["one"].load_state_dict(states[0]["one"])
    (text,) = said(lambda: update(fresh["one"]))
    assert text.startswith(
        "the state of 'one' carries its Scheduler at update 0, and none came for 'other', which "
        "stands at 8"
    )
    ended(again)


def test_nothing_is_said_of_clocks_that_part_while_only_one_is_loaded_yet():
    run = Run(steps(1000))
    both = pair()
    scheduler = built(both, run=run)
    trained(scheduler, both, 300)
    states = saved(both)
    ended(scheduler)

    def story():
        fresh, other = resumed(states, ["attach", "muon"], run=run)
        repr(other)
        fresh["adamw"].load_state_dict(copy.deepcopy(states["adamw"]))
        trained(other, fresh, 305)
        fresh["muon"].load_state_dict(states["muon"])
        fresh["adamw"].load_state_dict(states["adamw"])
        assert other.clock == 300
        trained(other, fresh, 420)
        ended(other)

    assert said(story) == []


def test_clocks_that_part_after_a_run_went_back_are_told():
    run = Run(steps(1000))
    both = {"one": sgd(), "other": sgd()}
    scheduler = built(both, run=run)
    states = saved(both)
    trained(scheduler, both, 300)
    for name, state in states.items():
        both[name].load_state_dict(state)
    (text,) = said(lambda: update(both["one"], 30))
    assert text.startswith("the clocks of optimizers under one plan part: 'one' has made 3")


LONELY = (
    "the state of 'one' carries its Scheduler at update 8, and none came for 'other', which stands "
    "at 0; under one plan they are 8 updates apart; write: the load_state_dict() of 'other' before "
    "the first update, or call scheduler.seek(8) to go on with all, or scheduler.seek(0) to begin "
    "there on purpose"
)


@pytest.mark.parametrize("order", [["one", "attach"], ["attach", "one"]])
@pytest.mark.parametrize("first", ["one", "other"])
def test_one_of_two_that_was_not_loaded_is_told_once_at_the_first_update(order, first):
    def make():
        return {"one": sgd(), "other": sgd()}

    both = make()
    scheduler = built(both)
    trained(scheduler, both, 8)
    states = saved(both)

    def story():
        fresh, other = resumed(states, order, make)
        for name in (first, "other" if first == "one" else "one"):
            update(fresh[name])
        trained(other, fresh, 14)
        other.promises.settle("ended")

    assert said(story) == [LONELY]

    def sought():
        fresh, other = resumed(states, order, make)
        other.seek(8)
        trained(other, fresh, 14)
        other.promises.settle("ended")

    assert said(sought) == []


def both_of_adam():
    return {"one": adam(), "other": adam()}


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["one", "other", "attach"])), ids=" ".join
)
@pytest.mark.parametrize("which", ["one", "other"])
def test_one_of_two_that_was_trained_on_without_passo_is_told_and_not_used(order, which):
    both = both_of_adam()
    scheduler = built(both)
    trained(scheduler, both, 8)
    states = saved(both)
    alone = adam()
    alone.load_state_dict(states[which])
    update(alone, 3)
    states[which] = alone.state_dict()

    def story():
        fresh, other = resumed(states, order, both_of_adam)
        trained(other, fresh, 10)
        other.promises.settle("ended")
        clocks = {each["name"]: each["clock"] for each in other.state_dict()["optimizers"]}
        assert clocks[which] == 2

    (text,) = said(story)
    assert text.startswith(
        "the state of Adam carries a Scheduler at update 8, and says that 3 updates were made "
        "since, without passo; it is not used, and the clock of the Scheduler stands at 0"
    )


# -- by hand, falls, other plans


@every_order
def test_a_state_that_is_loaded_by_hand_wins(order):
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 5)
    own = json.loads(json.dumps(scheduler.state_dict()))
    rest = trained(scheduler, both, 20)
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 9)
    states = saved(both)
    fresh, other = pair(), None
    for what in order:
        if what == "attach":
            other = built(fresh)
            other.load_state_dict(own)
        else:
            fresh[what].load_state_dict(states[what])
    assert trained(other, fresh, 20) == rest


def test_best_weights_that_are_loaded_after_a_fall_take_no_clock_back():
    both = {"one": sgd(), "other": sgd()}
    plan = {"lr": by_group({"one": base * Plateau("loss", patience=0), "other": base})}
    scheduler = attach(both, plan, RUN)
    together(*both.values(), times=3)
    scheduler.report(loss=1.0)
    best = saved(both)
    together(*both.values(), times=3)
    if scheduler.report(loss=2.0):
        for name, state in best.items():
            both[name].load_state_dict(state)
    assert [each["clock"] for each in scheduler.state_dict()["optimizers"]] == [6, 6]
    assert scheduler.get_last_lr() == [0.1, 1.0]


@every_order
def test_another_plan_is_dealt_with_as_on_change_says(order):
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 8)
    states, longer = saved(both), Run(steps(40))
    for policy, clock in (("keep", 8), ("replace", 8), ("rescale", 16)):
        fresh, other = resumed(states, order, run=longer, on_change=policy)
        assert (other.clock, other.run) == (clock, RUN if policy == "keep" else longer)
        assert len({one.settings.end for one in other._engines}) == 1
        if policy == "keep":
            assert trained(other, fresh, 20) == trained(*copies(scheduler, both), 20)
    fresh = pair()
    with pytest.raises(PassoError) as error:
        resumed(states, order, lambda: fresh, run=longer)
    before = order[: order.index("attach")] or order[1:2]  # a load is refused by itself
    name = "muon" if "muon" in before else "adamw"
    assert str(error.value).startswith(
        f"the state of {name!r} carries that of a Scheduler, with which this one cannot go on: "
        "the plan saved at update 8 is not today's, 2 fields differ:"
    )
    assert all(each.param_groups[0]["lr"] > 0 for each in fresh.values())


def copies(scheduler, optimizers):
    twins, twin = copy.deepcopy((optimizers, scheduler))
    return twin, twins


def test_one_of_several_goes_on_alone_and_one_joins_others():
    both = pair()
    scheduler = built(both)
    trained(scheduler, both, 7)
    states = saved(both)
    rates = [each["lr"][1] for each in trained(scheduler, both, 20, losses=False)]
    alone = adamw()
    one = attach(alone, PLAN, RUN, values=VALUES)
    alone.load_state_dict(states["adamw"])
    found = []
    while one.clock < 20:
        update(alone)
        found.append(one.last_used()["lr"][0])
    assert found == rates

    single = adamw()
    one = attach(single, PLAN, RUN, values=VALUES)
    update(single, 7)
    single_state = single.state_dict()
    assert json.loads(single_state["param_groups"][0][KEY])["states"][0]["clock"] == 7
    fresh, other = resumed({"muon": states["muon"], "adamw": single_state}, ORDERS[0])
    assert [each["clock"] for each in other.state_dict()["optimizers"]] == [7, 7]
    together(*fresh.values())
    assert other.clock == 8


def test_tokens_that_were_counted_go_on():
    run = Run(tokens(1000), axis="token")
    both = pair()
    scheduler = attach(both, base * Linear(1.0, 0.1), run)

    def on(scheduler, optimizers, times):
        found = []
        for k in range(times):
            scheduler.count(tokens=10 + k)
            together(*optimizers.values())
            found.append((scheduler.position, scheduler.get_last_lr()))
        return found

    on(scheduler, both, 5)
    states = saved(both)
    rest = on(scheduler, both, 5)
    fresh = pair()
    other = attach(fresh, base * Linear(1.0, 0.1), run)
    for name, state in states.items():
        fresh[name].load_state_dict(state)
    assert on(other, fresh, 5) == rest


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_trace_of_several_knows_the_plan_that_a_branch_left(by_hand, tmp_path):
    trunk, path = base * Linear(1.0, 0.5), tmp_path / "run.jsonl"
    both = pair()
    scheduler = attach(both, trunk, RUN)
    together(*both.values(), times=5)
    states, own = saved(both), scheduler.state_dict()
    fresh = pair()
    plan = trunk.cooldown(at=steps(8), over=steps(4))
    other = attach(fresh, plan, RUN, on_change="replace", record=path, carry=not by_hand)
    for name, state in states.items():
        fresh[name].load_state_dict(state)
    if by_hand:
        other.load_state_dict(own)
    together(*fresh.values())
    ended(other)
    parents = [each.detail["parent"] for each in Trace.load(path).events if "parent" in each.detail]
    bases = [{"0.lr": 0.02}, {"1.lr": 0.1}]
    assert [each["bases"] for one in parents for each in one["follows"]] == bases
    assert {(one["clock"], one["run"], len(one["follows"])) for one in parents} == {
        (5, "Run(steps(20))", 2 if by_hand else 1)
    }
