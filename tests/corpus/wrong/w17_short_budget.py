import argparse
import math

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def get_cosine_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps):
    def fn(step):
        if step < num_warmup_steps:
            return (step + 1) / max(1, num_warmup_steps)
        t = (step - num_warmup_steps) / max(1, num_training_steps - num_warmup_steps)
        return max(0.0, 0.5 * (1 + math.cos(math.pi * t)))
    return LambdaLR(optimizer, fn)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--num-train-epochs", type=int, default=50)
    ap.add_argument("--max-steps", type=int, default=200)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--warmup-ratio", type=float, default=0.02)
    ap.add_argument("--log-every", type=int, default=40)
    args = ap.parse_args()

    torch.manual_seed(100)
    vocab, length = 20, 8
    seqs = torch.randint(0, vocab, (1024, length))
    labels = (seqs.sum(1) % 5)
    loader = DataLoader(TensorDataset(seqs, labels), batch_size=32, shuffle=True)

    model = nn.Sequential(nn.Embedding(vocab, 16), nn.Flatten(), nn.Linear(16 * length, 64), nn.GELU(), nn.Linear(64, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    total = args.num_train_epochs * len(loader)
    scheduler = get_cosine_schedule_with_warmup(optimizer, int(args.warmup_ratio * total), total)

    step = 0
    done = False
    for epoch in range(args.num_train_epochs):
        for ids, target in loader:
            loss = nn.functional.cross_entropy(model(ids), target)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            step += 1
            if step % args.log_every == 0:
                print(f"step {step} loss {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.2e}")
            if step >= args.max_steps:
                done = True
                break
        if done:
            break
    print("training finished at step", step)


if __name__ == "__main__":
    main()
