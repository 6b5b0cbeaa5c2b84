"""The networks that are trained: a perceptron, and a small transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def perceptron(inputs: int, hidden: int, outputs: int = 10) -> nn.Module:
    """Two hidden layers of one width."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
    )


class Block(nn.Module):
    """Attention to what came before, and two linear layers.

    The norms stand before the two ("pre", as today) or after the sum ("post", as in 2017).
    """

    def __init__(self, width: int, heads: int, norm: str) -> None:
        super().__init__()
        self.heads, self.post = heads, norm == "post"
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.asks, self.answers = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.layers = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def attention(self, x: Tensor) -> Tensor:
        """What each place takes from those before it."""
        count, length, width = x.shape
        parts = self.asks(x).view(count, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query, key, value, is_causal=True)
        told: Tensor = self.answers(mixed.transpose(1, 2).reshape(count, length, width))
        return told

    def forward(self, x: Tensor) -> Tensor:
        """The next layer's input."""
        first, second = self.norms
        if self.post:
            x = first(x + self.attention(x))
            after: Tensor = second(x + self.layers(x))
            return after
        x = x + self.attention(first(x))
        added: Tensor = self.layers(second(x))
        return x + added


class Transformer(nn.Module):
    """A language model of bytes."""

    def __init__(self, width: int, layers: int, length: int, norm: str) -> None:
        super().__init__()
        self.bytes, self.places = nn.Embedding(256, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, 4, norm) for _ in range(layers)))
        self.last = nn.Identity() if norm == "post" else nn.LayerNorm(width)
        self.head = nn.Linear(width, 256)
        for each in (self.bytes, self.places):
            nn.init.normal_(each.weight, std=0.02 if norm == "pre" else 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of each next byte."""
        places = self.places(torch.arange(x.shape[1]))
        logits: Tensor = self.head(self.last(self.blocks(self.bytes(x) + places)))
        return logits
