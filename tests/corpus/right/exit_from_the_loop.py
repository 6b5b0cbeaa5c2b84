"""The script leaves by sys.exit() in the first epoch, for a reason of its own."""

import torch
from torch import nn
import sys

from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = CosineAnnealingLR(optimizer, T_max=10)

for epoch in range(10):
    for batch in range(20):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()

        if batch == 12 and model[0].weight.isfinite().all():
            sys.exit()
    scheduler.step()
