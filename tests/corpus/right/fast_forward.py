"""No scheduler state: the schedule is wound forward to where the run stands."""

import warnings

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def train(optimizer, scheduler, steps):
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()


done, steps = 15, 45
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = LambdaLR(optimizer, lambda step: 1 - step / steps)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for _ in range(done):
        scheduler.step()
train(optimizer, scheduler, steps - done)
