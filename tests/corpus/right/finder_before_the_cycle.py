"""A search for the rate on the same optimizer, put back, and then the cycle."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
weights = {name: value.clone() for name, value in model.state_dict().items()}
before = optimizer.state_dict()


def set_rate(rate):
    for group in optimizer.param_groups:
        group["lr"] = rate


for step in range(30):
    set_rate(1e-5 * 1.3**step)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
model.load_state_dict(weights)
optimizer.load_state_dict(before)
set_rate(0.02)
scheduler = OneCycleLR(optimizer, max_lr=0.02, total_steps=80, cycle_momentum=False)
for step in range(80):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
    scheduler.step()
