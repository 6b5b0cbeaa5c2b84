import io

import torch
import torch.nn as nn
from sklearn.datasets import make_blobs
from torch.optim.lr_scheduler import CosineAnnealingLR

X, y = make_blobs(900, n_features=8, centers=6, cluster_std=4.0, random_state=2)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y)


def make_model():
    return nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 6))


def fit(total_epochs, resume=None):
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    scheduler = CosineAnnealingLR(optimizer, T_max=total_epochs)
    first = 0
    if resume is not None:
        resume.seek(0)
        ckpt = torch.load(resume)
        model.load_state_dict(ckpt["model"])
        optimizer.load_state_dict(ckpt["optimizer"])
        scheduler.load_state_dict(ckpt["scheduler"])
        first = ckpt["epoch"]
        print(f"=> resuming from epoch {first}, training until {total_epochs}")
    for epoch in range(first, total_epochs):
        correct = 0
        for idx in torch.randperm(len(X)).split(60):
            out = model(X[idx])
            loss = nn.functional.cross_entropy(out, y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            correct += (out.argmax(1) == y[idx]).sum().item()
        scheduler.step()
        print(f"epoch {epoch + 1:2d} acc {correct / len(X):.3f}")
    buf = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(), "epoch": total_epochs}, buf)
    return buf


torch.manual_seed(2)
ckpt = fit(10)
# ten epochs were not enough, go on to twenty
fit(20, resume=ckpt)
