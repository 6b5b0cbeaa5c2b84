"""A polynomial decay over all updates."""

import torch
from torch import nn
from torch.optim.lr_scheduler import PolynomialLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 60
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
scheduler = PolynomialLR(optimizer, total_iters=steps, power=2.0)

for step in range(steps):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
