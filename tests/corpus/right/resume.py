"""Saved half way, and resumed in the order that torch asks for."""

import io

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def train(optimizer, scheduler, steps):
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()


optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=40)
train(optimizer, scheduler, 20)
file = io.BytesIO()
torch.save([model.state_dict(), optimizer.state_dict(), scheduler.state_dict()], file)

file.seek(0)
states = torch.load(file)
model.load_state_dict(states[0])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=40)
optimizer.load_state_dict(states[1])
scheduler.load_state_dict(states[2])
train(optimizer, scheduler, 20)
