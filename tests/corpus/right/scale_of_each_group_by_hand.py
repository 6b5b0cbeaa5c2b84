"""A decay by hand to the power that each group names; one names none, and stays at its rate."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
encoder, head = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 1)
optimizer = torch.optim.AdamW(
    [{"params": encoder.parameters(), "power": 2}, {"params": head.parameters(), "power": 0}],
    lr=1e-3,
)
groups = [group for group in optimizer.param_groups if group["params"]]

for step in range(60):
    for place, group in enumerate(groups):
        group["lr"] = 1e-3 * (1 - step / 60) ** group["power"]
    optimizer.zero_grad()
    nn.functional.mse_loss(head(encoder(inputs)), targets).backward()
    optimizer.step()
