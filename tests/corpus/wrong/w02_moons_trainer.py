import torch
from torch import nn
from sklearn.datasets import make_moons


class Config:
    lr = 5e-2
    epochs = 30
    batch_size = 64
    hidden = 32
    weight_decay = 1e-4


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(1)
        X, y = make_moons(800, noise=0.2, random_state=1)
        X = torch.tensor(X, dtype=torch.float32)
        y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
        self.train_data = (X[:600], y[:600])
        self.val_data = (X[600:], y[600:])
        self.net = nn.Sequential(
            nn.Linear(2, cfg.hidden), nn.Tanh(),
            nn.Linear(cfg.hidden, cfg.hidden), nn.Tanh(),
            nn.Linear(cfg.hidden, 1),
        )
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=cfg.epochs)

    def train_epoch(self):
        X, y = self.train_data
        order = torch.randperm(len(X))
        running = 0.0
        for idx in order.split(self.cfg.batch_size):
            self.optimizer.zero_grad()
            loss = self.criterion(self.net(X[idx]), y[idx])
            loss.backward()
            self.optimizer.step()
            running += loss.item() * len(idx)
        return running / len(X)

    @torch.no_grad()
    def validate(self):
        X, y = self.val_data
        return ((self.net(X) > 0).float() == y).float().mean().item()

    def fit(self):
        for epoch in range(self.cfg.epochs):
            loss = self.train_epoch()
            acc = self.validate()
            if epoch % 5 == 0 or epoch == self.cfg.epochs - 1:
                lr = self.scheduler.get_last_lr()[0]
                print(f"[{epoch:03d}] loss={loss:.4f} val_acc={acc:.3f} lr={lr:.2e}")


if __name__ == "__main__":
    Trainer(Config()).fit()
