"""transformers' Trainer, stopped by a callback and gone on with by resume_from_checkpoint."""

import tempfile

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)


class Interruption(TrainerCallback):
    def on_epoch_end(self, args, state, control, **kwargs):
        if state.epoch == 2:
            control.should_save = True
            control.should_training_stop = True


def make(folder, callbacks=None):
    set_seed(0)
    config = BertConfig(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=16)
    dataset = [{"input_ids": ids, "labels": ids[0] % 2} for ids in torch.randint(0, 64, (32, 8))]
    args = TrainingArguments(
        output_dir=folder,
        num_train_epochs=4,
        per_device_train_batch_size=4,
        learning_rate=1e-3,
        lr_scheduler_type="cosine",
        warmup_steps=3,
        save_strategy="epoch",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    return Trainer(model=BertForSequenceClassification(config), args=args, train_dataset=dataset,
                   callbacks=callbacks)


with tempfile.TemporaryDirectory() as folder:
    make(folder, [Interruption()]).train()
    make(folder).train(resume_from_checkpoint=True)
