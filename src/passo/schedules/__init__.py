"""Schedules: pure values, numbers as functions of time. The standard library is all they need.

What few programs need at once (published curves, text and JSON) is loaded when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from passo.ground.errors import NeedsBase, NeedsRun, PassoError, PassoWarning
from passo.ground.names import no_such_name
from passo.schedules.algebra import Schedule, base
from passo.schedules.recipes import (
    chebyshev,
    cosine_decay,
    cyclic,
    cyclic_momentum,
    exponential_decay,
    htd,
    inverse_sqrt,
    multistep_decay,
    noam,
    one_cycle,
    one_cycle_momentum,
    polynomial_decay,
    step_decay,
    warm_restarts,
    warmup_constant,
    warmup_cosine,
    warmup_linear,
    wave,
    wsd,
)
from passo.schedules.shapes import (
    Constant,
    Cosine,
    Exponential,
    Function,
    Geometric,
    InversePower,
    Linear,
    Polynomial,
    Power,
    Table,
)
from passo.schedules.shapes.endless import register
from passo.schedules.shapes.plateau import Plateau
from passo.schedules.time import Run, Span, epochs, percent, rest, samples, steps, tokens

if TYPE_CHECKING:
    from passo.schedules.shapes.adaptive import Bounce, Greedy
    from passo.schedules.shapes.published import (
        CosinePower,
        ExpHyperbolic,
        Hyperbolic,
        KDecay,
        KDecayCosine,
        Logarithmic,
        Rectified,
        Rex,
        Tanh,
    )
    from passo.schedules.text import from_json, from_spec, parse, parse_span, to_json

LAZY: Final = {
    "Bounce": "passo.schedules.shapes.adaptive",
    "CosinePower": "passo.schedules.shapes.published",
    "ExpHyperbolic": "passo.schedules.shapes.published",
    "Greedy": "passo.schedules.shapes.adaptive",
    "Hyperbolic": "passo.schedules.shapes.published",
    "KDecay": "passo.schedules.shapes.published",
    "KDecayCosine": "passo.schedules.shapes.published",
    "Logarithmic": "passo.schedules.shapes.published",
    "Rectified": "passo.schedules.shapes.published",
    "Rex": "passo.schedules.shapes.published",
    "Tanh": "passo.schedules.shapes.published",
    "from_json": "passo.schedules.text",
    "from_spec": "passo.schedules.text",
    "parse": "passo.schedules.text",
    "parse_span": "passo.schedules.text",
    "to_json": "passo.schedules.text",
}
__all__ = [
    "Bounce",
    "Constant",
    "Cosine",
    "CosinePower",
    "ExpHyperbolic",
    "Exponential",
    "Function",
    "Geometric",
    "Greedy",
    "Hyperbolic",
    "InversePower",
    "KDecay",
    "KDecayCosine",
    "Linear",
    "Logarithmic",
    "NeedsBase",
    "NeedsRun",
    "PassoError",
    "PassoWarning",
    "Plateau",
    "Polynomial",
    "Power",
    "Rectified",
    "Rex",
    "Run",
    "Schedule",
    "Span",
    "Table",
    "Tanh",
    "base",
    "chebyshev",
    "cosine_decay",
    "cyclic",
    "cyclic_momentum",
    "epochs",
    "exponential_decay",
    "from_json",
    "from_spec",
    "htd",
    "inverse_sqrt",
    "multistep_decay",
    "noam",
    "one_cycle",
    "one_cycle_momentum",
    "parse",
    "parse_span",
    "percent",
    "polynomial_decay",
    "register",
    "rest",
    "samples",
    "step_decay",
    "steps",
    "to_json",
    "tokens",
    "warm_restarts",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
    "wave",
    "wsd",
]

if not TYPE_CHECKING:  # a type checker that saw it would take any name for one of this room

    def __getattr__(name: str) -> Any:
        """The names in LAZY, loaded on first use."""
        if name not in LAZY:
            raise no_such_name(__name__, name, __all__)
        return getattr(import_module(LAZY[name]), name)
