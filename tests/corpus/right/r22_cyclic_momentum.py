import torch
import torch.nn as nn
from torch.optim.lr_scheduler import CyclicLR
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_blobs

torch.manual_seed(2)
X, y = make_blobs(960, n_features=8, centers=6, cluster_std=4.0, random_state=2)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
loader = DataLoader(TensorDataset(X, torch.tensor(y)), batch_size=64, shuffle=True)

model = nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 6))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
scheduler = CyclicLR(optimizer, base_lr=1e-3, max_lr=0.1, step_size_up=2 * len(loader), mode="triangular2",
                     base_momentum=0.85, max_momentum=0.95)

n_cycles = 4
for epoch in range(4 * n_cycles):
    correct = 0
    for xb, yb in loader:
        out = model(xb)
        loss = nn.functional.cross_entropy(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        correct += (out.argmax(1) == yb).sum().item()
    g = optimizer.param_groups[0]
    print(f"epoch {epoch:2d} acc {correct / len(X):.3f} lr {g['lr']:.4f} momentum {g['momentum']:.3f}")
