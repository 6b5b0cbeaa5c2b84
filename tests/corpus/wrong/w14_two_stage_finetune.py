import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.classifier = nn.Linear(16, 2)

    def forward(self, x):
        return self.classifier(self.features(x))


class FineTuner:
    def __init__(self, head_epochs=5, full_epochs=15):
        self.head_epochs = head_epochs
        self.full_epochs = full_epochs
        self.model = Net()
        X, y = load_breast_cancer(return_X_y=True)
        self.X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
        self.y = torch.tensor(y)
        for p in self.model.features.parameters():
            p.requires_grad_(False)
        self.optimizer = optim.Adam(self.model.classifier.parameters(), lr=1e-2)
        self.scheduler = lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=head_epochs + full_epochs)

    def unfreeze(self):
        for p in self.model.features.parameters():
            p.requires_grad_(True)
        self.optimizer = optim.Adam(self.model.parameters(), lr=self.scheduler.get_last_lr()[0])

    def epoch(self):
        total = 0.0
        for idx in torch.randperm(len(self.X)).split(64):
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.model(self.X[idx]), self.y[idx])
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(idx)
        self.scheduler.step()
        return total / len(self.X)

    def run(self):
        for e in range(self.head_epochs):
            print(f"[head] {e} loss {self.epoch():.4f}")
        self.unfreeze()
        for e in range(self.full_epochs):
            print(f"[full] {e} loss {self.epoch():.4f} lr {self.scheduler.get_last_lr()[0]:.5f}")


if __name__ == "__main__":
    torch.manual_seed(4)
    FineTuner().run()
