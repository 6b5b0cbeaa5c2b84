"""CyclicLR cycles the momentum as well, between 0.8 and 0.9."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CyclicLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.95)
scheduler = CyclicLR(optimizer, base_lr=0.001, max_lr=0.02, step_size_up=10)

for step in range(60):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
