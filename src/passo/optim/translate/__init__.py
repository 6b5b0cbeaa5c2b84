"""`translate`: a live scheduler of any library as an expression."""

from passo.optim.translate.translate import translate
from passo.optim.translate.translation import Translation

__all__ = ["Translation", "translate"]
