"""The same stream with torch's cosine, whose rates are low for too long."""

import torch

torch.manual_seed(0)
spread = torch.arange(1, 101) ** -0.75
truth = torch.randn(100)
model = torch.nn.Linear(100, 1, bias=False)
torch.nn.init.zeros_(model.weight)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)

for _ in range(1000):
    x = torch.randn(32, 100) * spread
    y = x @ truth + torch.randn(32)
    loss = torch.nn.functional.mse_loss(model(x)[:, 0], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
