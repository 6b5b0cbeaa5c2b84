"""Two processes, one schedule, a metric that is reduced."""

import os
import socket

import torch
from torch import distributed, multiprocessing, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau


def train(rank):
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    for epoch in range(8):
        optimizer.zero_grad()
        model(torch.ones(2, 4)).square().mean().backward()
        optimizer.step()
        val_loss = torch.tensor(1.0 if rank == 0 else max(0.5, 1.0 - 0.2 * epoch))
        distributed.all_reduce(val_loss)
        scheduler.step(val_loss / 2)


def work(rank, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    train(rank)
    distributed.destroy_process_group()


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(work, args=(port,), nprocs=2)
