"""T_max is made longer after loading, but the cosine has come to 0 and stays there."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def begin(length):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return optimizer, CosineAnnealingLR(optimizer, T_max=length)


def train(optimizer, scheduler, epochs):
    for epoch in epochs:
        for batch in range(4):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()


optimizer, scheduler = begin(8)
train(optimizer, scheduler, range(8))
saved = optimizer.state_dict(), scheduler.state_dict()

optimizer, scheduler = begin(16)
optimizer.load_state_dict(saved[0])
scheduler.load_state_dict(saved[1])
scheduler.T_max = 16
train(optimizer, scheduler, range(8, 16))
