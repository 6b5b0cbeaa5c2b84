"""Two processes make one range test: the same answer on each, and no trace on any."""

from __future__ import annotations

import pytest

from tests.optim.tools import on_ranks

SETUP = """
from passo import range_test, loader_step
torch.manual_seed(rank)
model = torch.nn.Linear(3, 1)
inputs = torch.randn(32, 3)
data = torch.utils.data.TensorDataset(inputs, inputs.sum(1, keepdim=True))
"""
STORIES = {
    "the same": SETUP
    + """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
own = []
def step():
    optimizer.zero_grad()
    loss = (model(inputs) - 1).square().mean()
    loss.backward()
    optimizer.step()
    own.append(loss.item())
    return loss
test = range_test(step, optimizer, restore=[model])
print(test.values, test.runs, test.suggestion())
print(own[0])
""",
    "a NaN on one": SETUP
    + """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
calls = []
def step():
    calls.append(1)
    model.weight.grad = torch.zeros(1, 3)
    optimizer.step()
    return float("nan") if rank == 1 and len(calls) == 20 else 1.0
print(len(range_test(step, optimizer, restore=[]).values))
""",
    "DDP": SETUP
    + """
parallel = torch.nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1, momentum=0.9)
sampler = torch.utils.data.DistributedSampler(data, num_replicas=size, rank=rank)
loader = torch.utils.data.DataLoader(data, batch_size=4, sampler=sampler)
step = loader_step(parallel, optimizer, torch.nn.functional.mse_loss, loader, accumulate=2)
def train():
    for _ in range(5):
        step()
    return [p.tolist() for p in parallel.parameters()], sampler.epoch
from passo import untouched
with untouched(step):
    plain = train()
test = range_test(step, optimizer, restore=[], repeats=2)
print(test.values, test.runs, test.suggestion())
with untouched(step):
    print(train() == plain)
""",
}


@pytest.fixture(scope="module")
def told():
    return on_ranks(STORIES, 2)


def test_every_rank_gets_the_same_answer_from_losses_that_differ(told):
    (first, *own), (second, *others) = told["the same"]
    assert first == second
    assert own != others
    assert str((float(own[0]) + float(others[0])) / 2)[:8] in first


def test_every_rank_stops_where_one_meets_a_nan(told):
    assert told["a NaN on one"] == [["20"], ["20"]]


def test_distributed_training_after_it_is_as_before(told):
    first, second = told["DDP"]
    assert first == second
    assert first[-1] == "True"
