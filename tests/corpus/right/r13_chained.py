import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from torch.optim.lr_scheduler import ChainedScheduler, ExponentialLR, LinearLR

torch.manual_seed(4)
X, y = load_breast_cancer(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)

model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
scheduler = ChainedScheduler([
    LinearLR(optimizer, start_factor=0.2, total_iters=4),
    ExponentialLR(optimizer, gamma=0.88),
])

for epoch in range(22):
    total = 0.0
    for idx in torch.randperm(len(X)).split(64):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(X[idx]), y[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    if epoch % 4 == 0:
        print(f"epoch {epoch:2d} loss {total / len(X):.4f} next lr {scheduler.get_last_lr()[0]:.2e}")
