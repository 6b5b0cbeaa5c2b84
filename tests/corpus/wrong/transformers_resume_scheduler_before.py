"""The scheduler is built before the optimizer is loaded, and its own state is forgotten."""

import io

import torch
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel, get_linear_schedule_with_warmup

torch.manual_seed(0)
rows = [{"input_ids": ids, "labels": ids} for ids in torch.randint(0, 64, (48, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)
EPOCHS = 4
TOTAL = EPOCHS * len(loader)


def build():
    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=16, n_embd=16, n_layer=2, n_head=2))
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3)


def train(model, optimizer, scheduler, first, last):
    for epoch in range(first, last):
        for batch in loader:
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()
            scheduler.step()


model, optimizer = build()
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=5, num_training_steps=TOTAL)
train(model, optimizer, scheduler, 0, 2)
file = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)

file.seek(0)
checkpoint = torch.load(file)
model, optimizer = build()
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=5, num_training_steps=TOTAL)
model.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
train(model, optimizer, scheduler, 2, EPOCHS)
