"""A warm-up by hand that joins the schedule, while the accumulation grows with it."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

epochs, batches, last = 20, 16, -1
warmup = 3 * batches
shape = lambda epoch: 1 - 0.9 * epoch / epochs
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = LambdaLR(optimizer, shape)

for epoch in range(epochs):
    for batch in range(batches):
        done = batch + batches * epoch
        if done <= warmup:
            for group in optimizer.param_groups:
                group["lr"] = 0.05 * shape(epoch) * done / warmup
                group["momentum"] = 0.8 + 0.1 * done / warmup
        accumulate = max(1, round(1 + 3 * done / warmup)) if done <= warmup else 4
        nn.functional.mse_loss(model(inputs), targets).backward()
        if done - last >= accumulate:
            optimizer.step()
            optimizer.zero_grad()
            last = done
    scheduler.step()
