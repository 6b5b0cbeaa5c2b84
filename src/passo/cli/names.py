"""A schedule by its bare name: `passo show one_cycle`."""

from __future__ import annotations

import inspect
from typing import Final

from passo.schedules import PassoError
from passo.schedules.time.span import UNITS

SPANS: Final = tuple(unit for unit in UNITS if unit != "rest")
REST: Final = "What the other parts leave of the run; it takes no brackets."

# what an example gives to the parameters that have no default
_EXAMPLES: Final = {
    "amount": "50",
    "count": "16",
    "d_model": "512",
    "end": "0.01",
    "every": "percent(30)",
    "first": "percent(10)",
    "gamma": "0.9",
    "low": "0.01",
    "metric": '"val_loss"',
    "milestones": "[percent(30), percent(60)]",
    "name": '"mine"',
    "points": "[(percent(0), 0.1), (percent(50), 0.01)]",
    "scale": "steps(100)",
    "start": "0.1",
    "value": "0.1",
    "warmup": "steps(500)",
}


def written_out(expression: str) -> str:
    """The expression, with its brackets where it is the bare name of a shape or a recipe.

    Raises PassoError, with an example, where it needs arguments.

    >>> written_out("one_cycle"), written_out("one_cycle(peak=0.1)")
    ('one_cycle()', 'one_cycle(peak=0.1)')
    """
    from passo.schedules.text.parser import FUNCTIONS

    name = expression.strip()
    if name not in FUNCTIONS and name != "rest":
        return expression
    if name in (*SPANS, "rest"):
        span = name if name == "rest" else example(name)
        what = f"is a span, how long something lasts; write 'Linear(0.1, 0, {span})'"
    elif needed := _needed(name):
        what = f"needs {' and '.join(each.name for each in needed)}; write {example(name)!r}"
    else:
        return f"{name}()"
    msg = f"{name} {what}"
    raise PassoError(msg)


def example(name: str) -> str:
    """A call of a shape, a recipe or a span with what it needs.

    >>> example("Cosine"), example("wsd"), example("warm_restarts")
    ('Cosine(0.1, 0.01)', 'wsd()', 'warm_restarts(first=percent(10))')
    """
    given = [
        f"{'' if each.kind is each.POSITIONAL_OR_KEYWORD else f'{each.name}='}"
        f"{_EXAMPLES.get(each.name, '...')}"
        for each in _needed(name)
    ]
    return f"{name}({', '.join(given)})"


def _needed(name: str) -> list[inspect.Parameter]:
    from passo.schedules.text.parser import FUNCTIONS

    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    return [each for each in parameters if each.default is each.empty]
