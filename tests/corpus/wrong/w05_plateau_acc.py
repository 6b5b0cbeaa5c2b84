import torch
from torch import nn, optim
from torch.optim.lr_scheduler import ReduceLROnPlateau
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def load():
    X, y = load_digits(return_X_y=True)
    Xtr, Xte, ytr, yte = train_test_split(X / 16.0, y, test_size=0.25, random_state=3, stratify=y)
    to_f = lambda a: torch.tensor(a, dtype=torch.float32)
    return to_f(Xtr), torch.tensor(ytr), to_f(Xte), torch.tensor(yte)


def train_one_epoch(model, X, y, opt, criterion, bs=128):
    model.train()
    for idx in torch.randperm(len(X)).split(bs):
        opt.zero_grad()
        criterion(model(X[idx]), y[idx]).backward()
        opt.step()


@torch.no_grad()
def evaluate(model, X, y, criterion):
    model.eval()
    out = model(X)
    return criterion(out, y).item(), (out.argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(3)
    Xtr, ytr, Xte, yte = load()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10))
    criterion = nn.CrossEntropyLoss()
    opt = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = ReduceLROnPlateau(opt, factor=0.1, patience=2)
    best = 0.0
    for epoch in range(20):
        train_one_epoch(model, Xtr, ytr, opt, criterion)
        val_loss, val_acc = evaluate(model, Xte, yte, criterion)
        scheduler.step(val_acc)
        best = max(best, val_acc)
        print(f"Epoch {epoch + 1:02d}: val_loss={val_loss:.3f} val_acc={val_acc:.3f} lr={opt.param_groups[0]['lr']:.1e}")
    print("best acc", round(best, 4))


if __name__ == "__main__":
    main()
