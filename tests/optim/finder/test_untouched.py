"""What a block changes is given back, bit for bit, whatever ends it."""

from __future__ import annotations

import copy
import random
import re
import signal
import threading

import numpy as np
import pytest
import torch
from torch import nn

from passo import Cosine, PassoError, Plateau, Run, attach, base, loader_step, steps, untouched
from passo.trace import Trace
from tests.optim.tools import adam, graded, sgd, update

OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD without momentum": lambda p: torch.optim.SGD(p, lr=0.1),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "AdamW, Tensor lr": lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.1), foreach=False),
    "Adam, capturable": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True),
    "Rprop": lambda p: torch.optim.Rprop(p, lr=0.1),
    "LBFGS": lambda p: torch.optim.LBFGS(p, lr=0.1),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
}


class Odd(nn.Module):
    """A network with all that a network can hold."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))
        self.head = nn.Linear(6, 2)
        self.tied = self.head
        self.register_buffer("hidden", torch.zeros(3), persistent=False)
        self.register_buffer("wide", torch.zeros(1).expand(5))
        self.calls = 0
        self.seen: list[float] = []
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x):
        self.calls += 1
        self.seen.append(float(x[0, 0]))
        self.hidden += 1
        return self.tied(self.body(x))


def a_step(model, optimizer):
    def step():
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4)).square().mean()
        loss.backward()
        return loss

    return optimizer.step(step)


def state(model, optimizer):
    """Everything, as values and as identities."""
    kept = optimizer.state
    values = [
        copy.deepcopy(model.state_dict()),
        model.hidden.clone(),
        copy.deepcopy(optimizer.state_dict()),
        [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        [module.training for module in model.modules()],
        (model.calls, list(model.seen)),
        [p.requires_grad for p in model.parameters()],
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        torch.get_rng_state(),
    ]
    identities = [
        *map(id, model.parameters()),
        *map(id, model.buffers()),
        *(id(p.grad) for p in model.parameters() if p.grad is not None),
        *(p.data_ptr() for p in model.parameters()),
        id(optimizer.param_groups),
        *map(id, optimizer.param_groups),
        *(id(value) for group in optimizer.param_groups for value in group.values()),
        id(kept),
        *(id(each) for own in kept.values() for each in own.values()),
        id(model.seen),
    ]
    return values, identities


def bits(tensor):
    return tensor.detach().reshape(-1).clone().view(torch.uint8)


def same(one, other):
    """By bits: a closure that draws a batch each time takes LBFGS to NaN once in a while."""
    if isinstance(one, torch.Tensor):
        alike = (one.dtype, one.shape) == (other.dtype, other.shape)
        return alike and torch.equal(bits(one), bits(other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


def test_what_is_compared_bit_for_bit_may_be_nan_and_knows_a_bit():
    nan = torch.tensor([float("nan"), -0.0])
    assert same([nan, float("nan")], [nan.clone(), float("nan")])
    assert not same(nan, torch.tensor([float("nan"), 0.0]))


def havoc(model, optimizer):
    """All that a careless training step may do."""
    model.train()
    for _ in range(3):
        a_step(model, optimizer)
    model.body[2].eval()
    random.random()
    np.random.random()  # noqa: NPY002
    optimizer.param_groups[0].update(lr=7.0, weight_decay=1.0, novel=True)
    model.head.weight.requires_grad_(False)
    model.body[0].weight.data = torch.randn(6, 4)
    model.wide[0] = 5.0
    model.extra = 1
    optimizer.zero_grad()


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("under_way", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_everything_is_given_back_bit_for_bit(name, under_way, on_disk, tmp_path):
    model = Odd().eval()
    optimizer = OPTIMIZERS[name](model.parameters())
    if under_way:
        a_step(model, optimizer)
        model.body[0].train()
    values, identities = state(model, optimizer)
    with untouched(model, optimizer, folder=tmp_path if on_disk else None):
        havoc(model, optimizer)
        assert bool(list(tmp_path.iterdir())) == on_disk
    assert not hasattr(model, "extra")
    after, same_ones = state(model, optimizer)
    assert [same(one, other) for one, other in zip(values, after, strict=True)] == [True] * len(
        values
    )
    assert same_ones == identities
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_also_when_the_block_ends_in_an_exception(kind):
    model = Odd()
    optimizer = OPTIMIZERS["Adam"](model.parameters())
    values, identities = state(model, optimizer)

    def fail():
        with untouched(model, optimizer):
            havoc(model, optimizer)
            raise kind

    with pytest.raises(kind):
        fail()
    after, same_ones = state(model, optimizer)
    assert same(values, after)
    assert same_ones == identities


def test_the_optimizer_alone_gives_its_parameters_back():
    optimizer = sgd(momentum=0.9)
    with untouched(optimizer):
        update(optimizer, 3)
    (weight,) = optimizer.param_groups[0]["params"]
    assert (weight.item(), weight.grad, dict(optimizer.state)) == (1.0, None, {})


def test_a_group_that_joins_in_the_block_is_gone_after_it():
    optimizer = sgd()
    with untouched(optimizer):
        optimizer.add_param_group({"params": [nn.Parameter(torch.ones(2))]})
    assert len(optimizer.param_groups) == 1


def test_a_grad_scaler_is_given_back_also_one_that_was_never_used():
    for used in (False, True):
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)
        optimizer = sgd()

        def step(scaler=scaler, optimizer=optimizer):
            scaler.scale(torch.ones(1)).sum()
            graded(optimizer)
            scaler.step(optimizer)
            scaler.update()

        if used:
            step()
        before, tensor = scaler.state_dict(), scaler._scale
        with untouched(scaler, optimizer):
            step()
            assert scaler.state_dict() != before
        assert scaler.state_dict() == before
        assert scaler._scale is tensor


def test_generators_are_given_back():
    own = [torch.Generator().manual_seed(3), random.Random(3), np.random.default_rng(3)]
    draws = [
        lambda: torch.rand(1, generator=own[0]).item(),
        own[1].random,
        own[2].random,
        random.random,
        np.random.random,
        lambda: torch.rand(1).item(),
    ]
    with untouched(*own):
        first = [draw() for draw in draws]
    assert [draw() for draw in draws] == first


@pytest.mark.parametrize("own", [False, True])
def test_a_data_loader_deals_the_same_batches_again(own):
    generator = torch.Generator().manual_seed(1) if own else None
    loader = torch.utils.data.DataLoader(range(9), batch_size=2, shuffle=True, generator=generator)
    with untouched(loader):
        first = [batch.tolist() for batch in loader]
    assert [batch.tolist() for batch in loader] == first


def test_a_sampler_that_counts_epochs_is_given_back():
    sampler = torch.utils.data.DistributedSampler(range(9), num_replicas=1, rank=0)
    loader = torch.utils.data.DataLoader(range(9), sampler=sampler)
    with untouched(loader):
        sampler.set_epoch(5)
    assert sampler.epoch == 0


def test_any_object_with_a_state_dict_is_given_back():
    average = torch.optim.swa_utils.AveragedModel(nn.Linear(1, 1))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer := sgd(), 1)

    class Counter:
        def __init__(self):
            self.held = {"seen": [1]}

        def state_dict(self):
            return self.held

        def load_state_dict(self, held):
            self.held = held

    counter = Counter()
    with untouched(average, scheduler, optimizer, counter):
        average.update_parameters(nn.Linear(1, 1))
        update(optimizer)
        scheduler.step()
        counter.held["seen"].append(2)
    assert average.n_averaged.item() == 0
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (0, 1.0)
    assert counter.held == {"seen": [1]}


def test_torchs_scheduler_does_not_warn_of_an_order_that_only_the_block_had():
    optimizer = sgd()
    torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with untouched(optimizer):
        update(optimizer)
        assert optimizer._opt_called
    assert not hasattr(optimizer, "_opt_called")


def test_a_scheduler_stands_still(tmp_path):
    optimizer = sgd()
    trace = tmp_path / "trace.jsonl"
    scheduler = attach(optimizer, Cosine(base, 0), Run(steps(10)), record=trace)
    update(optimizer, 3)
    before = (scheduler.state_dict(), scheduler.values(), scheduler.last_used())
    with untouched(optimizer):
        optimizer.param_groups[0]["lr"] = 5.0
        update(optimizer, 4)
        assert optimizer.param_groups[0]["lr"] == 5.0
        assert scheduler.clock == 3
    assert (scheduler.state_dict(), scheduler.values(), scheduler.last_used()) == before
    assert optimizer.param_groups[0]["lr"] == scheduler.values()["lr"][0]
    update(optimizer, 7)
    assert scheduler.clock == 10
    scheduler.detach()
    found = Trace.load(trace)
    assert found.updates == 10
    assert max(found.used("lr")[1]) == 1.0


def test_a_report_made_in_the_block_is_forgotten():
    scheduler = attach(optimizer := sgd(), base * Plateau("loss", patience=0))
    scheduler.report(loss=1.0)
    with untouched(scheduler):
        scheduler.report(loss=1.0)
        scheduler.report(loss=1.0)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    assert optimizer.param_groups[0]["lr"] == 1.0
    scheduler.report(loss=1.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_a_clock_of_calls_is_put_back():
    scheduler = attach(optimizer := adam(), Cosine(base, 0), Run(steps(10)), clock="calls")
    scheduler.step()
    with untouched(optimizer):
        scheduler.step()
    assert scheduler.clock == 1
    assert optimizer.param_groups[0]["lr"] == scheduler.values()["lr"][0]


def test_a_loader_step_goes_on_where_it_was():
    model = nn.Linear(1, 1)
    seen = []
    loader = torch.utils.data.DataLoader(torch.arange(6.0).reshape(6, 1), batch_size=1)

    def loss_fn(output, batch):
        seen.append(int(batch))
        return output.square().mean()

    step = loader_step(model, sgd_of(model), loss_fn, loader)
    step()
    with untouched(step):
        step()
    step()
    assert seen == [0, 0, 1]


def sgd_of(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def test_when_one_thing_cannot_be_given_back_the_others_are():
    class Broken:
        def state_dict(self):
            return {}

        def load_state_dict(self, _):
            raise RuntimeError("broken")

    optimizer = sgd()
    with pytest.raises(RuntimeError, match=r"^broken$"), untouched(optimizer, Broken()):
        update(optimizer)
    assert optimizer.param_groups[0]["params"][0].item() == 1.0


def test_a_second_ctrl_c_waits_until_all_is_given_back():
    class Impatient:
        def state_dict(self):
            return {}

        def load_state_dict(self, _):
            signal.raise_signal(signal.SIGINT)

    optimizer, listening = sgd(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), untouched(optimizer, Impatient()):
        update(optimizer)
    assert optimizer.param_groups[0]["params"][0].item() == 1.0
    assert signal.getsignal(signal.SIGINT) is listening


def test_it_works_in_a_thread():
    optimizer = sgd()

    def block():
        with untouched(optimizer):
            update(optimizer)

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert optimizer.param_groups[0]["params"][0].item() == 1.0


def test_what_cannot_be_given_back_is_refused_before_anything_runs():
    text = (
        "<object> cannot be given back as it was: it has no state_dict and load_state_dict; name "
        "what has them, such as [model, scaler, loader]"
    )

    class Plain:
        def __repr__(self):
            return "<object>"

    ran = []
    with (
        pytest.raises(PassoError, match=f"^{re.escape(text)}$"),
        untouched(Plain()),
    ):
        ran.append(1)
    assert ran == []
