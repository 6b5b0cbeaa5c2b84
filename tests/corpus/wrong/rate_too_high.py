"""A peak that the loss surface does not bear."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
scheduler = CosineAnnealingLR(optimizer, T_max=steps)

for step in range(steps):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(
        nn.functional.linear(inputs, model[0].weight).sum(1), targets[:, 0]
    )
    loss.backward()
    optimizer.step()
    scheduler.step()
