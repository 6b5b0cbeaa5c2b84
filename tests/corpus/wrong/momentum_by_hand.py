"""The one-cycle cycles the momentum, and the script sets it."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = OneCycleLR(
    optimizer, max_lr=0.05, total_steps=steps, base_momentum=0.85, max_momentum=0.95
)

for step in range(steps):
    if step == 30:
        optimizer.param_groups[0]["momentum"] = 0.99
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
