"""Which group is this: by the dict, by what it holds, by what it is a copy of, by its name."""

from __future__ import annotations

import copy

import torch

from passo.optim.ground.groups import names_of, pair, pair_saved
from tests.optim.tools import weight


def group(*parameters, **fields):
    return {"params": list(parameters) or [weight()], **fields}


def test_a_group_is_the_dict_that_it_was_wherever_it_stands():
    a, b, c = group(), group(), group()
    assert pair([a, b, c], [c, a]) == [2, 0]


def test_a_replaced_parameter_in_the_same_dict_is_no_event():
    a, b = group(), group()
    known = [a, b]
    a["params"][0], b["params"] = weight(), [weight(2)]
    assert pair(known, [b, a]) == [1, 0]


def test_parameters_that_change_places_do_not_take_their_groups_along():
    a, b = group(), group()
    a["params"], b["params"] = b["params"], a["params"]
    assert pair([a, b], [a, b]) == [0, 1]


def test_a_loaded_optimizer_has_other_dicts_and_the_same_groups():
    optimizer = torch.optim.SGD([group(lr=0.1), group(lr=0.2)])
    known = list(optimizer.param_groups)
    known[0]["params"][0] = weight()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer.param_groups.reverse()
    assert pair(known, optimizer.param_groups) == [1, 0]


def test_of_two_new_dicts_the_one_with_most_in_common_is_the_group():
    a, b, c = weight(), weight(), weight()
    known = [group(a, b, c)]
    assert pair(known, [group(a), group(b, c)]) == [None, 0]


def test_a_copy_with_other_parameters_is_found_last_and_only_once():
    a, b = group(lr=0.1), group(lr=0.2)
    present = [group(lr=0.2), group(lr=0.2), a]

    def copied(number, place):
        return [a, b][number]["lr"] == present[place]["lr"]

    assert pair([a, b], present, copied) == [1, None, 0]


def test_a_copy_that_holds_the_very_things_is_surer_than_one_that_is_at_the_same_place():
    a, b = group(lr=float("0.1")), group(lr=float("0.1"))
    present = [dict(b, params=[weight()])]

    def copied(number, place):
        ours, its = [a, b][number]["lr"], present[place]["lr"]
        return 2 if ours is its else ours == its

    assert pair([a, b], present, copied) == [1]


def test_a_group_that_is_no_longer_there_leaves_nobody_its_number():
    a, b, c = group(), group(), group()
    assert pair([a, b], [b, c]) == [1, None]
    assert pair([a, b], []) == []


def test_a_group_of_a_wrapper_may_hold_nothing():
    a, b = {"lr": 0.1}, {"lr": 0.2}
    assert pair([a, b], [b, {"lr": 0.1}]) == [1, None]


def test_between_processes_names_count_where_all_have_one_and_all_differ():
    head, body, bare = {"name": "head"}, {"name": "body"}, {}
    assert names_of([head, body]) == ["head", "body"]
    assert names_of([head, head]) is names_of([head, bare]) is None
    assert pair_saved(["head", "body"], [body, head]) == {0: 1, 1: 0}
    assert pair_saved(["head", "neck"], [body, head]) == {0: 1}
    assert pair_saved(["head", "body"], [body, bare]) == {0: 0, 1: 1}
    assert pair_saved(None, [body, head]) == {0: 0, 1: 1}
