"""A plateau that is built in each epoch has counted to one when the epoch is over."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(20):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    for k in range(0, 64, 8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs[k : k + 8]), targets[k : k + 8]).backward()
        optimizer.step()
    with torch.no_grad():
        val_loss = nn.functional.mse_loss(model(inputs), targets).item()
    scheduler.step(val_loss)
