"""Warm restarts, and a run that ends within the second cycle, which is twice as long."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)

for epoch in range(25):
    for k in range(0, 64, 8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs[k : k + 8]), targets[k : k + 8]).backward()
        optimizer.step()
    scheduler.step()
