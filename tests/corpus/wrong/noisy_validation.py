"""Validation on eight examples: its noise is larger than any progress of an epoch."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(1)
weight = nn.Parameter(torch.full((8,), 4.0))
optimizer = torch.optim.SGD([weight], lr=0.01)
scheduler = ReduceLROnPlateau(optimizer, factor=0.8, patience=4)

for epoch in range(160):
    for batch in range(3):
        optimizer.zero_grad()
        weight.square().mean().backward()
        optimizer.step()
    noise = torch.rand(8).mean().item() * 6
    val_loss = weight.detach().square().mean().item() + noise
    scheduler.step(val_loss)
