import time

import torch
import torch.nn as nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_iris


def train_epoch(model, loader, optimizer, num_epochs):
    criterion = nn.CrossEntropyLoss()
    scheduler = CosineAnnealingLR(optimizer, T_max=len(loader) * num_epochs)
    model.train()
    loss_sum, n = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        loss_sum += loss.item() * len(x)
        n += len(x)
    return loss_sum / n


def eval_epoch(model, x, y):
    model.eval()
    with torch.inference_mode():
        return (model(x).argmax(-1) == y).float().mean().item()


def main():
    torch.manual_seed(17)
    x, y = load_iris(return_X_y=True)
    x = torch.tensor(x, dtype=torch.float32)
    x = (x - x.mean(0)) / x.std(0)
    y = torch.tensor(y)
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = AdamW(model.parameters(), lr=2e-2)
    num_epochs = 20
    start = time.time()
    for epoch in range(num_epochs):
        loss = train_epoch(model, loader, optimizer, num_epochs)
        acc = eval_epoch(model, x, y)
        print(f"epoch {epoch + 1:2d} | loss {loss:.4f} | acc {acc:.3f}")
    print(f"done in {time.time() - start:.1f}s")


if __name__ == "__main__":
    main()
