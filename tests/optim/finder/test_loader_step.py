"""The usual loop as a function: every kind of batch, accumulation, AMP, a loader without end."""

from __future__ import annotations

import re
from collections import namedtuple
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from passo import Constant, PassoError, attach, loader_step, range_test, untouched

X, Y = torch.arange(24.0).reshape(12, 2) / 24, torch.ones(12, 1)
Pair = namedtuple("Pair", "x y")  # noqa: PYI024


class Named(nn.Linear):
    """A model that wants its inputs by name, and knows its own loss."""

    def forward(self, x, labels=None):
        output = super().forward(x)
        if labels is None:
            return output
        return SimpleNamespace(loss=(output - labels).square().mean(), output=output)


def made(**settings):
    torch.manual_seed(0)
    model = Named(2, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, **settings)


def expected(batches, updates):
    """The losses of the loop that everyone writes, on whole batches of inputs and targets."""
    model, optimizer = made()
    losses = []
    for t in range(updates):
        x, y = batches[t % len(batches)]
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def mse(output, targets):
    return nn.functional.mse_loss(output, targets)


HALVES = [(X[:6], Y[:6]), (X[6:], Y[6:])]
KINDS = {
    "tuples": (HALVES, mse),
    "lists": ([list(each) for each in HALVES], mse),
    "named tuples": ([Pair(*each) for each in HALVES], mse),
    "dicts": (
        [{"x": x, "labels": y} for x, y in HALVES],
        lambda found, batch: mse(found.output, batch["labels"]),
    ),
    "dicts and a model that knows its loss": ([{"x": x, "labels": y} for x, y in HALVES], None),
    "tensors": (
        [x for x, _ in HALVES],
        lambda output, batch: mse(output, torch.ones(len(batch), 1)),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_batch_gives_the_losses_of_the_loop_that_everyone_writes(kind):
    batches, loss_fn = KINDS[kind]
    step = loader_step(*made(), loss_fn, batches)
    found = [step().item() for _ in range(5)]  # the loader of two batches begins again
    assert found == pytest.approx(expected(HALVES, 5), rel=1e-6)


def test_several_inputs_go_into_the_model_in_turn():
    model = nn.Bilinear(2, 2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wanted = mse(model(X, X), Y).item()
    assert loader_step(model, optimizer, mse, [(X, X, Y)])().item() == pytest.approx(wanted)


@pytest.mark.parametrize("parts", [2, 3, 6])
def test_accumulating_parts_is_one_update_of_the_whole(parts):
    pieces = [(x, y) for x, y in zip(X.chunk(parts), Y.chunk(parts), strict=True)]
    step = loader_step(*made(), mse, pieces, accumulate=parts)
    found = [step().item() for _ in range(4)]
    assert found == pytest.approx(expected([(X, Y)], 4), rel=1e-5)


def test_the_curve_of_accumulated_parts_is_the_curve_of_the_whole():
    tests = []
    for batches, parts in (([(X, Y)], 1), (list(zip(X.chunk(4), Y.chunk(4), strict=True)), 4)):
        model, optimizer = made()
        step = loader_step(model, optimizer, mse, batches, accumulate=parts)
        tests.append(range_test(step, optimizer, restore=[], high=1.0, steps=30))
    assert tests[0].values == tests[1].values
    assert tests[0].losses == pytest.approx(tests[1].losses, rel=1e-4)


def test_with_a_scaler_it_runs_under_autocast_and_steps_through_it():
    types = []
    model, optimizer = made()
    model.register_forward_hook(lambda _m, _i, output: types.append(output.dtype))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    step = loader_step(model, optimizer, lambda o, y: mse(o.float(), y), HALVES, scaler=scaler)
    before = model.weight.detach().clone()
    assert step().item() == pytest.approx(expected(HALVES, 1)[0], rel=0.05)
    assert types == [torch.bfloat16]
    assert not torch.equal(model.weight, before)
    test = range_test(step, optimizer, restore=[], steps=5, high=0.1)
    assert len(test.losses) == 5


def test_a_scaler_that_is_switched_off_changes_nothing():
    step = loader_step(*made(), mse, HALVES, scaler=torch.amp.GradScaler("cpu", enabled=False))
    assert [step().item() for _ in range(2)] == expected(HALVES, 2)


def test_batches_go_where_the_model_is_and_to_another_device_on_request():
    model, optimizer = made()
    batches = [{"x": X, "labels": Y, "name": "kept as it is"}]
    devices = []

    def loss_fn(_output, batch):
        devices.append((batch["x"].device.type, batch["name"]))
        return torch.zeros((), requires_grad=True)

    class Any(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = model.weight

        def forward(self, **_batch):
            return None

    loader_step(Any(), optimizer, loss_fn, batches)()
    loader_step(Any(), optimizer, loss_fn, batches, device="meta")
    assert devices == [("cpu", "kept as it is")]
    assert loader_step(Any(), optimizer, loss_fn, batches, device="meta").device.type == "meta"


def test_a_sampler_that_shuffles_by_epoch_is_told():
    sampler = torch.utils.data.DistributedSampler(range(12), num_replicas=1, rank=0)
    data = torch.utils.data.TensorDataset(X, Y)
    loader = torch.utils.data.DataLoader(data, batch_size=12, sampler=sampler)
    step = loader_step(*made(), mse, loader)
    epochs = []
    for _ in range(3):
        step()
        epochs.append(sampler.epoch)
    assert epochs == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"loader": []}, "the loader gave no batch, got []"),
        ({"loader": iter([])}, "the loader gave no batch, got <list_iterator>"),
        ({"loss_fn": None}, "loss_fn=None is for batches that are dicts, got a tuple"),
        ({"accumulate": 0}, "accumulate must be a whole number of at least 1, got 0"),
    ],
)
def test_what_it_refuses(settings, text):
    model, optimizer = made()
    given = {"loss_fn": mse, "loader": HALVES, **settings}
    message = re.escape(text).replace("<list_iterator>", "<list_iterator object at .*")
    with pytest.raises(PassoError, match=f"^{message}$"):
        loader_step(model, optimizer, **given)()


def test_several_optimizers_make_one_update_together():
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    pair = {name: torch.optim.SGD([each], lr=0.1) for name, each in model.named_parameters()}
    scheduler = attach(pair, Constant(0.1))
    batches = [(torch.ones(4, 2), torch.zeros(4, 1))]
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    step = loader_step(model, pair, nn.functional.mse_loss, batches, scaler=scaler)
    before = [each.detach().clone() for each in model.parameters()]
    assert step() > step()
    assert [each.clock.updates for each in scheduler._engines] == [2, 2]
    assert all(each.grad is None for each in model.parameters())
    with untouched(step):
        step()
    assert scheduler.clock == 2
    assert not any(map(torch.equal, before, model.parameters()))
    with pytest.raises(PassoError) as caught:
        loader_step(model, [], nn.functional.mse_loss, batches)
    assert str(caught.value) == (
        "loader_step needs a torch optimizer, got []; write loader_step(model, [muon, adamw], "
        "loss_fn, loader)"
    )
