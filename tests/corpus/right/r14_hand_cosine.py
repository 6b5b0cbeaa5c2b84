import math

import torch
import torch.nn.functional as F

torch.manual_seed(1337)

max_iters = 300
warmup_iters = 20
learning_rate = 5e-3
min_lr = 5e-4
batch_size = 64


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / warmup_iters
    ratio = (it - warmup_iters) / (max_iters - warmup_iters)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


text = "the quick brown fox jumps over the lazy dog. " * 20
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
block = 4

model = torch.nn.Sequential(
    torch.nn.Embedding(len(chars), 16),
    torch.nn.Flatten(),
    torch.nn.Linear(16 * block, 64),
    torch.nn.Tanh(),
    torch.nn.Linear(64, len(chars)),
)
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95))

for it in range(max_iters):
    lr = get_lr(it)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    ix = torch.randint(len(data) - block - 1, (batch_size,))
    xb = torch.stack([data[i:i + block] for i in ix])
    yb = data[ix + block]
    loss = F.cross_entropy(model(xb), yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if it % 50 == 0 or it == max_iters - 1:
        print(f"iter {it}: loss {loss.item():.4f}, lr {lr:.2e}")
