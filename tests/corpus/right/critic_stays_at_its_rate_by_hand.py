"""Two networks in turn; a line names the optimizer whose rate it moves, the other one stays."""

import torch
from torch import nn

torch.manual_seed(0)
generator, critic = nn.Linear(4, 2), nn.Linear(2, 1)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(critic.parameters(), lr=1e-3)
optimizers = [opt_g, opt_d]

for update in range(60):
    for group in opt_g.param_groups:
        group["lr"] = 1e-3 * (1 - update / 60)
    fake = generator(torch.randn(16, 4))
    for optimizer in optimizers:
        optimizer.zero_grad()
    (critic(fake.detach()) - critic(torch.randn(16, 2))).mean().backward()
    opt_d.step()
    opt_g.zero_grad()
    (-critic(fake)).mean().backward()
    opt_g.step()
