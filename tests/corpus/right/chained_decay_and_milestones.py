"""A decay and a staircase, both stepped each epoch: the rate is their product."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR, MultiStepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
decay = ExponentialLR(optimizer, gamma=0.95)
falls = MultiStepLR(optimizer, milestones=[10, 16], gamma=0.25)

for epoch in range(20):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
    decay.step()
    falls.step()
