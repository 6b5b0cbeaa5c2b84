"""ignite's LRScheduler around a cosine in updates."""

import torch
from ignite.engine import Engine, Events
from ignite.handlers import LRScheduler
from torch import nn

torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(80, 8), torch.randn(80, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
max_epochs = 6
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max_epochs * len(loader))


def update(engine, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


trainer = Engine(update)
trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(scheduler))
trainer.run(loader, max_epochs=max_epochs)
