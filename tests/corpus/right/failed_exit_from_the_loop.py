"""A guard leaves with an exit status before the scheduler was due."""

import torch
from torch import nn
import sys

from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = CosineAnnealingLR(optimizer, T_max=10)


def guard(loss, batch):
    if not loss.isfinite() or batch == 12:
        sys.exit(1)


for epoch in range(10):
    for batch in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        guard(loss, batch)
        loss.backward()
        optimizer.step()
    scheduler.step()
