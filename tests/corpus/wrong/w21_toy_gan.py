import torch
import torch.nn as nn

torch.manual_seed(99)

LATENT = 4
EPOCHS = 12
DECAY_START = 4
ITERS = 30
BS = 64


def real_batch(n):
    theta = torch.rand(n) * 6.2832
    return torch.stack([theta.cos(), theta.sin()], 1) + 0.05 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(LATENT, 32), nn.ReLU(), nn.Linear(32, 2))
D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
bce = nn.BCEWithLogitsLoss()

opt_G = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_D = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))


def linear_decay(epoch):
    return 1.0 - max(0, epoch - DECAY_START) / (EPOCHS - DECAY_START)


sched_G = torch.optim.lr_scheduler.LambdaLR(opt_G, linear_decay)
sched_D = torch.optim.lr_scheduler.LambdaLR(opt_G, linear_decay)

ones, zeros = torch.ones(BS, 1), torch.zeros(BS, 1)
for epoch in range(EPOCHS):
    for _ in range(ITERS):
        fake = G(torch.randn(BS, LATENT))

        opt_D.zero_grad()
        d_loss = bce(D(real_batch(BS)), ones) + bce(D(fake.detach()), zeros)
        d_loss.backward()
        opt_D.step()

        opt_G.zero_grad()
        g_loss = bce(D(fake), ones)
        g_loss.backward()
        opt_G.step()
    sched_G.step()
    sched_D.step()
    print(f"[{epoch + 1}/{EPOCHS}] d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")
