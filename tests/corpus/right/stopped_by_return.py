"""Early stopping: the function that trains returns when the loss is small enough."""

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

torch.manual_seed(0)
EPOCHS, BATCHES = 40, 8
weight = nn.Parameter(torch.ones(8))
optimizer = torch.optim.SGD([weight], lr=0.05)
scheduler = OneCycleLR(optimizer, max_lr=0.5, total_steps=EPOCHS * BATCHES)


def fit():
    for epoch in range(EPOCHS):
        for _ in range(BATCHES):
            optimizer.zero_grad()
            loss = weight.square().mean()
            loss.backward()
            optimizer.step()
            scheduler.step()
        if loss.item() < 1e-3:
            print("good enough at epoch", epoch)
            return


fit()
