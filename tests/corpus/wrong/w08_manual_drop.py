import torch
from torch import nn
from sklearn.datasets import make_circles


def adjust_learning_rate(optimizer, epoch, base_lr):
    """Drop the lr at epochs 12 and 18."""
    if epoch in (12, 18):
        factor = 0.1 if epoch == 12 else 0.01
        for group in optimizer.param_groups:
            group["lr"] = base_lr * factor


def main():
    torch.manual_seed(5)
    X, y = make_circles(600, noise=0.1, factor=0.5, random_state=5)
    X = torch.tensor(X, dtype=torch.float32)
    y = torch.tensor(y)
    base_lr = 0.1
    net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))
    opt = torch.optim.SGD(net.parameters(), lr=base_lr, momentum=0.9, nesterov=True)
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lr_lambda=lambda it: min(1.0, (it + 1) / 50))
    ce = nn.CrossEntropyLoss()

    for epoch in range(24):
        adjust_learning_rate(opt, epoch, base_lr)
        tot, hits = 0.0, 0
        for idx in torch.randperm(len(X)).split(50):
            logits = net(X[idx])
            loss = ce(logits, y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            tot += loss.item() * len(idx)
            hits += (logits.argmax(1) == y[idx]).sum().item()
        if (epoch + 1) % 4 == 0:
            print(f"epoch {epoch + 1}: loss {tot / len(X):.4f}, acc {hits / len(X):.3f}")


if __name__ == "__main__":
    main()
