"""A one-cycle with its momentum, for every update."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.95)
scheduler = OneCycleLR(
    optimizer, max_lr=0.1, total_steps=steps, base_momentum=0.85, max_momentum=0.95
)

for step in range(steps):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
