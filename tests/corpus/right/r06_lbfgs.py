import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-2, 2, 100).unsqueeze(1)
y = torch.sin(3 * x) * torch.exp(-x ** 2)

net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.8, max_iter=10, history_size=10)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.93)
evals = 0


def closure():
    global evals
    evals += 1
    optimizer.zero_grad()
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    return loss


for it in range(25):
    loss = optimizer.step(closure)
    scheduler.step()
    if it % 5 == 4:
        print(f"iter {it + 1} loss {loss.item():.3e} closure calls {evals}")
