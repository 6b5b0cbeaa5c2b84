"""The same with a fused optimizer, which is called and changes nothing."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

steps = 50
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
scheduler = CosineAnnealingLR(optimizer, T_max=steps)
scaler = torch.amp.GradScaler("cpu")

for step in range(steps):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(inputs), targets)
    if step % 10 == 3:
        loss = loss * float("inf")
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    scheduler.step()
