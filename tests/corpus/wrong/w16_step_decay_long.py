import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR
from sklearn.datasets import make_moons

torch.manual_seed(13)
X, y = make_moons(1000, noise=0.15, random_state=13)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)

net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = ExponentialLR(opt, gamma=0.9)
num_epochs = 20
batch_size = 50

losses = []
for epoch in range(num_epochs):
    perm = torch.randperm(X.size(0))
    epoch_loss = 0
    n_batches = 0
    for i in range(0, X.size(0), batch_size):
        idx = perm[i:i + batch_size]
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[idx]), y[idx])
        loss.backward()
        opt.step()
        sched.step()
        epoch_loss += loss.item()
        n_batches += 1
    losses.append(epoch_loss / n_batches)
    print("Epoch: {} \tTraining Loss: {:.6f}".format(epoch, losses[-1]))

with torch.no_grad():
    acc = (net(X).argmax(1) == y).float().mean()
print("final accuracy %.3f" % acc)
