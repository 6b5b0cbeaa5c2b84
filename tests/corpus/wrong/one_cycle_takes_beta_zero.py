"""betas=(0.0, 0.9), as for a critic; the one-cycle makes 0.95 of the first."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 80
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.0, 0.9))
scheduler = OneCycleLR(optimizer, max_lr=0.002, total_steps=steps)

for step in range(steps):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
