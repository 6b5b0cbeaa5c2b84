"""The one-cycle climbs to a rate at which the weights explode."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
weight = nn.Parameter(torch.full((4,), 1.0))
curvature = torch.tensor([1.0, 2.0, 5.0, 10.0])
optimizer = torch.optim.SGD([weight], lr=0.01)
scheduler = OneCycleLR(optimizer, max_lr=2.0, total_steps=40, cycle_momentum=False)

for step in range(40):
    optimizer.zero_grad()
    loss = (curvature * weight**2).sum() / 2
    loss.backward()
    optimizer.step()
    scheduler.step()
