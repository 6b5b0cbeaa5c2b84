"""A class that says when to stop, less patient than the plateau, and a return in a function."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

held, goals = torch.randn(64, 8), torch.randn(64, 1)


class Stopper:
    def __init__(self, patience):
        self.patience, self.best, self.wait = patience, None, 0

    def __call__(self, value):
        better = self.best is None or value < self.best
        self.best, self.wait = (value, 0) if better else (self.best, self.wait + 1)
        return self.wait > self.patience


def train():
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=20)
    stopper = Stopper(patience=6)
    for epoch in range(200):
        for batch in range(4):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
        with torch.no_grad():
            v = nn.functional.mse_loss(model(held), goals).item()
        scheduler.step(v)
        if stopper(v):
            return


train()
