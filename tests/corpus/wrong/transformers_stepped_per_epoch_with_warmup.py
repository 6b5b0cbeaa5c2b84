"""The same with a warm-up from 0 that the epochs do not get through."""

import torch
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel, get_scheduler

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=16, n_embd=16, n_layer=2, n_head=2))
rows = [{"input_ids": ids, "labels": ids} for ids in torch.randint(0, 64, (32, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)

num_epochs = 4
num_training_steps = num_epochs * len(loader)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
lr_scheduler = get_scheduler("cosine", optimizer, num_warmup_steps=10, num_training_steps=num_training_steps)

for epoch in range(num_epochs):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    lr_scheduler.step()
