"""One thread is enough for networks of three weights, and leaves the other cores to the others."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
