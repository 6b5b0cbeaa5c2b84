"""passo schedules every number that moves while a PyTorch network trains.

The value that update t uses is a pure function of a plan, a clock and the reports made so far.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from passo.schedules import *  # noqa: F403
from passo.schedules import __all__ as _schedules

_LAZY = {
    "Curve": "passo.schedules.curve",
    "Scheduler": "passo.optim",
    "Trace": "passo.trace",
    "analysis": "passo.schedules.analysis",
    "attach": "passo.optim",
    "by_group": "passo.optim",
    "draw": "passo.plot",
}

__all__ = [*_schedules, *_LAZY]  # noqa: PLE0604

if TYPE_CHECKING:
    from passo.optim import Scheduler as Scheduler
    from passo.optim import attach as attach
    from passo.optim import by_group as by_group
    from passo.plot import draw as draw
    from passo.schedules import analysis as analysis
    from passo.schedules.curve import Curve as Curve
    from passo.trace import Trace as Trace


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # 35 ms that most programs need not pay

        return version("passo")
    if name not in _LAZY:
        msg = f"module 'passo' has no attribute {name!r}"
        raise AttributeError(msg)
    module = import_module(_LAZY[name])
    value = module if _LAZY[name].endswith(f".{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
