"""A warm-up from 0 in updates, then a line down to nothing at the end."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
warmup = 10


def rate(step):
    if step < warmup:
        return step / warmup
    return max(0.0, (steps - step) / (steps - warmup))


scheduler = LambdaLR(optimizer, rate)

for step in range(steps):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
