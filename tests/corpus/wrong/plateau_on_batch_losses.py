"""A plateau told the noisy loss of each batch."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
weight = nn.Parameter(torch.full((8,), 3.0))
optimizer = torch.optim.SGD([weight], lr=0.002)
scheduler = ReduceLROnPlateau(optimizer, factor=0.7, patience=5)

for step in range(400):
    optimizer.zero_grad()
    loss = weight.square().mean()
    loss.backward()
    optimizer.step()
    batch_loss = loss.item() + 0.4 * torch.rand(()).item()
    scheduler.step(batch_loss)
