"""Muon for the matrices and AdamW for the rest, each with its scheduler."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

matrices = [each for each in model.parameters() if each.ndim == 2]
vectors = [each for each in model.parameters() if each.ndim < 2]

optimizers = [torch.optim.Muon(matrices, lr=1e-3), torch.optim.AdamW(vectors, lr=3e-4)]
shape = lambda step: min(1, (step + 1) / 6, (60 - step) / 30)
schedulers = [LambdaLR(each, shape) for each in optimizers]

for step in range(60):
    for optimizer in optimizers:
        optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    for optimizer, scheduler in zip(optimizers, schedulers):
        optimizer.step()
        scheduler.step()
