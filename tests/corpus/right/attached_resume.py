"""A plan of passo that is saved after half of the run, and loaded into new objects."""

import copy

import torch
from torch import nn

from passo import Plateau, Run, attach, base, cosine_decay

torch.manual_seed(0)
x, y = torch.randn(16, 8), torch.randn(16, 1)

def build():
    model = nn.Linear(8, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = attach(optimizer, cosine_decay() * Plateau("loss", patience=5), Run.of(10, epochs=4))
    return model, optimizer, scheduler

def train(model, optimizer, scheduler, epochs):
    for epoch in range(epochs):
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.report(loss=loss)

parts = build()
while parts[2].clock < 20:
    train(*parts, 1)
saved = [copy.deepcopy(each.state_dict()) for each in parts]
train(*parts, 2)
again = build()
for each, state in zip(again, saved):
    each.load_state_dict(state)
train(*again, 2)
