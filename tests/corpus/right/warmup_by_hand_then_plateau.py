"""A plateau from the start; a linear warm-up by hand while it has not reduced anything."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
plateau = ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
warmup, step = 10, 0

for epoch in range(14):
    for batch in range(5):
        if step < warmup:
            for group in optimizer.param_groups:
                group["lr"] = 0.02 * (step + 1) / warmup
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        step += 1
    val_loss = max(0.5, 1.0 - 0.1 * epoch)
    plateau.step(val_loss)
