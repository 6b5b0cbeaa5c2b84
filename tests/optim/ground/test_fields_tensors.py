"""A Tensor is filled in place: its identity, type and memory stay, the cast comes last."""

from __future__ import annotations

import pytest
import torch

from passo import Linear, PassoWarning, attach, base, warmup_cosine
from passo.optim import tensorize
from passo.schedules import Run, steps
from tests.optim.tools import adam, sgd, update, values, weight
from tests.torches import OLD_TORCH

WAVE = warmup_cosine(peak=3e-4, warmup=steps(7)).on(Run(steps(40)))
TYPES = [torch.float32, torch.bfloat16, torch.float16, torch.float64]


def cast(number, dtype):
    return torch.tensor(number, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "shape",
    [(), pytest.param((1,), marks=pytest.mark.skipif(OLD_TORCH, reason="its SGD takes none"))],
)
def test_what_a_tensor_holds_is_the_cast_of_the_value_at_every_update(dtype, shape):
    lr = torch.full(shape, 0.1, dtype=dtype)
    optimizer = sgd(lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    attach(optimizer, WAVE)
    for t in range(45):
        assert optimizer.param_groups[0]["lr"] is lr
        assert (lr.dtype, lr.shape) == (dtype, torch.Size(shape))
        assert torch.equal(lr, cast(WAVE(t), dtype).reshape(shape))
        update(optimizer)


@pytest.mark.parametrize("dtype", TYPES)
def test_betas_keep_their_tensors(dtype):
    optimizer = adam()
    betas = (torch.tensor(0.9, dtype=dtype), torch.tensor(0.999, dtype=dtype))
    optimizer.param_groups[0]["betas"] = betas
    first, second = Linear(0.95, 0.85, steps(10)), Linear(0.9, 0.99, steps(10))
    attach(optimizer, {"momentum": first, "betas[1]": second})
    for t in range(12):
        held = optimizer.param_groups[0]["betas"]
        assert held[0] is betas[0]
        assert held[1] is betas[1]
        assert torch.equal(held[0], cast(first(t), dtype))
        assert torch.equal(held[1], cast(second(t), dtype))
        update(optimizer)


def test_a_view_is_filled_where_it_looks():
    table = torch.zeros(4)
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    for place, group in enumerate(optimizer.param_groups):
        group["lr"] = table[place]
    attach(optimizer, WAVE)
    update(optimizer, 9)
    wanted = float(cast(WAVE(9), torch.float32))
    assert table.tolist() == [wanted, wanted, 0.0, 0.0]


def test_a_tensor_that_two_groups_share_stays_the_first_ones_and_the_other_gets_a_clone():
    shared = torch.tensor(1.0)
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=shared)
    attach(optimizer, WAVE)
    update(optimizer, 3)
    first, other = (group["lr"] for group in optimizer.param_groups)
    assert first is shared is not other
    assert float(first) == float(other) == float(cast(WAVE(3), torch.float32))


def test_one_beta_may_be_a_tensor_and_the_other_a_float():
    optimizer = adam()
    second = torch.tensor(0.999)
    optimizer.param_groups[0]["betas"] = (0.9, second)
    attach(optimizer, {"betas[0]": Linear(0.5, 0.75, steps(4))})
    update(optimizer)
    assert optimizer.param_groups[0]["betas"][0] == 0.5625
    assert optimizer.param_groups[0]["betas"][1] is second


def test_a_tensor_that_asks_for_gradients_is_filled_without_them():
    lr = torch.tensor(0.1, requires_grad=True)
    optimizer = sgd(lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    attach(optimizer, WAVE)
    optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    with torch.no_grad():
        optimizer.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.requires_grad
    assert lr.item() == float(cast(WAVE(1), torch.float32))


def test_the_base_of_a_tensor_is_read_once_and_never_again():
    optimizer = sgd(lr=torch.tensor(0.5))
    scheduler = attach(optimizer, base * Linear(1.0, 0.0, steps(3)))
    update(optimizer, 2)
    optimizer.param_groups[0]["lr"].fill_(99.0)
    with pytest.warns(PassoWarning, match="another hand writes lr of param group 0"):
        update(optimizer)
    assert scheduler.values() == {"lr": [0.5 * Linear(1.0, 0.0, steps(3))(3)]}
    assert scheduler.base_lrs == [0.5]


def test_tensorize_makes_rates_and_betas_tensors_and_leaves_the_rest():
    optimizer = torch.optim.AdamW([weight()], lr=0.1, weight_decay=0.01)
    own = torch.tensor(0.25)
    optimizer.add_param_group({"params": [weight()], "lr": own})
    assert tensorize(optimizer) is optimizer
    for group in optimizer.param_groups:
        kinds = [type(group["lr"]), *map(type, group["betas"])]
        assert kinds == [torch.Tensor] * 3
        assert type(group["weight_decay"]) is float
    assert optimizer.param_groups[1]["lr"] is own
    update(optimizer, 2)


def test_floats_and_tensors_give_the_same_weights():
    ends = []
    for optimizer in (sgd(lr=0.1), tensorize(sgd(lr=0.1))):
        attach(optimizer, Linear(1.0, 0.0, steps(8)))  # eighths: exact in every type
        update(optimizer, 6)
        ends.append(optimizer.param_groups[0]["params"][0].item())
    assert ends[0] == ends[1]
    assert values(Linear(1.0, 0.0, steps(8)), 2) == [1.0, 0.875]
