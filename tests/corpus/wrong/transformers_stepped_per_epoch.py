"""A schedule counted in updates, and scheduler.step() stands one level too far left."""

import torch
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup

torch.manual_seed(0)
config = BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                    intermediate_size=32, max_position_embeddings=16)
model = BertForSequenceClassification(config)
rows = [{"input_ids": ids, "labels": ids[0] % 2} for ids in torch.randint(0, 64, (32, 8))]
loader = DataLoader(rows, batch_size=4, shuffle=True)

epochs = 5
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
total_steps = len(loader) * epochs
scheduler = get_linear_schedule_with_warmup(optimizer, 0, total_steps)

for epoch in range(epochs):
    model.train()
    total_loss = 0.0
    for batch in loader:
        model.zero_grad()
        loss = model(**batch).loss
        total_loss += loss.item()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
    print(f"epoch {epoch}: {total_loss / len(loader):.3f}")
