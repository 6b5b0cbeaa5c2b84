"""A warm-up and a decay by hand, both for group 0 alone."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

first, _, last = model
optimizer = torch.optim.Adam(
    [{"params": first.parameters()}, {"params": last.parameters()}], lr=0.004
)

for step in range(120):
    share = (step + 1) / 20 if step < 20 else 1 - (step - 19) / 101
    optimizer.param_groups[0]["lr"] = 0.004 * share
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()
