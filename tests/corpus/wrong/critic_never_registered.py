"""A trainer anneals its optimizers by hand; the critic's was never put into the list."""

import torch
from torch import nn


class Trainer:
    def __init__(self, updates):
        self.updates, self.made, self.optimizers = updates, 0, []
        self.generator, self.critic = nn.Linear(4, 2), nn.Linear(2, 1)
        self.opt_g = self.registered(torch.optim.Adam(self.generator.parameters(), lr=1e-3))
        self.opt_d = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def registered(self, optimizer):
        self.optimizers.append(optimizer)
        return optimizer

    def anneal(self):
        for optimizer in self.optimizers:
            set_rate(optimizer, 1e-3 * (1 - self.made / self.updates))

    def step(self, real):
        self.anneal()
        fake = self.generator(torch.randn(len(real), 4))
        self.opt_d.zero_grad()
        (self.critic(fake.detach()) - self.critic(real)).mean().backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        (-self.critic(fake)).mean().backward()
        self.opt_g.step()
        self.made += 1


def set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate


torch.manual_seed(0)
trainer = Trainer(60)
for _ in range(60):
    trainer.step(torch.randn(16, 2))
