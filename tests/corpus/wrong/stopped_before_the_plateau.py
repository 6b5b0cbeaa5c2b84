"""Early stopping after 3 bad epochs, beside a plateau with the usual patience of 10."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

held, goals = torch.randn(64, 8), torch.randn(64, 1)

optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = ReduceLROnPlateau(optimizer)

best, bad = float("inf"), 0
for epoch in range(100):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()

    with torch.no_grad():
        v = nn.functional.mse_loss(model(held), goals).item()

    scheduler.step(v)
    if v < best - 1e-4:
        best, bad = v, 0
    else:
        bad += 1
        if bad >= 3:
            break
