import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


def synthetic(n=1024, d=16, seed=0):
    g = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=g)
    w = torch.randn(d, 1, generator=g)
    return X, X @ w + 0.5 * (X[:, :1] * X[:, 1:2]) + 0.1 * torch.randn(n, 1, generator=g)


def main(epochs=8, max_lr=3.0):
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*synthetic()), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=max_lr, total_steps=epochs * len(loader))
    loss_fn = nn.MSELoss()
    history = []
    for epoch in range(epochs):
        epoch_loss = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
            epoch_loss += loss.item()
        history.append(epoch_loss / len(loader))
        print(f"epoch {epoch}: mse {history[-1]:.4g}, lr {scheduler.get_last_lr()[0]:.4f}")
    return history


if __name__ == "__main__":
    main()
