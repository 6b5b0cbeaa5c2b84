"""A warm-up by hand over the first epochs; the staircase falls long after it."""

import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.04)
scheduler = MultiStepLR(optimizer, milestones=[12, 18])
step, warmup = 0, 16

for epoch in range(22):
    for batch in range(8):
        if step < warmup:
            for group in optimizer.param_groups:
                group["lr"] = 0.04 * (step + 1) / warmup
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        step += 1
    scheduler.step()
