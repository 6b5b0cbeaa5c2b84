"""A warm-up by hand for each batch that ends on what the lambda says for its epoch."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs, batches, warmup = 16, 8, 24
optimizer = torch.optim.SGD(model.parameters(), lr=0.04, momentum=0.9)


def share(epoch):
    return 1 - 0.9 * epoch / epochs


scheduler = LambdaLR(optimizer, share)

for epoch in range(epochs):
    for batch in range(batches):
        step = epoch * batches + batch
        if step <= warmup:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * share(epoch) * step / warmup
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
    scheduler.step()
