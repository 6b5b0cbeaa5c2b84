"""Trained on with the optimizer's moments, a rate of its own and a new cosine."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def begin():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return optimizer, CosineAnnealingLR(optimizer, T_max=8)


def train(optimizer, scheduler, epochs):
    for epoch in epochs:
        for batch in range(4):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()


optimizer, scheduler = begin()
train(optimizer, scheduler, range(8))
saved = optimizer.state_dict()

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
optimizer.load_state_dict(saved)
for group in optimizer.param_groups:
    group["lr"] = 0.02
    group.pop("initial_lr")
train(optimizer, CosineAnnealingLR(optimizer, T_max=12), range(12))
