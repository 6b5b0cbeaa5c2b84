"""A plan of passo on a fit of fastai."""

import torch
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from passo import percent, warmup_cosine
from passo.integrations.fastai import Passo

EPOCHS = 20


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(96, 16), torch.randint(0, 3, (96,)))
    loaders = DataLoaders(DataLoader(data, batch_size=8), DataLoader(data, batch_size=96))
    learn = Learner(loaders, nn.Linear(16, 3), nn.CrossEntropyLoss(), lr=0.01)
    with learn.no_logging(), learn.no_mbar():
        learn.fit(EPOCHS, cbs=Passo(warmup_cosine(warmup=percent(10))))


if __name__ == "__main__":
    main()
