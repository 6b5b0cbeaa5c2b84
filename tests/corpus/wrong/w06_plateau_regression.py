"""Fit a small regressor on the diabetes data."""
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)

X, y = load_diabetes(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32).unsqueeze(1)
train_set, val_set = random_split(TensorDataset(X, y), [342, 100])
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
val_loader = DataLoader(val_set, batch_size=100)

net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
mse = nn.MSELoss()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="min", factor=0.5, patience=5)

for epoch in range(15):
    net.train()
    train_loss = 0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        opt.step()
        sched.step(loss)
        train_loss += loss.item() * len(xb)

    net.eval()
    with torch.no_grad():
        val_loss = sum(mse(net(xb), yb).item() * len(xb) for xb, yb in val_loader) / len(val_set)
    print("epoch %d  train %.4f  val %.4f  lr %.2e" % (epoch, train_loss / len(train_set), val_loss, opt.param_groups[0]["lr"]))
