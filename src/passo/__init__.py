"""passo schedules every number that moves while a PyTorch network trains.

The value that update t uses is a pure function of a plan, a clock and the reports made so far.

Every name is loaded when it is asked for: `import passo` loads neither torch nor numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from passo.ground.pictures import drawn_by

if TYPE_CHECKING:
    from passo import catalogue as catalogue
    from passo import doctor as doctor
    from passo.catalogue import like as like
    from passo.integrations.log import log as log
    from passo.optim import Fall as Fall
    from passo.optim import RampedBatchSampler as RampedBatchSampler
    from passo.optim import Scheduler as Scheduler
    from passo.optim import attach as attach
    from passo.optim import attached as attached
    from passo.optim import by_group as by_group
    from passo.optim import loader_step as loader_step
    from passo.optim import range_test as range_test
    from passo.optim import untouched as untouched
    from passo.optim import watch as watch
    from passo.plot import draw as draw
    from passo.schedules import *  # noqa: F403
    from passo.schedules import analysis as analysis
    from passo.schedules.curve import Curve as Curve
    from passo.schedules.export import export as export
    from passo.sweep import compare as compare
    from passo.sweep import tune as tune
    from passo.trace import RangeTest as RangeTest
    from passo.trace import Trace as Trace

    __version__: str

_HOMES = {
    "Curve": "passo.schedules.curve",
    "Fall": "passo.optim",
    "RampedBatchSampler": "passo.optim",
    "RangeTest": "passo.trace",
    "Scheduler": "passo.optim",
    "Trace": "passo.trace",
    "analysis": "passo.schedules.analysis",
    "attach": "passo.optim",
    "attached": "passo.optim",
    "by_group": "passo.optim",
    "catalogue": "passo.catalogue",
    "compare": "passo.sweep",
    "doctor": "passo.doctor",
    "draw": "passo.plot",
    "export": "passo.schedules.export",
    "like": "passo.catalogue.like",
    "loader_step": "passo.optim",
    "log": "passo.integrations.log",
    "range_test": "passo.optim",
    "tune": "passo.sweep",
    "untouched": "passo.optim",
    "watch": "passo.optim",
}


_AS_MODULES = ("analysis", "catalogue", "doctor", "like")
_ROOMS = (
    "passo.catalogue",
    "passo.plot",
    "passo.trace",
    "passo.law",
    "passo.doctor",
    "passo.optim",
    "passo.sweep",
)


def _elsewhere(name: str) -> str:
    """Where a name is that is not here: a class of torch's, or one of a room's own."""
    from passo.ground.extras import NeedsExtra
    from passo.schedules.from_torch import twin

    known = twin(name)
    if known is not None:
        home = "torch.optim.swa_utils" if known.name == "SWALR" else "passo.optim.lr_scheduler"
        return f"; write from {home} import {known.name}, or as a value {known.expression}"
    for room in _ROOMS:
        try:
            names = import_module(room).__all__
        except NeedsExtra:
            continue
        if name in names:
            return f"; write from {room} import {name}"
    return ""


@drawn_by
def _png(value: Any) -> bytes | None:
    """The picture of a value; the one place that may know who draws and what is drawn."""
    from passo.plot import png

    return png(value)


if not TYPE_CHECKING:  # to a checker that saw a `__getattr__` every misspelt name would be one

    def __getattr__(name: str) -> Any:
        """The public names: those of `passo.schedules`, and those that have another home."""
        if name == "__version__":
            from importlib.metadata import version

            return version("passo")
        schedules = import_module("passo.schedules")
        if name == "__all__":
            return [*schedules.__all__, *_HOMES]
        if name not in _HOMES and name not in schedules.__all__:
            from passo.ground.names import no_such_name

            raise no_such_name("passo", name, __getattr__("__all__"), _elsewhere(name))
        home = import_module(_HOMES.get(name, "passo.schedules"))
        value = home if name in _AS_MODULES else getattr(home, name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(__getattr__("__all__"))
