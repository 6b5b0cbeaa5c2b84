"""A validation loss that came down, and moves only by its noise when the plateau fires."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
data = torch.utils.data.TensorDataset(
    torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels)
)
train, held = torch.utils.data.random_split(data, [1500, 297])
loader = torch.utils.data.DataLoader(train, batch_size=50, shuffle=True)
val_loader = torch.utils.data.DataLoader(held, batch_size=297)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = ReduceLROnPlateau(optimizer, patience=3)

for epoch in range(20):
    for x, y in loader:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val_loss = sum(cross_entropy(model(x), y).item() for x, y in val_loader)
    scheduler.step(val_loss)
