"""Copy and paste: the second cosine is for the first optimizer again."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

other = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
second = torch.optim.SGD(other.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=20)
scheduler_of_second = CosineAnnealingLR(optimizer, T_max=20)

for epoch in range(20):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        second.zero_grad()
        nn.functional.mse_loss(other(inputs), targets).backward()
        second.step()
    scheduler.step()
    scheduler_of_second.step()
