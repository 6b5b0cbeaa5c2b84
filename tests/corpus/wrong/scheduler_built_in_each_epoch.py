"""The function that trains an epoch builds a scheduler, which so begins anew in each."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
EPOCHS = 20


def train_one_epoch():
    scheduler = CosineAnnealingLR(optimizer, T_max=EPOCHS)
    for k in range(0, 64, 8):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs[k : k + 8]), targets[k : k + 8]).backward()
        optimizer.step()
    scheduler.step()


for epoch in range(EPOCHS):
    train_one_epoch()
