"""The optimizer comes back with its rate; the scheduler was never saved."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def begin():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return optimizer, LambdaLR(optimizer, lambda epoch: 0.8**epoch)


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

optimizer, scheduler = begin()
optimizer.load_state_dict(saved)
train(optimizer, scheduler, range(8, 16))
