"""A schedule by hand that moves param_groups[0] and forgets the others."""

import math

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 80
decayed = [p for p in model.parameters() if p.ndim > 1]
others = [p for p in model.parameters() if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": decayed}, {"params": others, "weight_decay": 0.0}], lr=1e-2, weight_decay=0.1
)

for step in range(steps):
    rate = 1e-2 * 0.5 * (1 + math.cos(math.pi * step / steps))
    optimizer.param_groups[0]["lr"] = rate
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
