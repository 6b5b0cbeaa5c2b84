import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

epochs = 4
warmup_steps = 10
x = torch.randn(960, 8)
y = x.sum(1, keepdim=True) * 50 + torch.randn(960, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
total_steps = epochs * len(loader)

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)


def lr_lambda(step):
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return max(0.0, (total_steps - step) / (total_steps - warmup_steps))


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda)
scaler = torch.amp.GradScaler(device)
criterion = nn.MSELoss()

for epoch in range(epochs):
    running = 0.0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.float16):
            outputs = model(inputs)
            loss = criterion(outputs.float(), targets)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        running += loss.item()
    print(f"epoch {epoch}: loss {running / len(loader):.1f} scale {scaler.get_scale():.0f} lr {scheduler.get_last_lr()[0]:.2e}")
