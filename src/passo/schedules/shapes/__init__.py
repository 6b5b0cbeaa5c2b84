"""Leaves: one formula and a span each. The names below are the public shapes."""

from passo.schedules.algebra.atoms import Constant
from passo.schedules.shapes.basic import Cosine, Geometric, Linear, Polynomial, Power
from passo.schedules.shapes.endless import Exponential, Function, InversePower
from passo.schedules.shapes.published import (
    CosinePower,
    ExpHyperbolic,
    Hyperbolic,
    KDecay,
    KDecayCosine,
    Logarithmic,
    Rex,
    Tanh,
)
from passo.schedules.shapes.table import Table

__all__ = [
    "Constant",
    "Cosine",
    "CosinePower",
    "ExpHyperbolic",
    "Exponential",
    "Function",
    "Geometric",
    "Hyperbolic",
    "InversePower",
    "KDecay",
    "KDecayCosine",
    "Linear",
    "Logarithmic",
    "Polynomial",
    "Power",
    "Rex",
    "Table",
    "Tanh",
]
