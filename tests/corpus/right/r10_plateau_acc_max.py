import torch
from torch import nn, optim
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(3)
X, y = load_digits(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X / 16.0, y, test_size=0.25, random_state=3, stratify=y)
Xtr, Xte = (torch.tensor(a, dtype=torch.float32) for a in (Xtr, Xte))
ytr, yte = torch.tensor(ytr), torch.tensor(yte)

model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10))
criterion = nn.CrossEntropyLoss()
opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", factor=0.3, patience=3, threshold=1e-3, min_lr=1e-4)

for epoch in range(30):
    model.train()
    for idx in torch.randperm(len(Xtr)).split(128):
        opt.zero_grad()
        criterion(model(Xtr[idx]), ytr[idx]).backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val_acc = (model(Xte).argmax(1) == yte).float().mean().item()
    scheduler.step(val_acc)
    if epoch % 3 == 2:
        print(f"Epoch {epoch + 1:02d}: val_acc={val_acc:.3f} lr={opt.param_groups[0]['lr']:.1e}")
