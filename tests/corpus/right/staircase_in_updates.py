"""A staircase that is counted in updates, in a loop of epochs."""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
scheduler = StepLR(optimizer, step_size=15, gamma=0.8)

for epoch in range(20):
    for batch in range(6):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
