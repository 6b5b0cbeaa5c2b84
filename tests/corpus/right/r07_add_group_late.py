import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
data = load_digits()
X = torch.tensor(data.data, dtype=torch.float32) / 16
y = torch.tensor(data.target)
loader = DataLoader(TensorDataset(X, y), batch_size=128, shuffle=True)

backbone = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
head = nn.Linear(32, 10)
backbone.requires_grad_(False)

EPOCHS = 18
UNFREEZE_AT = 6

optimizer = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=UNFREEZE_AT, eta_min=0.01)

for epoch in range(EPOCHS):
    if epoch == UNFREEZE_AT:
        print("unfreezing backbone")
        backbone.requires_grad_(True)
        optimizer.add_param_group({"params": list(backbone.parameters()), "lr": 0.02})
        for group, lr in zip(optimizer.param_groups, (0.05, 0.02)):
            group["lr"] = group["initial_lr"] = lr
        scheduler = CosineAnnealingLR(optimizer, T_max=EPOCHS - UNFREEZE_AT)

    correct = 0
    for xb, yb in loader:
        logits = head(backbone(xb))
        loss = nn.functional.cross_entropy(logits, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(1) == yb).sum().item()
    scheduler.step()
    print(f"epoch {epoch:2d}  acc {correct / len(X):.3f}  lrs {[round(v, 5) for v in scheduler.get_last_lr()]}")
