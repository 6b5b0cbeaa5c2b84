"""One advance for each micro-batch, of a decay that was meant for updates."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

accumulate = 4
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = ExponentialLR(optimizer, gamma=0.99)

for batch in range(160):
    nn.functional.mse_loss(model(inputs), targets).backward()
    if (batch + 1) % accumulate == 0:
        optimizer.step()
        optimizer.zero_grad()
    scheduler.step()
