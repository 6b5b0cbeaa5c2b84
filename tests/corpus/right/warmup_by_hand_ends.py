"""A linear warm-up by hand to the rate of the optimizer, and then that rate."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

peak, warmup = 6e-4, 50
optimizer = torch.optim.AdamW(model.parameters(), lr=peak)

for step in range(300):
    for group in optimizer.param_groups:
        group["lr"] = peak * min(1.0, (step + 1) / (warmup + 1))
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
