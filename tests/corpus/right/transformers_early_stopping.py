"""transformers' EarlyStoppingCallback ends the run long before its schedule does."""

import tempfile

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)


def main():
    set_seed(0)
    config = BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=16)
    rows = [{"input_ids": ids, "labels": label}
            for ids, label in zip(torch.randint(0, 64, (48, 8)), torch.randint(0, 2, (48,)))]
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(
            output_dir=folder,
            num_train_epochs=30,
            per_device_train_batch_size=8,
            learning_rate=5e-3,
            warmup_steps=8,
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=1,
            load_best_model_at_end=True,
            metric_for_best_model="eval_loss",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
        )
        trainer = Trainer(
            model=BertForSequenceClassification(config),
            args=args,
            train_dataset=rows[:32],
            eval_dataset=rows[32:],
            callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
        )
        trainer.train()


if __name__ == "__main__":
    main()
