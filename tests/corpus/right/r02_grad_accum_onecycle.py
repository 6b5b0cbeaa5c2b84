import math

import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

EPOCHS = 8
BATCH_SIZE = 16
ACCUM_STEPS = 4
MAX_LR = 1e-2

X, y = make_classification(1200, 20, n_informative=10, n_classes=4, random_state=7)
loader = DataLoader(TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y)), batch_size=BATCH_SIZE, shuffle=True)

model = nn.Sequential(nn.Linear(20, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=MAX_LR)
updates_per_epoch = math.ceil(len(loader) / ACCUM_STEPS)
scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=MAX_LR, epochs=EPOCHS, steps_per_epoch=updates_per_epoch, pct_start=0.3
)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    model.train()
    optimizer.zero_grad()
    epoch_loss = 0.0
    for i, (xb, yb) in enumerate(loader):
        loss = loss_fn(model(xb), yb) / ACCUM_STEPS
        loss.backward()
        epoch_loss += loss.item() * ACCUM_STEPS
        if (i + 1) % ACCUM_STEPS == 0 or i + 1 == len(loader):
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    print(f"epoch {epoch} | loss {epoch_loss / len(loader):.4f} | lr {scheduler.get_last_lr()[0]:.2e}")
