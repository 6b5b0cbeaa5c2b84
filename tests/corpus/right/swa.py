"""Stochastic weight averaging takes over for the last epochs."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import SWALR, AveragedModel

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
averaged = AveragedModel(model)
scheduler = CosineAnnealingLR(optimizer, T_max=10, eta_min=0.01)
swa_scheduler = SWALR(optimizer, swa_lr=0.01, anneal_epochs=2)

for epoch in range(15):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    if epoch >= 10:
        averaged.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
