"""The position is set back by one, so that each epoch may begin with the step to its own value."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs = 12
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = LambdaLR(optimizer, lambda epoch: 1 - 0.99 * epoch / epochs)
scheduler.last_epoch = -1

for epoch in range(epochs):
    scheduler.step()
    for batch in range(8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
