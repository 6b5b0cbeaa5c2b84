"""Range tests of steps that other libraries make."""

from __future__ import annotations

import copy
import sys

import pytest
import torch
from torch import nn

from passo import Run, attach, loader_step, range_test, warmup_cosine
from tests.optim.wrapped import Sam

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
DATA = torch.utils.data.TensorDataset(X, X.sum(1, keepdim=True))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="accelerate is tested from 3.11 on")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_accelerates_wrappers_are_looked_through_and_given_back():
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    loader = torch.utils.data.DataLoader(DATA, batch_size=8, shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    scheduler = attach(optimizer, warmup_cosine(), Run.of(len(loader), epochs=2, accumulate=2))
    batches = iter(())

    def step():
        nonlocal batches
        losses = []
        for _ in range(2):
            batch = next(batches, None)
            if batch is None:
                batches = iter(loader)
                batch = next(batches)
            with accelerator.accumulate(model):
                losses.append(nn.functional.mse_loss(model(batch[0]), batch[1]))
                accelerator.backward(losses[-1])
                optimizer.step()
                optimizer.zero_grad()
        return sum(losses) / 2

    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    held = dict(vars(optimizer))
    test = range_test(step, optimizer, restore=[model, loader])
    assert len(test.values) == 100
    assert test.suggestion()
    assert str((model.state_dict(), optimizer.state_dict())) == str(before)
    assert vars(optimizer) == held
    assert scheduler.clock == 0


@pytest.mark.filterwarnings("ignore:os.fork")  # where jax runs in this process too
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_workers_that_persist_are_not_left_behind():
    model = nn.Linear(4, 1)
    loader = torch.utils.data.DataLoader(DATA, 8, num_workers=1, persistent_workers=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = loader_step(model, optimizer, nn.functional.mse_loss, loader)
    range_test(step, optimizer, restore=[], steps=3)
    assert loader._iterator is None


def test_a_fused_optimizer_with_a_scaler_counts_only_what_was_not_skipped():
    model = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    rates = []

    def step():
        rates.append(optimizer.param_groups[0]["lr"])
        loss = model(X).square().mean()
        scaler.scale(loss).backward()
        if len(rates) == 3:
            model.weight.grad.fill_(torch.inf)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        return loss

    test = range_test(step, optimizer, restore=[model, scaler], steps=6, high=1.0)
    assert len(rates) == 7
    assert tuple(dict.fromkeys(rates)) == test.values
    assert len(optimizer.state) == 0


def test_the_steps_of_what_a_wrapper_holds_are_its_updates():
    """SAM's `second_step` steps the optimizer inside, whose momentum is kept as plain SGD's is."""

    def tested(kind):
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        optimizer = kind(model.parameters())
        inner = getattr(optimizer, "base_optimizer", optimizer)

        def step():
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(X), X.sum(1, keepdim=True))
            loss.backward()
            inner.step()
            return loss

        found = range_test(step, optimizer, restore=[model], steps=20)
        assert not any(getattr(each, name) for each in (optimizer, inner) for name in HOOKS)
        return found.values, found.losses

    plain = tested(lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9))
    assert tested(lambda given: Sam(given, torch.optim.SGD, lr=0.1, momentum=0.9)) == plain
