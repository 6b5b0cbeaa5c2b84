"""Two optimizers, two schedulers; one of them is stepped twice by mistake, under its own if."""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

first = torch.optim.SGD(model[0].parameters(), lr=0.1)
second = torch.optim.SGD(model[2].parameters(), lr=0.1)
schedulers = {"first": StepLR(first, 3, 0.5), "second": StepLR(second, 3, 0.5)}

for epoch in range(9):
    for x, y in loader:
        first.zero_grad()
        second.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        first.step()
        second.step()
    schedulers["first"].step()
