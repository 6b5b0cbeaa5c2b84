"""mode="max" for a loss called v: the reductions themselves end its fall."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

held_inputs = torch.randn(64, 8)
weights = torch.randn(8, 1)
targets, held_targets = inputs @ weights, held_inputs @ weights
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=2)

for epoch in range(30):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()

    with torch.no_grad():
        v = nn.functional.mse_loss(model(held_inputs), held_targets).item()
    scheduler.step(v)
