"""skorch's LRScheduler has a cosine of epochs, and advances it with every batch."""

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

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
        callbacks=[LRScheduler(CosineAnnealingLR, T_max=EPOCHS, step_every="batch")],
    )
    net.fit(X, y)


if __name__ == "__main__":
    main()
