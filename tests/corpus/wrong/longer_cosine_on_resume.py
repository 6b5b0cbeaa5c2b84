"""T_max was 40 when it was saved; today the script says 80."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def train(optimizer, scheduler, steps):
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()


optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=40)
train(optimizer, scheduler, 20)
saved = optimizer.state_dict(), scheduler.state_dict()

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=80)
optimizer.load_state_dict(saved[0])
scheduler.load_state_dict(saved[1])
train(optimizer, scheduler, 20)
