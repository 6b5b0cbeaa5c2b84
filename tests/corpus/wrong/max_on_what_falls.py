"""mode="max" for a number that falls from report to report."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
scheduler = ReduceLROnPlateau(optimizer, "max", patience=4, factor=0.5)

for epoch in range(16):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
    watched = 2.0 * 0.8**epoch
    scheduler.step(watched)
