"""What passo is beside other programs: trainers, one callback each, and loggers.

`from passo.integrations.lightning import Passo`. Nothing is imported here, so that each needs its
own trainer alone. `attachment` is what the callbacks have in common (`pairing` and `leaving` are
parts of it); `log` writes what was used.
"""

__all__: list[str] = []
