"""A plan of passo for each fold, on an optimizer that is built again, and on one that is used again."""

import torch
from torch import nn

from passo import Run, attach, one_cycle, steps

torch.manual_seed(0)
x, y = torch.randn(48, 8), torch.randn(48, 1)
model = nn.Linear(8, 1)
start = {name: each.clone() for name, each in model.state_dict().items()}
kept = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for optimizer in (None, None, kept, kept):
    model.load_state_dict(start)
    if optimizer is None:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = attach(optimizer, one_cycle(), Run(steps(30)))
    for step in range(30):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    scheduler.detach(restore=True)
