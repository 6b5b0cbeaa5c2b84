"""A plan of passo that begins in its middle, and ends before its end."""

import torch
from torch import nn
from passo import Cosine, Run, attach, steps

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = attach(optimizer, Cosine(0.05, 0.005), Run(steps(100)))
scheduler.seek(50)

for step in range(20):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
