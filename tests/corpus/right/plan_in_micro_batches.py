"""One advance for each micro-batch, of a plan that was counted in micro-batches."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

accumulate, batches = 4, 160
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = CosineAnnealingLR(optimizer, T_max=batches)

for batch in range(batches):
    nn.functional.mse_loss(model(inputs), targets).backward()
    if (batch + 1) % accumulate == 0:
        optimizer.step()
        optimizer.zero_grad()
    scheduler.step()
