import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_moons


def main():
    torch.manual_seed(6)
    X, y = make_moons(640, noise=0.2, random_state=6)
    loader = DataLoader(TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y)), batch_size=64, shuffle=True)
    iters = len(loader)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2, eta_min=1e-4)
    # cycles of 4, 8 and 16 epochs
    for epoch in range(4 + 8 + 16):
        total = 0.0
        for i, (xb, yb) in enumerate(loader):
            scheduler.step(epoch + i / iters)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        if epoch + 1 in (4, 12, 28):
            print(f"snapshot after epoch {epoch + 1}: loss {total / iters:.4f}")


if __name__ == "__main__":
    main()
