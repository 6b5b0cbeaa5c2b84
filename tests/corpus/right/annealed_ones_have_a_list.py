"""Two networks in turn; the list of those that are annealed says that it is a choice."""

import torch
from torch import nn

torch.manual_seed(0)
generator, critic = nn.Linear(4, 2), nn.Linear(2, 1)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(critic.parameters(), lr=1e-3)
annealed = [opt_g]

for update in range(60):
    for optimizer in annealed:
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (1 - update / 60)
    fake = generator(torch.randn(16, 4))
    opt_d.zero_grad()
    (critic(fake.detach()) - critic(torch.randn(16, 2))).mean().backward()
    opt_d.step()
    opt_g.zero_grad()
    (-critic(fake)).mean().backward()
    opt_g.step()
