import argparse

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale


def build_scheduler(optimizer, args):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=args.warmup)
    cosine = CosineAnnealingLR(optimizer, T_max=args.epochs - args.warmup, eta_min=args.min_lr)
    return SequentialLR(optimizer, [warmup, cosine], milestones=[args.warmup])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--warmup", type=int, default=5)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--min-lr", type=float, default=1e-5)
    args = p.parse_args()

    torch.manual_seed(0)
    X, y = load_wine(return_X_y=True)
    X, y = torch.tensor(scale(X), dtype=torch.float32), torch.tensor(y)
    model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = build_scheduler(optimizer, args)
    for epoch in range(args.epochs):
        for idx in torch.randperm(len(X)).split(16):
            loss = nn.functional.cross_entropy(model(X[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            print(f"epoch {epoch} loss {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.5f}")
        scheduler.step()


if __name__ == "__main__":
    main()
