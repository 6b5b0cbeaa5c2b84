"""A scheduler of one's own keeps the groups that were there; a late one is left out."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


class Halving(LRScheduler):
    def __init__(self, optimizer):
        self.covered = list(optimizer.param_groups)
        super().__init__(optimizer)

    def step(self, epoch=None):
        self.last_epoch += 1
        for group, base in zip(self.covered, self.base_lrs):
            group["lr"] = base * 0.5 ** (self.last_epoch // 3)


optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1)
scheduler = Halving(optimizer)

for epoch in range(12):
    if epoch == 3:
        optimizer.add_param_group({"params": model[0].parameters(), "lr": 0.1})
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
