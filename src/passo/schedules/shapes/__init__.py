"""Leaves: one formula and a span each. The names below are the public shapes."""

from typing import TYPE_CHECKING, Any

from passo.ground.names import no_such_name
from passo.schedules.algebra.atoms import Constant
from passo.schedules.algebra.data import readable
from passo.schedules.shapes.basic import Cosine, Geometric, Linear, Polynomial, Power
from passo.schedules.shapes.endless import Exponential, Function, InversePower
from passo.schedules.shapes.plateau import Plateau
from passo.schedules.shapes.table import Table

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
    "Plateau",
    "Polynomial",
    "Power",
    "Rectified",
    "Rex",
    "Table",
    "Tanh",
]
readable(__name__, __all__)

if not TYPE_CHECKING:  # a type checker that saw it would take any name for one of this room

    def __getattr__(name: str) -> Any:
        """The published curves, and what few plans hear, are loaded when one is asked for."""
        if name not in __all__:
            raise no_such_name(__name__, name, __all__)
        from passo.schedules.shapes import adaptive, published

        return getattr(adaptive if hasattr(adaptive, name) else published, name)
