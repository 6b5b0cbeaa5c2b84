"""Muon for the matrices has a warm-up and a decay, the AdamW beside it stays at its rate."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

matrices = [each for each in model.parameters() if each.ndim == 2]
vectors = [each for each in model.parameters() if each.ndim < 2]

muon = torch.optim.Muon(matrices, lr=1e-3)
adamw = torch.optim.AdamW(vectors, lr=1e-3)
scheduler = LambdaLR(muon, lambda step: min(1, (step + 1) / 6, (60 - step) / 30))

for step in range(60):
    loss = nn.functional.mse_loss(model(inputs), targets)
    for optimizer in (muon, adamw):
        optimizer.zero_grad()
    loss.backward()
    for optimizer in (muon, adamw):
        optimizer.step()
    scheduler.step()
