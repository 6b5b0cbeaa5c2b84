"""num_training_steps of a linear decay counted in batches, where four of them make an update."""

import torch
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup

torch.manual_seed(0)
config = BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                    intermediate_size=32, max_position_embeddings=16)
model = BertForSequenceClassification(config)
rows = [{"input_ids": ids, "labels": ids[0] % 2} for ids in torch.randint(0, 64, (64, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)

epochs = 3
accumulation_steps = 4
total_steps = len(loader) * epochs
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = get_linear_schedule_with_warmup(
    optimizer, num_warmup_steps=int(0.06 * total_steps), num_training_steps=total_steps
)

for epoch in range(epochs):
    model.train()
    for step, batch in enumerate(loader):
        loss = model(**batch).loss / accumulation_steps
        loss.backward()
        if (step + 1) % accumulation_steps == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
