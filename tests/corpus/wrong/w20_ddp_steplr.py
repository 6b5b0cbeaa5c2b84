import os
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def worker(rank, world_size, init_file, epochs):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{init_file}", rank=rank, world_size=world_size)
    torch.manual_seed(0)
    X = torch.randn(512, 10)
    y = (X[:, 0] * X[:, 1] > 0).long()
    dataset = TensorDataset(X, y)
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank, shuffle=True, seed=0)
    loader = DataLoader(dataset, batch_size=32, sampler=sampler)

    model = DDP(nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.3)

    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        total = torch.zeros(1)
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.detach()
        dist.all_reduce(total)
        if rank == 0:
            scheduler.step()
            print(f"epoch {epoch} loss {total.item() / (len(loader) * world_size):.4f} lr {scheduler.get_last_lr()[0]:.4f}", flush=True)
    dist.destroy_process_group()


def main():
    world_size = 2
    with tempfile.TemporaryDirectory() as tmp:
        mp.spawn(worker, args=(world_size, os.path.join(tmp, "init"), 9), nprocs=world_size, join=True)


if __name__ == "__main__":
    main()
