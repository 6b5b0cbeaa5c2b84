"""A function that sets the rates returns from inside its loop, after the first group."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
encoder, head = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 1)
optimizer = torch.optim.SGD(
    [{"params": encoder.parameters()}, {"params": head.parameters()}], lr=0.05
)


def adjust_learning_rate(optimizer, epoch):
    rate = 0.05 * 0.5 ** (epoch // 3)
    for group in optimizer.param_groups:
        group["lr"] = rate
        return rate


for epoch in range(10):
    rate = adjust_learning_rate(optimizer, epoch)
    for batch in range(6):
        optimizer.zero_grad()
        nn.functional.mse_loss(head(encoder(inputs)), targets).backward()
        optimizer.step()
