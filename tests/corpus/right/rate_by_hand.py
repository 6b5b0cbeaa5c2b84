"""A whole schedule by hand, on every group, as nanoGPT has it."""

import math

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps, warmup, peak, floor = 80, 8, 1e-2, 1e-3
optimizer = torch.optim.AdamW(model.parameters(), lr=peak)


def get_lr(step):
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / (steps - warmup)
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * share))


for step in range(steps):
    for group in optimizer.param_groups:
        group["lr"] = get_lr(step)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
