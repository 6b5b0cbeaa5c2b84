"""A decay by hand is given the epoch that comes next, and is at zero for all of the last one."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs = 10
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(1, epochs + 1):
    for group in optimizer.param_groups:
        group["lr"] = 0.05 * (1 - epoch / epochs)
    for batch in range(6):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
