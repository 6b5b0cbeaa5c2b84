"""A callback of fastai has a cosine of epochs on a torch optimizer, and advances it each batch."""

from functools import partial

import torch
from fastai.data.core import DataLoaders
from fastai.learner import Callback, Learner
from fastai.optimizer import OptimWrapper
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 20


class Cosine(Callback):
    def before_fit(self):
        self.cosine = CosineAnnealingLR(self.learn.opt.opt, T_max=EPOCHS)

    def after_batch(self):
        if self.training:
            self.cosine.step()


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(96, 16), torch.randint(0, 3, (96,)))
    loaders = DataLoaders(DataLoader(data, batch_size=8), DataLoader(data, batch_size=96))
    learn = Learner(loaders, nn.Linear(16, 3), nn.CrossEntropyLoss(),
                    opt_func=partial(OptimWrapper, opt=torch.optim.AdamW), lr=0.01)
    with learn.no_logging(), learn.no_mbar():
        learn.fit(EPOCHS, cbs=Cosine())


if __name__ == "__main__":
    main()
