"""get_cosine_schedule_with_warmup over one epoch of four: it ends at 0 and stays there."""

import torch
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel, get_cosine_schedule_with_warmup

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=16, n_embd=16, n_layer=2, n_head=2))
rows = [{"input_ids": ids, "labels": ids} for ids in torch.randint(0, 64, (64, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)

EPOCHS = 4
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = get_cosine_schedule_with_warmup(
    optimizer, num_warmup_steps=3, num_training_steps=len(loader)
)

for epoch in range(EPOCHS):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
