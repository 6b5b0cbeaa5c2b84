import torch
import torch.nn as nn
from sklearn.datasets import make_moons
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)
X, y = make_moons(800, noise=0.25, random_state=12)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
loader = DataLoader(TensorDataset(X[:600], y[:600]), batch_size=50, shuffle=True)

EPOCHS, SWA_START = 20, 14
model = nn.Sequential(nn.Linear(2, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=SWA_START, eta_min=0.02)
swa_model = AveragedModel(model)
swa_scheduler = SWALR(optimizer, swa_lr=0.03, anneal_epochs=2)

for epoch in range(EPOCHS):
    model.train()
    for xb, yb in loader:
        loss = nn.functional.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch >= SWA_START:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f} lr {optimizer.param_groups[0]['lr']:.4f}")

update_bn(loader, swa_model)
swa_model.eval()
with torch.no_grad():
    print("swa acc", (swa_model(X[600:]).argmax(1) == y[600:]).float().mean().item())
