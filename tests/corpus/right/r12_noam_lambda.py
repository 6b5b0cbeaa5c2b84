import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(10)
VOCAB, LENGTH, DIM, WARMUP, STEPS = 12, 6, 32, 40, 240


def inverse_sqrt(step):
    step += 1
    return min(step / WARMUP, (WARMUP / step) ** 0.5)


class TinyTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, DIM)
        self.pos = nn.Parameter(torch.zeros(LENGTH, DIM))
        self.enc = nn.TransformerEncoderLayer(DIM, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(DIM, VOCAB)

    def forward(self, x):
        return self.out(self.enc(self.emb(x) + self.pos))


model = TinyTransformer()
opt = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98), eps=1e-9)
sched = LambdaLR(opt, inverse_sqrt)
for step in range(STEPS):
    src = torch.randint(0, VOCAB, (32, LENGTH))
    tgt = src.flip(1)
    loss = nn.functional.cross_entropy(model(src).transpose(1, 2), tgt)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    sched.step()
    if (step + 1) % 40 == 0:
        print(f"step {step + 1} loss {loss.item():.4f} lr {sched.get_last_lr()[0]:.2e}")
