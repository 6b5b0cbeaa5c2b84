"""get_linear_schedule_with_warmup in a loop of one's own, saved half way and resumed."""

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
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=5, num_training_steps=TOTAL)
    return model, optimizer, scheduler


def train(model, optimizer, scheduler, first, last):
    for epoch in range(first, last):
        for batch in loader:
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()
            scheduler.step()


parts = build()
train(*parts, 0, 2)
file = io.BytesIO()
torch.save([each.state_dict() for each in parts], file)

file.seek(0)
parts = build()
for part, state in zip(parts, torch.load(file)):
    part.load_state_dict(state)
train(*parts, 2, EPOCHS)
