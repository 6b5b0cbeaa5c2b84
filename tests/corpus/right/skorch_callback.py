"""A plan of passo on a net of skorch."""

import torch
from skorch import NeuralNetClassifier
from torch import nn

from passo import percent, warmup_cosine
from passo.integrations.skorch import Passo

EPOCHS = 20


def main():
    torch.manual_seed(0)
    X, y = torch.randn(96, 16), torch.randint(0, 3, (96,))
    net = NeuralNetClassifier(
        nn.Sequential(nn.Linear(16, 3), nn.Softmax(dim=-1)),
        max_epochs=EPOCHS,
        batch_size=8,
        lr=0.05,
        train_split=None,
        verbose=0,
        callbacks=[Passo(warmup_cosine(warmup=percent(10)))],
    )
    net.fit(X, y)


if __name__ == "__main__":
    main()
