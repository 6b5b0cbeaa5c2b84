"""Two schedulers on one optimizer; the lambda puts its own value back each time."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, MultiStepLR

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warmup = LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / 5))
decay = MultiStepLR(optimizer, milestones=[10, 15], gamma=0.1)

for epoch in range(20):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    decay.step()
    warmup.step()
