"""A range test leaves nothing behind, whichever call of it fails (issue 12)."""

from __future__ import annotations

import random
from contextlib import suppress

import numpy as np
import pytest
import torch

from passo import Linear, PassoError, Run, attach, base, loader_step, range_test, samples
from tests.optim.failing import Injected, calls_of, calls_to_try, failing
from tests.optim.wrapped import Larc, Lookahead

RUN = Run(samples(400), axis="sample")


class World:
    """A net in training under a plan that counts samples, in a wrapper of a wrapper."""

    def __init__(self, folder):
        torch.manual_seed(3)
        self.folder = folder
        self.model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(), torch.nn.Tanh())
        self.inner = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.outer = Lookahead(Larc(self.inner))
        self.outer.since = self.outer.inner.since = 0
        self.scheduler = attach(
            self.outer, base * Linear(1, 0, samples(400)), RUN, record=folder / "run.jsonl"
        )
        self.update()
        self.scheduler.count(samples=4)  # of the update in progress

    def update(self):
        self.outer.since += 1
        self.outer.inner.since += 1
        loss = self.model(torch.randn(4, 3)).square().mean()
        self.inner.zero_grad()
        loss.backward()
        self.scheduler.count(samples=8 * random.randint(1, 2))
        self.outer.step()
        return loss

    def test(self, **settings):
        return range_test(self.update, self.outer, restore=[self.model], steps=4, **settings)

    def seen(self):
        hooks = [each for name, each in sorted(vars(self.inner).items()) if name.endswith("_hooks")]
        engine = self.scheduler._engine
        return {
            "weights": repr(self.model.state_dict()),
            "grads": repr([p.grad for p in self.model.parameters()]),
            "optimizer": repr(self.inner.state_dict()),
            "ids": [(id(group), *map(id, group.values())) for group in self.inner.param_groups],
            "hooks": [list(each.values()) for each in hooks],
            "wrappers": (self.outer.since, self.outer.inner.since),
            "scheduler": self.scheduler.state_dict(),
            "pending": engine.clock._pending,
            "journal": id(engine.journal),
            "files": {each.name: each.read_bytes() for each in sorted(self.folder.iterdir())},
            "random": (random.getstate(), repr(torch.get_rng_state())),
            "numpy": repr(np.random.get_state()),  # noqa: NPY002
            "mode": (self.model.training, torch.is_grad_enabled()),
        }

    def goes_on(self):
        losses = [self.update().item() for _ in range(3)]
        return losses, repr(self.model.state_dict()), self.scheduler.state_dict()


@pytest.fixture
def world(tmp_path):
    def make(name):
        folder = tmp_path / str(name)
        folder.mkdir()
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002 (the global one is what is given back)
        return World(folder)

    return make


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a folder that goes when it is freed
@pytest.mark.parametrize("folder", [False, True])
def test_a_range_test_leaves_nothing_behind_where_it_fails(folder, world, tmp_path):
    settings = {"folder": tmp_path} if folder else {}
    world("warm").test(**settings)
    whole = world("whole")
    sites = calls_of(lambda: whole.test(**settings))
    after_one = whole.goes_on()
    untried = world("untried").goes_on()
    assert after_one == untried
    for at in calls_to_try(sites):
        one = world(at)
        before = one.seen()
        with failing(at) as failure, suppress(Injected):
            one.test(**settings)
        after = one.seen()
        where = failure.where
        assert {key for key in before if before[key] != after[key]} == set(), where
        assert not list(tmp_path.glob("passo-*")), where
        assert one.goes_on() == untried, where


def test_a_loader_step_in_a_wrapper_is_given_back(world):
    one = world("one")
    data = [(torch.ones(4, 3), torch.zeros(4, 2)) for _ in range(3)]
    with pytest.raises(PassoError, match="nobody said how many samples"):
        one.scheduler.seek(0) or one.outer.step()
    step = loader_step(one.model, one.outer, torch.nn.functional.mse_loss, data)
    before = one.seen()
    range_test(step, one.outer, restore=[], steps=4)
    assert one.seen() == before


def test_two_optimizers_behind_one_step_are_refused_by_name(world):
    one = world("one")
    both = Larc(one.inner)
    both.other = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
    with pytest.raises(PassoError) as caught:
        range_test(one.update, both, restore=[])
    assert str(caught.value) == (
        "Larc holds 2 optimizers, .optim (SGD) and .other (Adam); write "
        "range_test(wrapper.optim, ...) and range_test(wrapper.other, ...)"
    )
