import math

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
EPOCHS = 24
WARMUP = 4


def make_data(n):
    x = torch.rand(n, 1) * 6 - 3
    y = torch.sin(2 * x) + 0.3 * torch.randn_like(x)
    return x, y


train_loader = DataLoader(TensorDataset(*make_data(512)), batch_size=64, shuffle=True)
val_x, val_y = make_data(128)

model = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)

warmup = LambdaLR(optimizer, lambda e: min(1.0, (e + 1) / WARMUP))
plateau = ReduceLROnPlateau(optimizer, factor=0.3, patience=1, threshold=1e-2)

best = math.inf
for epoch in range(EPOCHS):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(val_x), val_y).item()
    lr = optimizer.param_groups[0]["lr"]
    plateau.step(val_loss)
    warmup.step()
    best = min(best, val_loss)
    print(f"{epoch:>3} val {val_loss:.4f} best {best:.4f} lr {lr:.5f}")
