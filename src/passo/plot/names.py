"""What things are called for someone who has not seen the code."""

from __future__ import annotations

import re

KEYS = {
    "lr": "learning rate",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "betas[0]": "beta 1",
    "betas[1]": "beta 2",
}
HELD_OUT = {
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
}
ROLES = {
    "train": "training",
    "training": "training",
    **HELD_OUT,
    "test": "test",
    "eval": "evaluation",
}
UNITS = {
    "step": "update (step)",
    "sample": "samples seen",
    "token": "tokens seen",
}


def key_name(key: str) -> str:
    """A hyperparameter's name.

    >>> key_name("lr"), key_name("batch_size")
    ('learning rate', 'batch size')
    """
    return KEYS.get(key, key.replace("_", " "))


def group_name(name: str) -> str:
    """A param group's name; unnamed ones are called by their place.

    >>> group_name("head"), group_name("0")
    ('head', 'group 0')
    """
    return f"group {name}" if name.isdecimal() else name


def metric_name(metric: str) -> str:
    """A metric's name.

    >>> metric_name("val_loss"), metric_name("train/loss"), metric_name("loss")
    ('validation loss', 'training loss', 'loss')
    """
    return " ".join(ROLES.get(word.lower(), word) for word in _parts(metric))


def held_out(metric: str) -> bool:
    """Whether a metric is of data that the network does not learn from.

    >>> held_out("val/loss"), held_out("train_loss")
    (True, False)
    """
    return any(ROLES.get(word.lower(), "training") != "training" for word in _parts(metric))


def shorten(text: str, most: int = 56) -> str:
    """The text, with its middle left out where it is long.

    >>> shorten("Constant(0.1)"), shorten("abcdefghij", 5)
    ('Constant(0.1)', 'ab…ij')
    """
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[: most - 1 - half]}…{text[-half:]}"


def _parts(metric: str) -> list[str]:
    return [word for word in re.split(r"[_/\s.]+", metric) if word] or [metric]
