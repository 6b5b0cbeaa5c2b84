import os
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def make_dataset(n, seed):
    g = torch.Generator().manual_seed(seed)
    X = torch.randn(n, 10, generator=g)
    y = (X[:, 0] + X[:, 1] + 0.5 * torch.randn(n, generator=g) > 0).long()
    return TensorDataset(X, y)


def worker(rank, world_size, init_file, epochs):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{init_file}", rank=rank, world_size=world_size)
    torch.manual_seed(0)
    train_set, val_set = make_dataset(512, 0), make_dataset(128, 1)
    sampler = DistributedSampler(train_set, seed=0)
    train_loader = DataLoader(train_set, batch_size=32, sampler=sampler)
    val_loader = DataLoader(val_set, batch_size=32, sampler=DistributedSampler(val_set, shuffle=False))

    model = DDP(nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=1)
    ce = nn.CrossEntropyLoss()

    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        model.train()
        for xb, yb in train_loader:
            optimizer.zero_grad()
            ce(model(xb), yb).backward()
            optimizer.step()

        model.eval()
        stats = torch.zeros(2)
        with torch.no_grad():
            for xb, yb in val_loader:
                stats[0] += ce(model.module(xb), yb) * len(xb)
                stats[1] += len(xb)
        dist.all_reduce(stats)
        val_loss = (stats[0] / stats[1]).item()
        scheduler.step(val_loss)
        if rank == 0:
            print(f"epoch {epoch} val {val_loss:.4f} lr {optimizer.param_groups[0]['lr']:.2e}", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        mp.spawn(worker, args=(2, os.path.join(tmp, "init"), 12), nprocs=2, join=True)
