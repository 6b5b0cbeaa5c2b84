"""A plan of passo, warm-up and cosine."""

import torch
from torch import nn

from passo import Run, attach, percent, warmup_cosine

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = attach(optimizer, warmup_cosine(warmup=percent(10)), Run.of(len(loader), epochs=6))

for epoch in range(6):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
