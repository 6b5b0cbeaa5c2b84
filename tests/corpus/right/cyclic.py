"""A triangle."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CyclicLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
scheduler = CyclicLR(optimizer, 0.001, 0.05, step_size_up=10, cycle_momentum=False)

for step in range(steps):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
