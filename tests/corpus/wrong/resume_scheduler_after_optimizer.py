"""The natural order: load the optimizer, build the scheduler, load it."""

import io

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 40


def build(model):
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def train(optimizer, scheduler, begin, end):
    for step in range(begin, end):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()


optimizer = build(model)
scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=steps, cycle_momentum=False)
train(optimizer, scheduler, 0, 20)
file = io.BytesIO()
torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, file)

file.seek(0)
checkpoint = torch.load(file)
optimizer = build(model)
optimizer.load_state_dict(checkpoint["optimizer"])
scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=steps, cycle_momentum=False)
scheduler.load_state_dict(checkpoint["scheduler"])
train(optimizer, scheduler, 20, steps)
