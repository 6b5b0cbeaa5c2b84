"""Trainers: one callback each, `Passo(plan, run=None)`, in a file named as the trainer is.

`from passo.integrations.lightning import Passo`. Nothing is imported here, so that each needs its
own trainer alone. `attachment` is what the callbacks have in common.
"""

__all__: list[str] = []
