"""A plateau whose reductions the lambda erases."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scheduler = LambdaLR(optimizer, lambda epoch: 0.98**epoch)
plateau = ReduceLROnPlateau(optimizer, patience=2, factor=0.5)

for epoch in range(16):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    val_loss = max(0.5, 1.0 - 0.1 * epoch)
    plateau.step(val_loss)
    scheduler.step()
