"""After a bad epoch all three states are put back, and the scheduler steps on from there."""

from copy import deepcopy

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs = 16
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=epochs - 1)
trained = model, optimizer, scheduler

for epoch in range(epochs):
    for batch in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
    if epoch < 9:
        good = [deepcopy(each.state_dict()) for each in trained]
    if epoch == 9:
        for each, state in zip(trained, good):
            each.load_state_dict(state)
    scheduler.step()
