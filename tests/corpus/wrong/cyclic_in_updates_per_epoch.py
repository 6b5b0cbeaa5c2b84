"""Half a cycle is 200 updates, and the schedule moves once an epoch: it hardly rises."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CyclicLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = CyclicLR(optimizer, base_lr=0.001, max_lr=0.05, step_size_up=200)

for epoch in range(20):
    for k in range(0, 64, 8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs[k : k + 8]), targets[k : k + 8]).backward()
        optimizer.step()
    scheduler.step()
