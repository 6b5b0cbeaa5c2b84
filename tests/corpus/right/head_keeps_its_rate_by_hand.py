"""A cosine by hand for all groups but one, whose flag says that it keeps its rate."""

import math

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
encoder, head = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 1)
optimizer = torch.optim.SGD(
    [
        {"params": encoder.parameters(), "fixed": False},
        {"params": head.parameters(), "fixed": True},
    ],
    lr=0.05,
)


def set_rates(epoch):
    for group in optimizer.param_groups:
        if group["fixed"]:
            continue
        group["lr"] = 0.05 * 0.5 * (1 + math.cos(math.pi * epoch / 10))


for epoch in range(10):
    set_rates(epoch)
    for batch in range(6):
        optimizer.zero_grad()
        nn.functional.mse_loss(head(encoder(inputs)), targets).backward()
        optimizer.step()
