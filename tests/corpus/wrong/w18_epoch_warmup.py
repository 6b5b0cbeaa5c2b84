import math

import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits

SEED = 1234
torch.manual_seed(SEED)
np.random.seed(SEED)

MAX_EPOCH = 16
WARMUP_EPOCH = 4
LR = 3e-3

X, y = load_digits(return_X_y=True)
X = torch.from_numpy(X / 16.0).float()
y = torch.from_numpy(y)
n_train = 1400


class MLP(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.norm = nn.LayerNorm(d_in)
        self.fc1 = nn.Linear(d_in, d_hidden)
        self.fc2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(self.norm(x))))


def warmup_cosine(epoch):
    if epoch < WARMUP_EPOCH:
        return epoch / WARMUP_EPOCH
    return 0.5 * (1 + math.cos(math.pi * (epoch - WARMUP_EPOCH) / (MAX_EPOCH - WARMUP_EPOCH)))


model = MLP(64, 64, 10)
optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=warmup_cosine)

for epoch in range(MAX_EPOCH):
    model.train()
    for idx in torch.randperm(n_train).split(64):
        loss = nn.functional.cross_entropy(model(X[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[n_train:]).argmax(1) == y[n_train:]).float().mean().item()
    print(f"epoch {epoch + 1}/{MAX_EPOCH} loss {loss.item():.4f} val acc {acc:.4f}")
