"""get_scheduler of transformers with accelerate and its accumulation, as the examples have it."""

import math

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification, get_scheduler

accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
torch.manual_seed(0)
config = BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                    intermediate_size=32, max_position_embeddings=16)
model = BertForSequenceClassification(config)
rows = [{"input_ids": ids, "labels": ids[0] % 2} for ids in torch.randint(0, 64, (56, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)

num_train_epochs = 4
updates_per_epoch = math.ceil(len(loader) / accelerator.gradient_accumulation_steps)
max_train_steps = num_train_epochs * updates_per_epoch
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
lr_scheduler = get_scheduler(
    name="linear",
    optimizer=optimizer,
    num_warmup_steps=2 * accelerator.num_processes,
    num_training_steps=max_train_steps * accelerator.num_processes,
)
model, optimizer, loader, lr_scheduler = accelerator.prepare(model, optimizer, loader, lr_scheduler)

completed_steps = 0
for epoch in range(num_train_epochs):
    model.train()
    for step, batch in enumerate(loader):
        with accelerator.accumulate(model):
            outputs = model(**batch)
            accelerator.backward(outputs.loss)
            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
        if accelerator.sync_gradients:
            completed_steps += 1
        if completed_steps >= max_train_steps:
            break
