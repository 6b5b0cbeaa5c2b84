"""transformers' Trainer with passo's callback."""

import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

from passo import warmup_cosine
from passo.integrations.transformers import Passo

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
    trainer = Trainer(model=model, args=args, train_dataset=dataset, callbacks=[Passo(warmup_cosine())])
    trainer.train()
