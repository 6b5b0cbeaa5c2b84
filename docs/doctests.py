"""Docstrings as Markdown: an example (`>>>`) becomes a fence, as pages write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from griffe import Extension

if TYPE_CHECKING:
    from griffe import Object


def fenced(text: str) -> str:
    """The text with a fence around each example: from `>>>` to the next empty line."""
    lines: list[str] = []
    inside = False
    for line in [*text.splitlines(), ""]:
        begins, ends = line.startswith(">>> ") and not inside, not line.strip() and inside
        if begins:
            lines += ["", "```python"]
        if ends:
            lines.append("```")
        inside = (inside or begins) and not ends
        lines.append(line)
    return "\n".join(lines[:-1])


class Doctests(Extension):
    """Puts the fences in, wherever there is a docstring."""

    def on_object(self, *, obj: Object, **_kwargs: Any) -> None:
        """An object was read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
