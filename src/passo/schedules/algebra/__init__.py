"""The algebra of schedules: what is written with operators and methods, as frozen nodes."""

from passo.schedules.algebra.atoms import Base, base
from passo.schedules.algebra.cooldown import Cooldown
from passo.schedules.algebra.data import readable
from passo.schedules.algebra.parallel import Maximum, Minimum, Product, Sum
from passo.schedules.algebra.pointwise import Clip, Raise, Round
from passo.schedules.algebra.repeat import Repeat
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.algebra.sequence import Then
from passo.schedules.algebra.warp import Skip, Staircase, Stretch, Until

__all__ = [
    "Base",
    "Clip",
    "Cooldown",
    "Maximum",
    "Minimum",
    "Product",
    "Raise",
    "Repeat",
    "Round",
    "Schedule",
    "Skip",
    "Staircase",
    "Stretch",
    "Sum",
    "Then",
    "Until",
    "base",
]

readable(__name__, set(__all__) - {"Schedule", "base"})
