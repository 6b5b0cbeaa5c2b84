"""A cosine of so many epochs handed to the Trainer, which steps it at each update."""

import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

set_seed(0)
model = BertForSequenceClassification(
    BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
               intermediate_size=32, max_position_embeddings=16, num_labels=2)
)
ids = torch.randint(0, 64, (64, 8))
dataset = [{"input_ids": each, "labels": each[0] % 2} for each in ids]

with tempfile.TemporaryDirectory() as folder:
    args = TrainingArguments(
        output_dir=folder,
        num_train_epochs=5,
        per_device_train_batch_size=8,
        learning_rate=5e-4,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.num_train_epochs)
    trainer = Trainer(model=model, args=args, train_dataset=dataset, optimizers=(optimizer, scheduler))
    trainer.train()
