"""accelerate, with the schedule prepared."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

try:
    from accelerate import Accelerator
except ImportError:
    raise SystemExit from None

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs = 4
accelerator = Accelerator(cpu=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
total = epochs * len(loader)
scheduler = LambdaLR(optimizer, lambda step: max(0.0, 1 - step / total))
model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)

for epoch in range(epochs):
    for x, y in loader:
        optimizer.zero_grad()
        accelerator.backward(nn.functional.mse_loss(model(x), y))
        optimizer.step()
        scheduler.step()
