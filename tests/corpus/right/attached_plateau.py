"""A plan of passo that is told its metric."""

import torch
from torch import nn

from passo import Plateau, attach, base

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = attach(optimizer, base * Plateau("val_loss", patience=2, factor=0.5))

for epoch in range(9):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.report(val_loss=max(0.6, 1 - 0.1 * epoch))
