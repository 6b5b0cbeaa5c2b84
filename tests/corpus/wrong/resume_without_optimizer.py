"""Only model and scheduler are saved; the new optimizer starts at its base rate."""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def train(optimizer, scheduler, epochs):
    for epoch in range(epochs):
        for batch in range(4):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()


optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = StepLR(optimizer, step_size=4, gamma=0.5)
train(optimizer, scheduler, 10)
saved = {"model": model.state_dict(), "scheduler": scheduler.state_dict()}

model.load_state_dict(saved["model"])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = StepLR(optimizer, step_size=4, gamma=0.5)
scheduler.load_state_dict(saved["scheduler"])
train(optimizer, scheduler, 6)
