import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale


def parse_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", default=25, type=int)
    p.add_argument("--warmup-epochs", default=5, type=int)
    p.add_argument("--lr", default=0.02, type=float)
    p.add_argument("--batch-size", default=16, type=int)
    p.add_argument("--seed", default=0, type=int)
    return p.parse_args()


def set_lr(optimizer, lr):
    for g in optimizer.param_groups:
        g["lr"] = lr


def main(args):
    torch.manual_seed(args.seed)
    X, y = load_wine(return_X_y=True)
    ds = TensorDataset(torch.tensor(scale(X), dtype=torch.float32), torch.tensor(y))
    loader = DataLoader(ds, batch_size=args.batch_size, shuffle=True, drop_last=True)

    model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
    warmup_lr = args.lr * 0.05
    optimizer = torch.optim.SGD(model.parameters(), lr=warmup_lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda e: 0.97 ** e,
    )

    warmup_iters = args.warmup_epochs * len(loader)
    it = 0
    for epoch in range(args.epochs):
        running = 0.0
        for xb, yb in loader:
            if it < warmup_iters:
                set_lr(optimizer, warmup_lr + (args.lr - warmup_lr) * it / warmup_iters)
            loss = F.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item()
            it += 1
        if epoch >= args.warmup_epochs - 1:
            scheduler.step()
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: loss {running / len(loader):.4f}")


if __name__ == "__main__":
    main(parse_args())
