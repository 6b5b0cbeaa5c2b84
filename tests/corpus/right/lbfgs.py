"""LBFGS: many closures, one update."""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
scheduler = StepLR(optimizer, step_size=5, gamma=0.5)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(inputs), targets)
    loss.backward()
    return loss


for step in range(15):
    optimizer.step(closure)
    scheduler.step()
