"""A warm-up by hand before a cosine, as a tutorial shows it."""

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim.lr_scheduler import CosineAnnealingLR


class SimpleModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(10, 1)

    def forward(self, x):
        return self.linear(x)


model = SimpleModel()
initial_lr = 0.001
optimizer = optim.Adam(model.parameters(), lr=initial_lr)
warmup_epochs = 5
total_epochs = 50
max_lr_after_warmup = 0.01
data_loader = [(torch.randn(8, 10), torch.randn(8, 1)) for _ in range(4)]


def train_one_epoch(model, optimizer, data_loader):
    for inputs, targets in data_loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()


scheduler_main = CosineAnnealingLR(optimizer, T_max=(total_epochs - warmup_epochs), eta_min=0.0)
print(f"LR Inicial: {optimizer.param_groups[0]['lr']:.6f}")
for epoch in range(total_epochs):
    train_one_epoch(model, optimizer, data_loader)
    if epoch < warmup_epochs:
        lr_scale = (epoch + 1) / warmup_epochs
        for param_group in optimizer.param_groups:
            param_group["lr"] = initial_lr * lr_scale
    elif epoch == warmup_epochs:
        for param_group in optimizer.param_groups:
            param_group["lr"] = max_lr_after_warmup
        scheduler_main.last_epoch = -1
    else:
        scheduler_main.step()
    optimizer.step()
