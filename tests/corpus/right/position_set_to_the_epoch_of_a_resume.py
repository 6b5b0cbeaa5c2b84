"""A resumed run sets the position to the epoch before, and steps first."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs, start = 12, 5
optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
scheduler = LambdaLR(optimizer, lambda epoch: 1 - 0.99 * epoch / epochs)
scheduler.last_epoch = start - 1

for epoch in range(start, epochs):
    scheduler.step()
    for batch in range(8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
