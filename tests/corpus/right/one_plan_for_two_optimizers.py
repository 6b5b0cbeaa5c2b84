"""One function moves the rates of both optimizers."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

matrices = [each for each in model.parameters() if each.ndim == 2]
vectors = [each for each in model.parameters() if each.ndim < 2]

optimizers = [torch.optim.Muon(matrices, lr=1e-3), torch.optim.AdamW(vectors, lr=3e-4)]
bases = [1e-3, 3e-4]

for step in range(60):
    for optimizer, base in zip(optimizers, bases):
        for group in optimizer.param_groups:
            group["lr"] = base * (60 - step) / 60
        optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    for optimizer in optimizers:
        optimizer.step()
