"""A scheduler for each of the optimizers; that of the second network is not among them."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
generator, critic = nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizers = {"generator": opt_g}

schedulers = {}
for name, optimizer in optimizers.items():
    schedulers[name] = CosineAnnealingLR(optimizer, 8, eta_min=1e-6)

for epoch in range(8):
    for batch in range(5):
        fake = generator(torch.randn(16, 4))
        opt_d.zero_grad()
        (critic(fake.detach()).mean() - critic(torch.randn(16, 2)).mean()).backward()
        opt_d.step()
        opt_g.zero_grad()
        (-critic(fake)).mean().backward()
        opt_g.step()
    for scheduler in schedulers.values():
        scheduler.step()
