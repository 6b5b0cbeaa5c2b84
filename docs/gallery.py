"""Writes the gallery, pages and pictures, from the catalogue: `python docs/gallery.py`."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import passo
from passo import Run, Schedule, catalogue, draw, steps
from passo.catalogue import Entry
from passo.catalogue.like.registry import LIBRARIES
from passo.plot import save
from passo.plot.backends.matplotlib import new_figure

HERE = Path(__file__).parent
PLACE = HERE / "gallery"
RUN, BASE, WIDE, LINE = Run(steps(1000)), 0.1, 3.5, 88
# What a schedule that is moved by reports is told, 40 times in the run.
METRICS: Final[dict[str, Callable[[float], float]]] = {
    "val_loss": lambda t: max(0.3, 1 - t / 500),
    "weight_norm": lambda t: 2 + math.cos(t / 60),
}
# What mathtext has no word for, or another one.
MATH: Final = [
    (r"\\tfrac(\d)(\d)", r"\\frac{\1}{\2}"),
    (r"\\(le|ge)(?![a-z])", r"\\\1q"),
    (r"\\bmod", r"\\ \\mathrm{mod}\\ "),
    (r"\\[lr]Vert", r"\\Vert"),
    (r"\\sqrt (\w)", r"\\sqrt{\1}"),
]
INDEX = """# The gallery

Every published schedule of [the catalogue](catalogue.md), {count} of them, each with a picture, its
formula, its source, the code, and what it is called elsewhere; {bare} have no expression and no
picture, and say why. For the settings that were published for a model see
[Which schedule?](which_schedule.md); for how libraries differ where they say the same,
[One schedule, 21 libraries](one_schedule.md).

The runs are 1,000 updates long and `base` is 0.1. In a formula t is time, η₀ the peak, W the
warm-up, T the run, p the share of what follows the warm-up, q that of the cooldown, u that of the
shape itself. What reports move was told a loss that falls and then stays, or a norm of weights
that swings.

These pages are made from the code: `python docs/gallery.py`.
"""


def slug(name: str) -> str:
    """A name as a file's, and as the place of a heading on the page.

    >>> slug("flat, then cosine"), slug("RAdam's rectification")
    ('flat-then-cosine', 'radams-rectification')
    """
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", name.lower())).strip("-")


def by_family() -> dict[str, list[Entry]]:
    """The entries of each family, in the catalogue's order."""
    found: dict[str, list[Entry]] = {}
    for entry in catalogue.ENTRIES:
        found.setdefault(entry.family, []).append(entry)
    return found


def pages() -> dict[str, str]:
    """Every page by its path from here."""
    families = by_family()
    bare = sum(each.expression is None for each in catalogue.ENTRIES)
    index = [INDEX.format(count=len(catalogue.ENTRIES), bare=bare).rstrip("\n")]
    for family, entries in families.items():
        page = f"gallery/{slug(family)}.md"
        links = [f"[{each.name}]({page}#{slug(each.name)})" for each in entries]
        index += ["", f"## {_title(family)}", "", " ·\n".join(links)]
    made = {"gallery.md": "\n".join(index) + "\n"}
    for family, entries in families.items():
        made[f"gallery/{slug(family)}.md"] = "\n".join(_page(family, entries)) + "\n"
    return made


def _title(family: str) -> str:
    return family[0].upper() + family[1:]


def _page(family: str, entries: list[Entry]) -> Iterator[str]:
    calls = {each.name: _call(each) for each in entries if each.expression is not None}
    words = {word for call in calls.values() for word in re.findall(r"\w+", call)}
    names = ["catalogue", *sorted({*words} & {*passo.__all__} - {"catalogue"})]
    yield from (f"# {_title(family)}", "", "A part of [the gallery](../gallery.md).", "")
    line = f"from passo import {', '.join(names)}"
    if len(line) > LINE:
        line = "\n".join(["from passo import (", *(f"    {name}," for name in names), ")"])
    yield from ("```python", line, "```")
    for entry in entries:
        yield from ("", f"## {entry.name}", "")
        if entry.expression is None:
            yield from (f"`{entry.formula}`", "")
        else:
            picture = f"![{entry.name}]({slug(entry.name)}.png)"
            yield from (picture, "", "```python", calls[entry.name], "```", "")
            yield from (f"It is `{entry.expression()!r}`.", "")
        yield " ".join(_words(entry))


def _call(entry: Entry) -> str:
    """How it is asked for, with all its parameters as they are."""
    given = [
        f"{name}={_written(each.default)}"
        for name, each in inspect.signature(_expression(entry)).parameters.items()
    ]
    begin = f'schedule = catalogue.named("{entry.name}").expression('
    line = f"{begin}{', '.join(given)})"
    if len(line) <= LINE:
        return line
    return "\n".join([begin, *(f"    {each}," for each in given), ")"])


def _expression(entry: Entry) -> Callable[..., Schedule]:
    if entry.expression is None:
        raise LookupError(entry.name)
    return entry.expression


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _words(entry: Entry) -> Iterator[str]:
    source = re.sub(r"arXiv:(\d{4}\.\d{5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", entry.source)
    yield f"{source[0].upper()}{source[1:]}."
    if entry.notes:
        yield entry.notes
    if entry.aliases:
        yield f"Also called {', '.join(entry.aliases)}."
    if entry.peers:
        elsewhere = (
            f"{_library(library)} {', '.join(f'`{each}`' for each in names)}"
            for library, names in entry.peers.items()
        )
        yield f"Elsewhere: {'; '.join(elsewhere)}."


def _library(name: str) -> str:
    return f"[{name}](../like.md#{name})" if name in LIBRARIES else name


def placed(entry: Entry) -> Schedule:
    """What is drawn: its defaults, on the run, with what it was told."""
    schedule = _expression(entry)()
    schedule = (schedule.with_base(BASE) if schedule.relative else schedule).on(RUN)
    for plateau, _ in list(schedule.plateaus(lambda t: t)):
        metric = METRICS[plateau.metric]
        told = [(t, {plateau.metric: metric(t)}) for t in range(25, 1000, 25)]
        schedule = schedule.with_reports(told)
    return schedule


def picture(entry: Entry) -> None:
    """The schedule with its formula above it, small enough for a narrow screen."""
    figure = new_figure((WIDE, 2.1))
    ax = draw(placed(entry).curve(RUN), ax=figure.add_subplot())
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    for each in list(ax.texts):
        each.remove()
    ax.set(xlabel="", ylabel="")
    ax.set_title("", loc="center")
    formula = entry.formula
    for theirs, ours in MATH:
        formula = re.sub(theirs, ours, formula)
    written = figure.suptitle(f"${formula}$", fontsize=11, x=0.02, ha="left")
    size = written.get_window_extent().width / figure.dpi  # type: ignore[call-arg]
    written.set_fontsize(11 * min(1.0, 0.96 * WIDE / size))
    save(figure, PLACE / f"{slug(entry.name)}.png")


def write() -> None:
    """All of it; what has gone from the catalogue goes here too."""
    PLACE.mkdir(exist_ok=True)
    for old in PLACE.iterdir():
        old.unlink()
    for path, text in pages().items():
        (HERE / path).write_text(text, "utf-8")
    for entry in catalogue.ENTRIES:
        if entry.expression is not None:
            picture(entry)


if __name__ == "__main__":
    write()
