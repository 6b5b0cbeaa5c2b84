"""What to write instead of what is no optimizer, or no schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from inspect import isroutine
from numbers import Real
from typing import Any, Final

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules import Run, Schedule, Span
from passo.schedules.text import parse
from passo.schedules.text.parser import FUNCTIONS

_PLAIN: Final = (str, bytes, int, float, complex, bool, type(None), Schedule, Run, Span)


def shown(value: Any) -> str:
    """A value in a few words: plain ones as code, others by their kind.

    >>> shown("cosine"), shown(torch.nn.Linear(1, 1)), shown([1, 2]), shown(torch.optim.SGD)
    ("'cosine'", 'an object of class Linear', '[1, 2]', 'the class SGD')
    """
    code = brief(value) if isinstance(value, (*_PLAIN, list, tuple, dict)) else ""
    if code and "\n" not in code and " at 0x" not in code:
        return code
    name = getattr(value, "__name__", "")
    if name and callable(value):
        return f"the {'class' if isinstance(value, type) else 'function'} {name}"
    kind = type(value)
    known = kind.__module__ == "builtins"
    return f"a {kind.__name__}" if known else f"an object of class {kind.__name__}"


def no_optimizer(value: Any, call: str) -> str:
    """What to write instead of what is no optimizer; `call` is the function that it was given to.

    >>> no_optimizer(torch.nn.Linear(1, 1), "attach")
    '; write attach(torch.optim.AdamW(model.parameters()), ...)'
    """
    several = list(value.values() if isinstance(value, Mapping) else value) if _many(value) else []
    cases = (
        (
            isinstance(value, torch.nn.Module),
            f"; write {call}(torch.optim.AdamW(model.parameters()), ...)",
        ),
        (
            _all(several, torch.Tensor) or isinstance(value, Iterator),
            f"; write {call}(torch.optim.AdamW(parameters), ...)",
        ),
        (
            isinstance(value, type) and issubclass(value, Optimizer),
            f"; write {call}({getattr(value, '__name__', '')}(model.parameters(), lr=0.1), ...)",
        ),
        (
            isinstance(value, Schedule),
            f"; the optimizer comes first: write {call}(optimizer, plan, run)",
        ),
    )
    return next((text for fits, text in cases if fits), "")


def no_schedule(value: Any) -> str:
    """What to write instead of what is no schedule.

    >>> no_schedule("cosine"), no_schedule("cosine_decay()")
    ('; write cosine_decay(), or parse("cosine_decay()")', '; write parse("cosine_decay()")')
    """
    name = getattr(value, "__name__", "")
    closed = hasattr(type(value), "schedule")
    cases = (
        (isinstance(value, str), _text(value)),
        (
            isinstance(value, LRScheduler) and closed,
            "; write scheduler.schedule, or step it as before and attach nothing",
        ),
        (
            isinstance(value, LRScheduler),
            "; write translate(scheduler).plan, from passo.optim import translate",
        ),
        (
            isinstance(value, Optimizer),
            "; the optimizer comes first: write attach(optimizer, plan, run)",
        ),
        (
            are_numbers(value),
            '; write Table([(steps(t), float(v)) for t, v in enumerate(values)], kind="step")',
        ),
        (isinstance(value, Run), "; the run comes third: write attach(optimizer, plan, run)"),
        (
            isinstance(value, Span),
            f"; a span says how long: write cosine_decay(over={brief(value)})",
        ),
        (FUNCTIONS.get(name) is value, f"; write {name}(...), with its arguments"),
        (
            isroutine(value) or isinstance(value, partial),
            '; write @register("mine") above a function of t, and base * Function("mine")',
        ),
    )
    return next((text for fits, text in cases if fits), "")


def are_numbers(value: Any) -> bool:
    """Whether it is a list, a tuple or an array in one dimension of numbers.

    >>> are_numbers([0.1, 0.2]), are_numbers(torch.ones(3)), are_numbers([])
    (True, True, False)
    """
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(each, Real) for each in value)
    return getattr(value, "ndim", None) == 1 and hasattr(value, "dtype")


def _many(value: Any) -> bool:
    return isinstance(value, (list, tuple, Mapping))


def _all(several: list[Any], kind: type) -> bool:
    return bool(several) and all(isinstance(each, kind) for each in several)


def _text(text: Any) -> str:
    try:
        parse(text)
    except PassoError:
        return '; write cosine_decay(), or parse("cosine_decay()")'
    return f"; write parse({json.dumps(text, ensure_ascii=False)})"
