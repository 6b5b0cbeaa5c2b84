"""`explain`: why two schedules differ, by changes that were made and measured."""

from passo.schedules.explain.explanation import Change, Explanation
from passo.schedules.explain.search import explain

__all__ = ["Change", "Explanation", "explain"]
