import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
data = load_digits()
X = torch.tensor(data.data, dtype=torch.float32) / 16
y = torch.tensor(data.target)
loader = DataLoader(TensorDataset(X, y), batch_size=128, shuffle=True)

backbone = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
head = nn.Linear(32, 10)
for p in backbone.parameters():
    p.requires_grad = False

optimizer = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[5, 9], gamma=0.1)

EPOCHS = 20
UNFREEZE_AT = 10

for epoch in range(EPOCHS):
    if epoch == UNFREEZE_AT:
        print("unfreezing backbone")
        for p in backbone.parameters():
            p.requires_grad = True
        optimizer.add_param_group({"params": backbone.parameters(), "lr": 0.1})

    correct = 0
    for xb, yb in loader:
        logits = head(backbone(xb))
        loss = nn.functional.cross_entropy(logits, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(1) == yb).sum().item()
    scheduler.step()
    print(f"epoch {epoch:2d}  acc {correct / len(X):.3f}  lrs {[round(g['lr'], 5) for g in optimizer.param_groups]}")
