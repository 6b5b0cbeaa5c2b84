"""The place where errors stood once: `passo.schedules.errors` goes on to import."""

from passo.ground.errors import NeedsBase, NeedsRun, PassoError, PassoWarning

__all__ = ["NeedsBase", "NeedsRun", "PassoError", "PassoWarning"]
