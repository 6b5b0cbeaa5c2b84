"""A plan of passo with accumulation, whose last window is not full; scheduler.step() for each batch."""

import torch
from torch import nn

from passo import Run, attach, percent, warmup_cosine

ACCUMULATE = 3

def main():
    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(torch.randn(80, 8), torch.randn(80, 1))
    loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    run = Run.of(len(loader), epochs=6, accumulate=ACCUMULATE)
    scheduler = attach(optimizer, warmup_cosine(warmup=percent(10)), run)
    for epoch in range(6):
        for index, (x, y) in enumerate(loader):
            loss = nn.functional.mse_loss(model(x), y) / ACCUMULATE
            loss.backward()
            if (index + 1) % ACCUMULATE == 0 or index + 1 == len(loader):
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()

if __name__ == "__main__":
    main()
