"""A warm-up by hand over 20 epochs, in a run of 6."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

base, warmup = 0.05, 20
optimizer = torch.optim.SGD(model.parameters(), lr=base)

for epoch in range(6):
    for group in optimizer.param_groups:
        group["lr"] = base * min(1.0, (epoch + 1) / warmup)
    for batch in range(10):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
