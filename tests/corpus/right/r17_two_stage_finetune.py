import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

torch.manual_seed(4)
X, y = load_breast_cancer(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y)
BS = 64
N_BATCHES = (len(X) + BS - 1) // BS


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.classifier = nn.Linear(16, 2)

    def forward(self, x):
        return self.classifier(self.features(x))


def run_stage(name, model, optimizer, scheduler, epochs):
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(X)).split(BS):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(X[idx]), y[idx])
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(idx)
        print(f"[{name}] {epoch} loss {total / len(X):.4f} lr {optimizer.param_groups[0]['lr']:.2e}")


model = Net()
model.features.requires_grad_(False)
opt = optim.Adam(model.classifier.parameters(), lr=1e-2)
run_stage("head", model, opt, CosineAnnealingLR(opt, T_max=4 * N_BATCHES), epochs=4)

model.features.requires_grad_(True)
opt = optim.Adam([
    {"params": model.features.parameters()},
    {"params": model.classifier.parameters()},
], lr=1e-3)
sched = OneCycleLR(opt, max_lr=[2e-3, 5e-3], epochs=10, steps_per_epoch=N_BATCHES)
run_stage("full", model, opt, sched, epochs=10)
