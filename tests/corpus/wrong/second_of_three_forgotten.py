"""Three optimizers of one model; a function moves the rates of two, each epoch."""

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

parts = [model[0], model[2], nn.Linear(1, 1)]
optimizers = [
    torch.optim.SGD(parts[0].parameters(), lr=0.05),
    torch.optim.Adam(parts[1].parameters(), lr=0.002),
    torch.optim.SGD(parts[2].parameters(), lr=0.05, momentum=0.9),
]


def set_rates(epoch):
    for optimizer, rate in ((optimizers[0], 0.05), (optimizers[2], 0.05)):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.8**epoch


for epoch in range(8):
    set_rates(epoch)
    for batch in range(5):
        for optimizer in optimizers:
            optimizer.zero_grad()
        nn.functional.mse_loss(parts[2](model(inputs)), targets).backward()
        for optimizer in optimizers:
            optimizer.step()
