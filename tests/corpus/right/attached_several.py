"""Plans of passo on two optimizers, each at its own pace, and one for the momentum."""

import sys

import torch
from torch import nn

from passo import Linear, Run, attach, cosine_decay, steps

def main():
    torch.manual_seed(0)
    x = torch.randn(16, 8)
    critic, artist = nn.Linear(8, 1), nn.Linear(8, 8)
    often = torch.optim.SGD(critic.parameters(), lr=0.01, momentum=0.9)
    seldom = torch.optim.Adam(artist.parameters(), lr=1e-3)
    attach(often, cosine_decay(), Run(steps(60)))
    attach(often, {"momentum": Linear(0.95, 0.85)}, Run(steps(60)))
    attach(seldom, cosine_decay(), Run(steps(12)))
    for step in range(60):
        often.zero_grad()
        critic(artist(x).detach()).square().mean().backward()
        often.step()
        if step % 5 == 4:
            seldom.zero_grad()
            (critic(artist(x)) - 1).square().mean().backward()
            seldom.step()
    sys.exit(0)

main()
