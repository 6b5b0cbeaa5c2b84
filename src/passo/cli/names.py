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

    >>> written_out("one_cycle"), written_out("one_cycle(0.1)")
    ('one_cycle()', 'one_cycle(0.1)')
    """
    from passo.schedules.text.parser import FUNCTIONS

    name = expression.strip()
    if name not in FUNCTIONS and name != "rest":
        return expression
    if name in (*SPANS, "rest"):
        span = name if name == "rest" else example(name)
        what = f"is a span, how long something lasts; write 'Linear(0.1, 0, {span})'"
    elif needed := _needed(name):
        what = f"needs {' and '.join(needed)}; write {example(name)!r}"
    else:
        return f"{name}()"
    msg = f"{name} {what}"
    raise PassoError(msg)


def example(name: str) -> str:
    """A call of a shape, a recipe or a span with what it needs.

    >>> example("Cosine"), example("wsd")
    ('Cosine(0.1, 0.01)', 'wsd()')
    """
    return f"{name}({', '.join(_EXAMPLES.get(each, '...') for each in _needed(name))})"


def _needed(name: str) -> list[str]:
    from passo.schedules.text.parser import FUNCTIONS

    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    return [each.name for each in parameters if each.default is each.empty]
