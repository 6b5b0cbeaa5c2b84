"""A warm-up class of one's own steps the cosine that it was given, once the warm-up is over."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

torch.manual_seed(0)
x = torch.randn(240, 6)
y = x[:, :2].sum(1, keepdim=True)
EPOCHS, RISE = 15, 3


class GradualWarmup(LRScheduler):
    def __init__(self, optimizer, epochs, then):
        self.epochs = epochs
        self.then = then
        super().__init__(optimizer)

    def get_lr(self):
        share = min(1.0, (self.last_epoch + 1) / self.epochs)
        return [share * rate for rate in self.base_lrs]

    def step(self, epoch=None):
        if self.last_epoch < self.epochs:
            super().step(epoch)
        else:
            self.then.step()
            self._last_lr = self.then.get_last_lr()


model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
cosine = CosineAnnealingLR(optimizer, T_max=EPOCHS - RISE)
scheduler = GradualWarmup(optimizer, RISE, cosine)
for epoch in range(EPOCHS):
    for batch in range(0, 240, 40):
        loss = nn.functional.mse_loss(model(x[batch : batch + 40]), y[batch : batch + 40])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    print(epoch, loss.item(), optimizer.param_groups[0]["lr"])
