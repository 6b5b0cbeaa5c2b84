"""Where a word is said: the line of the user's own that runs now."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Final, NamedTuple

from passo.ground.errors import PassoWarning

if TYPE_CHECKING:
    from types import FrameType

# Trainers too: the user's line is the one that calls them, and Lightning prints a warning of its
# own files without the category, so that nobody would know who speaks.
_HOMES: Final = frozenset(
    (
        *("passo", "torch", "accelerate", "fastai", "fastcore", "ignite"),
        *("lightning", "lightning_utilities", "pytorch_lightning", "skorch", "transformers"),
    )
)


class Place(NamedTuple):
    """A line of somebody's code."""

    file: str
    line: int
    module: str

    def warn(self, text: str, category: type[PassoWarning] = PassoWarning) -> None:
        """Warn there; who speaks is in the text where a formatter leaves the category out."""
        shown = warnings.formatwarning(text, category, self.file, self.line, "")
        if category.__name__ not in shown:
            text = f"passo: {text}"
        module = sys.modules.get(self.module)
        registry = None if module is None else vars(module).setdefault("__warningregistry__", {})
        name = self.module or self.file.removesuffix(".py")  # of None nothing would be said
        warnings.warn_explicit(text, category, self.file, self.line, name, registry)


def place() -> Place:
    """Where the code that is neither passo's, torch's nor a trainer's stands now.

    A count of frames (`stacklevel`) would be another one with each wrapper, trainer and version.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in _HOMES:
            break
        frame = frame.f_back
    if frame is None:
        return Place("passo", 1, "passo")
    name = str(frame.f_globals.get("__name__", "<unknown>"))
    return Place(frame.f_code.co_filename, frame.f_lineno, name)
