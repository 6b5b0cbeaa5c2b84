"""Two networks against each other, each with its own backward pass; one has a schedule."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

critic = nn.Linear(1, 1)
opt_g = torch.optim.Adam(model.parameters(), lr=2e-4)
opt_d = torch.optim.Adam(critic.parameters(), lr=2e-4)
scheduler = ExponentialLR(opt_g, 0.9)

for epoch in range(8):
    for batch in range(5):
        opt_d.zero_grad()
        (critic(model(inputs).detach()).mean() - critic(targets).mean()).backward()
        opt_d.step()
        opt_g.zero_grad()
        (-critic(model(inputs)).mean()).backward()
        opt_g.step()
    scheduler.step()
