import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def cosine_scheduler(base_value, final_value, epochs, niter_per_ep, warmup_epochs=0, start_warmup_value=0.0):
    warmup_iters = warmup_epochs * niter_per_ep
    warmup = np.linspace(start_warmup_value, base_value, warmup_iters) if warmup_iters else np.array([])
    iters = np.arange(epochs * niter_per_ep - warmup_iters)
    schedule = final_value + 0.5 * (base_value - final_value) * (1 + np.cos(np.pi * iters / len(iters)))
    return np.concatenate((warmup, schedule))


def main():
    torch.manual_seed(8)
    epochs = 10
    X = torch.randn(960, 12)
    y = (X @ torch.randn(12, 4)).argmax(1)
    loader = DataLoader(TensorDataset(X, y), batch_size=48, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(12, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 4))
    optimizer = torch.optim.AdamW([
        {"params": [p for p in model.parameters() if p.ndim > 1]},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ])
    lrs = cosine_scheduler(4e-3, 1e-5, epochs, len(loader), warmup_epochs=1, start_warmup_value=1e-4)
    wds = cosine_scheduler(0.04, 0.4, epochs, len(loader))
    assert len(lrs) == len(wds) == epochs * len(loader)

    step = 0
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            for i, group in enumerate(optimizer.param_groups):
                group["lr"] = lrs[step]
                if i == 0:
                    group["weight_decay"] = wds[step]
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            step += 1
        print(f"Epoch: [{epoch}/{epochs}] loss {total / len(loader):.4f}")


if __name__ == "__main__":
    main()
