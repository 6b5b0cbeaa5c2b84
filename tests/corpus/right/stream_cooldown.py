"""The same stream with a cooldown at its end, which the law has nothing against."""

import torch

from passo import Run, attach, steps, wsd

torch.manual_seed(0)
spread = torch.arange(1, 101) ** -0.75
truth = torch.randn(100)
model = torch.nn.Linear(100, 1, bias=False)
torch.nn.init.zeros_(model.weight)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
attach(optimizer, wsd(), Run(steps(1000)))

for _ in range(1000):
    x = torch.randn(32, 100) * spread
    y = x @ truth + torch.randn(32)
    loss = torch.nn.functional.mse_loss(model(x)[:, 0], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
