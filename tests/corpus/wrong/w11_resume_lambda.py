import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR


class TinyRegressor(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(dim, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.body(x).squeeze(-1)


def get_data():
    g = torch.Generator().manual_seed(9)
    X = torch.randn(640, 12, generator=g)
    w = torch.randn(12, generator=g)
    return X, torch.tanh(X @ w) + 0.05 * torch.randn(640, generator=g)


def decay(epoch):
    return 0.7 ** epoch


def train(model, optimizer, scheduler, start, end, ckpt_path):
    X, y = get_data()
    for epoch in range(start, end):
        total = 0.0
        for idx in torch.randperm(len(X)).split(64):
            loss = (model(X[idx]) - y[idx]).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        print(f"epoch {epoch}: mse {total / len(X):.4f} lr {optimizer.param_groups[0]['lr']:.2e}")
        scheduler.step()
    torch.save(
        {"epoch": end, "model": model.state_dict(), "opt": optimizer.state_dict(), "sched": scheduler.state_dict()},
        ckpt_path,
    )


def main():
    torch.manual_seed(9)
    with tempfile.TemporaryDirectory() as tmp:
        path = Path(tmp) / "ckpt.pth"
        model = TinyRegressor()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        scheduler = LambdaLR(optimizer, decay)
        train(model, optimizer, scheduler, 0, 6, path)

        ckpt = torch.load(path)
        model = TinyRegressor()
        model.load_state_dict(ckpt["model"])
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        optimizer.load_state_dict(ckpt["opt"])
        scheduler = LambdaLR(optimizer, decay)
        scheduler.load_state_dict(ckpt["sched"])
        train(model, optimizer, scheduler, ckpt["epoch"], 12, path)


if __name__ == "__main__":
    main()
