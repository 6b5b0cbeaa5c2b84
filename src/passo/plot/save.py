"""Pictures into files, whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.ground.files import path_of, refuse_unwritable
from passo.plot.backends import Backend
from passo.trace import replacing

PAGE = ".html"
# No date inside: the same picture is the same file.
KINDS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
}


def save(picture: Any, path: str | os.PathLike[str]) -> None:
    """Writes Axes or a Figure to a file, whole or not at all.

    The suffix says what it becomes: .png, .svg or .pdf for matplotlib, .html (one file that needs
    no other) for plotly. Raises `PassoError` for anything else, `OSError` where the file cannot be.

    >>> import tempfile, pathlib
    >>> from passo.plot import draw
    >>> from passo.trace import Column, Trace
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "rate.png"
    >>> save(draw(Trace(2, ("all",), (Column(0, "lr", (0,), (0.1,)),))), path)
    >>> path.read_bytes()[1:4]
    b'PNG'
    """
    suffix = _ending(path)
    if suffix == PAGE and hasattr(picture, "to_html"):
        with replacing(path) as file:
            file.write(_page(picture).encode())
        return
    figure = picture.figure.canvas.figure if hasattr(picture, "get_xlabel") else picture
    if suffix not in KINDS or not hasattr(figure, "savefig"):
        raise _wrong_kind(path, f"a {type(picture).__name__}")
    with replacing(path) as file:
        figure.savefig(file, format=suffix[1:], **KINDS[suffix])
    from passo.plot.figures import release  # it has matplotlib at its head

    release(figure)


def refuse_undrawable(path: str | os.PathLike[str], backend: Backend = "matplotlib") -> None:
    """Refuses before the work a file that `save` could not draw into after it.

    Raises `PassoError` for an ending that the backend does not write, for a library that is not
    installed, and for a file that cannot be written.

    >>> refuse_undrawable("tune.bmp")
    Traceback (most recent call last):
    ...
    passo.PassoError: a picture becomes .png, .svg or .pdf (matplotlib) or .html (plotly), got
    'tune.bmp' for matplotlib
    """
    if _ending(path) not in (KINDS if backend == "matplotlib" else {PAGE}):
        raise _wrong_kind(path, backend)
    need(backend, "passo[plot]", f"drawing with {backend}")
    refuse_unwritable(path)


def _ending(path: str | os.PathLike[str]) -> str:
    return Path(path_of(path, "a picture", "is written to")).suffix.lower()


def _wrong_kind(path: str | os.PathLike[str], what: str) -> PassoError:
    return PassoError(
        "a picture becomes .png, .svg or .pdf (matplotlib) or .html (plotly), "
        f"got {str(path)!r} for {what}"
    )


def _page(figure: Any) -> str:
    """A plotly figure as a page of its own, as wide as the window."""
    title = re.sub("<[^>]*>", " ", figure.layout.title.text or "passo").strip()
    head = f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}'
    text: str = figure.to_html(config={"responsive": True, "displaylogo": False})
    return text.replace("</head>", f"{head}</title></head>", 1)
