"""Wrapped optimizers: the one whose hooks fire is found, whatever it is called (issue 12)."""

from __future__ import annotations

import copy
import re
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import torch

from passo import Constant, Linear, PassoError, Run, attach, base, steps
from passo.optim import describe
from tests.optim.tools import graded, sgd, update, weight
from tests.optim.wrapped import (
    NAMES,
    Attentive,
    Delegate,
    Larc,
    Lookahead,
    Proper,
    Sam,
    Slots,
    reload,
)

PLAN, RUN = base * Linear(1, 0, steps(10)), Run(steps(10))
WRAPPERS = [Larc, Lookahead, Delegate, Attentive]
HOOKS = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


def go(wrapper, inner, scheduler, times):
    """The rate that each of so many updates really used."""
    found = []
    for _ in range(times):
        found.append(round(inner.param_groups[0]["lr"], 9))
        graded(inner)
        wrapper.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("clock", ["hook", "calls"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", WRAPPERS)
def test_the_optimizer_inside_is_driven_also_after_a_load(kind, name, clock):
    inner = sgd(momentum=0.9)
    wrapper = kind(inner, name)
    scheduler = attach(wrapper, PLAN, RUN, clock=clock)
    assert go(wrapper, inner, scheduler, 3) == [1.0, 0.9, 0.8]
    reload(wrapper)
    assert go(wrapper, inner, scheduler, 3) == [0.7, 0.6, 0.5]
    assert scheduler.clock == 6
    assert scheduler.get_last_lr() == [inner.param_groups[0]["lr"]]


def test_wrappers_may_be_wrapped_and_have_no_dict():
    inner = sgd(momentum=0.9)
    wrapper = Delegate(Slots(Lookahead(Larc(inner, "opt"), "_base_optimizer")), "base")
    scheduler = attach(wrapper, PLAN, RUN)
    assert go(wrapper, inner, scheduler, 3) == [1.0, 0.9, 0.8]
    assert scheduler.optimizer is inner
    assert describe(wrapper) == describe(inner) == repr(scheduler)
    with pytest.warns(UserWarning, match="the run ended early"):
        scheduler.detach(restore=True)
    assert [len(getattr(inner, name)) for name in HOOKS] == [0, 0, 0]


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_wrapper_without_a_dict_is_looked_into_by_the_usual_names(name):
    inner = sgd(momentum=0.9)
    kind = type("Slotted", (), {"__slots__": (name,), "step": lambda self: inner.step()})
    wrapper = kind()
    setattr(wrapper, name, inner)
    scheduler = attach(wrapper, PLAN, RUN)
    assert scheduler.optimizer is inner
    assert go(wrapper, inner, scheduler, 3) == [1.0, 0.9, 0.8]


def test_one_optimizer_under_two_names_is_one():
    inner = sgd()
    wrapper = Larc(inner, "optim")
    wrapper.optimizer = wrapper.base = inner
    assert attach(wrapper, PLAN, RUN).optimizer is inner


@pytest.mark.parametrize("kind", [Proper, Attentive, Sam])
def test_a_wrapper_whose_own_hooks_fire_is_the_clock(kind):
    inner = sgd(momentum=0.9)
    wrapper = kind([weight()], torch.optim.SGD, lr=1.0) if kind is Sam else kind(inner)
    scheduler = attach(wrapper, PLAN, RUN)
    assert scheduler.optimizer is wrapper
    assert go(wrapper, getattr(wrapper, "base_optimizer"), scheduler, 3) == [1.0, 0.9, 0.8]  # noqa: B009
    assert scheduler.clock == 3


def sam(**settings):
    return Sam([weight()], torch.optim.SGD, lr=1.0, momentum=0.9, **settings)


def second_steps(wrapper, times):
    """What each update used, where what a wrapper holds is stepped, and never the wrapper."""
    found = []
    for _ in range(times):
        found.append(round(wrapper.base_optimizer.param_groups[0]["lr"], 9))
        graded(wrapper)
        wrapper.second_step()
    return found


def test_a_step_of_what_lends_its_groups_is_an_update_also_after_a_load():
    wrapper = sam()  # issue 14: nothing was counted, the rate stayed, and nobody said so in time
    scheduler = attach(wrapper, PLAN, RUN)
    assert second_steps(wrapper, 2) == [1.0, 0.9]
    assert go(wrapper, wrapper.base_optimizer, scheduler, 2) == [0.8, 0.7]  # by its own step: once
    saved = copy.deepcopy(wrapper.state_dict())
    reload(wrapper)
    assert second_steps(wrapper, 2) == [0.6, 0.5]
    assert scheduler.clock == 6

    later = sam()
    attach(later, PLAN, RUN)
    later.load_state_dict(saved)
    assert second_steps(later, 2) == [0.6, 0.5]

    with pytest.warns(UserWarning, match="the run ended early"):
        scheduler.detach()
    assert [len(getattr(wrapper.base_optimizer, name)) for name in HOOKS] == [0, 0, 0]


def test_a_wrappers_step_that_raised_hides_no_later_one():
    wrapper = sam()
    scheduler = attach(wrapper, PLAN, RUN)

    def fails():
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  (it is this test's own)
        wrapper.step(fails)
    assert second_steps(wrapper, 2) == [1.0, 0.9]
    assert scheduler.clock == 2


@pytest.mark.parametrize("fused", [True, False])
def test_a_step_that_what_lends_its_groups_skips_is_no_update(fused):
    wrapper = sam(fused=fused)
    scheduler = attach(wrapper, PLAN, RUN)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale(torch.ones(()))
    used = []
    for gradient in (float("inf"), 1.0, 1.0):
        used.append(round(wrapper.param_groups[0]["lr"], 9))
        graded(wrapper, gradient)
        scaler.step(wrapper.base_optimizer)
        scaler.update()
    assert (used, scheduler.clock) == ([1.0, 1.0, 0.9], 2)


def test_two_that_lend_their_groups_are_parts_of_the_wrappers_step():
    wrapper = sam()
    wrapper.other = torch.optim.SGD([weight()], lr=1.0)
    wrapper.param_groups = [*wrapper.base_optimizer.param_groups, *wrapper.other.param_groups]
    scheduler = attach(wrapper, PLAN, RUN)
    for each in (wrapper.base_optimizer, wrapper.other):
        update(each)
    assert scheduler.clock == 0
    graded(wrapper)
    wrapper.step()
    assert scheduler.clock == 1


@pytest.mark.parametrize("whose", ["the wrapper's", "the inner one's"])
def test_groups_that_no_update_uses_any_more_are_refused_before_the_update(whose):
    inner = sgd(momentum=0.9)
    wrapper = Proper(inner)
    scheduler = attach(wrapper, PLAN, RUN)
    go(wrapper, inner, scheduler, 3)
    reload(wrapper if whose == "the wrapper's" else inner)
    (parameter,) = inner.param_groups[0]["params"]
    before = parameter.item()
    graded(inner)
    with pytest.raises(PassoError) as caught:
        wrapper.step()
    assert str(caught.value) == (
        "the param groups of Proper are no longer those of the SGD that it holds as "
        ".base_optimizer, so that no update would use what is written there; save "
        "scheduler.state_dict(), call scheduler.detach(), and load it into "
        "attach(wrapper.base_optimizer, ...)"
    )
    assert (parameter.item(), scheduler.clock) == (before, 3)
    state = scheduler.state_dict()
    with pytest.warns(UserWarning, match="the run ended early"):
        scheduler.detach()
    again = attach(wrapper.base_optimizer, PLAN, RUN, base=1.0)  # what the text advises
    again.load_state_dict(state)
    assert go(wrapper, inner, again, 3) == [0.7, 0.6, 0.5]


class Both:
    """Two optimizers behind one step."""

    def __init__(self, **held):
        self.__dict__.update(held)
        several = list(held.values())
        several = several[0] if isinstance(several[0], (list, tuple)) else several
        several = list(several.values()) if isinstance(several, dict) else several
        self.param_groups = [group for each in several for group in each.param_groups]

    def step(self):
        """Nothing."""


@pytest.mark.parametrize("clock", ["hook", "calls"])
@pytest.mark.parametrize(
    ("hold", "first", "second"),
    [
        (lambda a, b: {"opt": a, "optim": b}, ".optim (Adam)", ".opt (SGD)"),
        (lambda a, b: {"muon": a, "adam": b}, ".muon (SGD)", ".adam (Adam)"),
        (lambda a, b: {"optimizers": [a, b]}, ".optimizers[0] (SGD)", ".optimizers[1] (Adam)"),
    ],
)
def test_a_wrapper_of_two_optimizers_is_refused_by_name(hold, first, second, clock):
    one, other = sgd(), torch.optim.Adam([weight()], lr=0.5)
    wrapper = Both(**hold(one, other))
    with pytest.raises(PassoError) as caught:
        attach(wrapper, PLAN, RUN, clock=clock)
    paths = [each.split(" ")[0] for each in (first, second)]
    assert str(caught.value) == (
        f"Both holds 2 optimizers, {first} and {second}; write attach(wrapper{paths[0]}, ...) and "
        f"attach(wrapper{paths[1]}, ...)"
    )
    found = [eval(f"wrapper{path}", {"wrapper": wrapper}) for path in paths]
    made = [attach(each, PLAN, RUN) for each in found]
    for each in found:
        update(each)
    assert [scheduler.clock for scheduler in made] == [1, 1]


def test_wrappers_in_a_circle_are_refused_and_left_as_they_were():
    one = SimpleNamespace(param_groups=[{"params": [weight()], "lr": 1.0}], step=lambda: None)
    one.optimizer = SimpleNamespace(optim=one)
    for clock in ("hook", "calls"):
        if clock == "calls":
            scheduler = attach(one, PLAN, RUN, clock="calls")
            scheduler.step()
            assert one.param_groups[0]["lr"] == 0.9
            continue
        with pytest.raises(PassoError, match=r"^SimpleNamespace has no step hook"):
            attach(one, PLAN, RUN)
        assert one.param_groups[0]["lr"] == 1.0
    loop = SimpleNamespace()
    loop.optimizer = loop
    with pytest.raises(PassoError, match=f"^{re.escape('attach needs a torch optimizer, got ')}"):
        attach(loop, PLAN, RUN)


def test_what_makes_up_every_name_and_a_property_that_raises_are_no_optimizers():
    class Raises:
        @property
        def optimizer(self):
            raise RuntimeError

    for thing in (MagicMock(), Raises()):
        with pytest.raises(PassoError):
            attach(thing, PLAN, RUN)


class OwnHooks(torch.optim.Optimizer):
    """No `super().__init__()`, hooks that no step looks at, and nothing inside."""

    def __init__(self, params):
        self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks = {}, {}
        self.param_groups, self.state = [{"params": params, "lr": 1.0}], {}

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                with torch.no_grad():
                    parameter.sub_(group["lr"] * parameter.grad)


def test_hooks_that_no_step_looks_at_are_no_clock_and_the_advice_helps():
    optimizer = OwnHooks([parameter := weight()])
    with pytest.raises(PassoError) as caught:
        attach(optimizer, PLAN, RUN)
    assert str(caught.value) == (
        "OwnHooks has no step hook, so its updates cannot be counted; write "
        'attach(..., clock="calls") and call scheduler.step() after each update'
    )
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    scheduler = attach(optimizer, PLAN, RUN, clock="calls")
    assert go(optimizer, optimizer, scheduler, 3) == [1.0, 0.9, 0.8]
    optimizer.param_groups[0] = dict(optimizer.param_groups[0])
    assert go(optimizer, optimizer, scheduler, 2) == [0.7, 0.6]
    assert parameter.item() == pytest.approx(1 - 1 - 0.9 - 0.8 - 0.7 - 0.6)


@pytest.mark.parametrize("first", ["outer", "inner"])
def test_two_writers_of_one_group_are_refused_whichever_optimizer_shows_it(first):
    outer = Sam([weight()], torch.optim.SGD, lr=1.0)
    both = [outer, outer.base_optimizer]
    one, other = both if first == "outer" else both[::-1]
    kept = attach(one, Constant(0.5))
    with pytest.raises(PassoError) as caught:
        attach(other, Constant(0.25))
    assert str(caught.value) == (
        "lr of param group 0 is driven by another Scheduler already; call its detach() first, or "
        "give both schedules in one plan"
    )
    kept.detach()
    attach(other, Constant(0.25))
    assert outer.param_groups[0]["lr"] == 0.25


def test_a_shared_wrapper_whose_step_is_never_called_leaves_nothing_behind():
    outer = Sam([weight()], torch.optim.SGD, lr=1.0)
    scheduler = attach(outer, PLAN, RUN)
    for _ in range(3):
        update(outer.base_optimizer)
    assert scheduler.clock == 3
    with pytest.warns(UserWarning, match="the run ended early"):
        scheduler.detach(restore=True)
    for each in (outer, outer.base_optimizer):
        assert [len(getattr(each, name)) for name in HOOKS] == [0, 0, 0]
    assert outer.param_groups[0]["lr"] == 1.0
