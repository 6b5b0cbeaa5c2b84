import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LinearLR, StepLR
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_circles


def train_one_epoch(model, optimizer, loader, epoch):
    model.train()
    warmup = None
    if epoch == 0:
        warmup_iters = min(1000, len(loader) - 1)
        warmup = LinearLR(optimizer, start_factor=1.0 / 100, total_iters=warmup_iters)
    total = 0.0
    for xb, yb in loader:
        loss = nn.functional.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if warmup is not None:
            warmup.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.4f} lr {optimizer.param_groups[0]['lr']:.4f}")


def main():
    torch.manual_seed(5)
    X, y = make_circles(1000, noise=0.1, factor=0.5, random_state=5)
    loader = DataLoader(TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y)), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    lr_scheduler = StepLR(optimizer, step_size=4, gamma=0.1)
    for epoch in range(10):
        train_one_epoch(model, optimizer, loader, epoch)
        lr_scheduler.step()


if __name__ == "__main__":
    main()
