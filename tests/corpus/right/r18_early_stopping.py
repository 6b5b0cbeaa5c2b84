import copy

import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler


class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.best = float("inf")
        self.bad = 0
        self.state = None

    def update(self, value, model):
        if value < self.best - 1e-5:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32).unsqueeze(1)
perm = torch.randperm(len(X))
tr, va = perm[:342], perm[342:]

max_epochs = 25
net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=5e-3, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=max_epochs)
stopper = EarlyStopping(patience=15)

for epoch in range(max_epochs):
    net.train()
    for idx in tr[torch.randperm(len(tr))].split(32):
        opt.zero_grad()
        nn.functional.mse_loss(net(X[idx]), y[idx]).backward()
        opt.step()
    sched.step()
    net.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(net(X[va]), y[va]).item()
    if stopper.update(val, net):
        print("early stop at", epoch)
        break
else:
    print("reached max epochs")
net.load_state_dict(stopper.state)
print("best val mse %.4f" % stopper.best)
