"""Two optimizers, two schedules."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(0)
generator, critic = nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
sched_g, sched_d = ExponentialLR(opt_g, 0.95), ExponentialLR(opt_d, 0.95)
bce = nn.functional.binary_cross_entropy_with_logits

for epoch in range(8):
    for batch in range(5):
        real, fake = torch.randn(16, 2), generator(torch.randn(16, 4))
        opt_d.zero_grad()
        loss_d = bce(critic(real), torch.ones(16, 1)) + bce(
            critic(fake.detach()), torch.zeros(16, 1)
        )
        loss_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = bce(critic(fake), torch.ones(16, 1))
        loss_g.backward()
        opt_g.step()
    sched_g.step()
    sched_d.step()
