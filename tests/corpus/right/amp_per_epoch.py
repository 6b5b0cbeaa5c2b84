"""Mixed precision, fused, with a skip at the end of an epoch; the schedule is in epochs."""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
scheduler = StepLR(optimizer, step_size=3, gamma=0.5)
scaler = torch.amp.GradScaler("cpu")

for epoch in range(9):
    for batch in range(5):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        if (epoch, batch) in ((0, 0), (2, 4)):
            loss = loss * float("inf")
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    scheduler.step()
