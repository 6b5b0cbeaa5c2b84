"""`passo.log`: what each update used, in the words of a logger."""

from __future__ import annotations

from passo.integrations.log.log import Log, log
from passo.integrations.log.writer import Writer

__all__ = ["Log", "Writer", "log"]
