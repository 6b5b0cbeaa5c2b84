"""Two phases: the rate is set by hand, and a scheduler of another kind is built for the second."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)


def train(scheduler, epochs):
    for epoch in range(epochs):
        for batch in range(5):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()


train(CosineAnnealingLR(optimizer, T_max=8), 8)
for group in optimizer.param_groups:
    group["lr"] = group["initial_lr"] = 0.02
train(StepLR(optimizer, step_size=3, gamma=0.5), 9)
