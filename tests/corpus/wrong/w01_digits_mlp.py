import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16.0
y = torch.tensor(digits.target)
perm = torch.randperm(len(x))
train_ds = TensorDataset(x[perm[:1400]], y[perm[:1400]])
test_x, test_y = x[perm[1400:]], y[perm[1400:]]
train_loader = DataLoader(train_ds, batch_size=100, shuffle=True)

model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
epochs = 12
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.2)


def train(epoch):
    model.train()
    total = 0.0
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(train_loader)


def test():
    model.eval()
    with torch.no_grad():
        return (model(test_x).argmax(1) == test_y).float().mean().item()


for epoch in range(epochs):
    scheduler.step()
    loss = train(epoch)
    print(f"Epoch {epoch:2d} loss {loss:.4f} acc {test():.4f} lr {optimizer.param_groups[0]['lr']:.4f}")
