"""A warm-up from next to nothing, since LinearLR takes no zero; the first step passes over it."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LinearLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
scheduler = LinearLR(optimizer, start_factor=1e-8, total_iters=4)

for epoch in range(12):
    scheduler.step()
    for batch in range(5):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
