"""Findings as one HTML file that needs no other."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.planned import shown
from passo.doctor.report import NOTHING_MORE, About, Graph, curve, graphs, ran
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.trace import Trace

PICTURES: Final = 8
WIDE, NARROW = 8.0, 4.4  # inches
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5c5c5c; --paper: #fff; --line: #ddd }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --soft: #a8a8a8; --paper: #17191c; --line: #3a3d42 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem }
code, pre { font: .92em "DejaVu Sans Mono", Menlo, Consolas, ui-monospace, monospace }
pre { overflow-x: auto; overflow-wrap: normal; line-height: 1.15 }
dl { display: grid; grid-template-columns: 4rem 1fr; gap: .15rem .8rem; margin: 0 }
dt, .soft { color: var(--soft) } dd { margin: 0 } p { margin: .2rem 0 1rem }
.code { background: #b34e00; color: #fff; border-radius: .25rem; padding: .05rem .4rem }
.where { color: var(--soft); font-weight: normal }
figure { margin: 1rem 0; padding: .3rem; background: #fff; border: 1px solid var(--line);
  border-radius: .4rem }
svg { display: block; width: 100%; height: auto } .narrow { display: none }
@media (max-width: 34rem) { .wide { display: none } .narrow { display: block } }
"""


def page(
    target: str, traces: Sequence[Trace], found: Sequence[Finding], about: About = NOTHING_MORE
) -> str:
    """What ran, the rates that it used, and what the doctor says."""
    many = (
        f"{len(found)} finding{'s' if len(found) != 1 else ''}" if found else about.nothing(traces)
    )
    pictures = graphs(traces, found)
    pictures = sorted(pictures, key=lambda each: not each.marks)[:PICTURES]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>passo doctor: {escape(target)}</title><style>{STYLE}</style></head><body>",
        f"<h1>passo doctor: <code>{escape(target)}</code></h1>",
        f'<p><b>{many}</b><span class="soft">{escape(ran(traces, about))}</span></p>',
        *(_entry(each) for each in found),
        *(_figure(each) for each in pictures),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _entry(finding: Finding) -> str:
    texts = (("seen", finding.seen), ("why", finding.why), ("write", finding.write))
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in texts)
    head = f'<span class="code">{finding.code}</span> <span class="where">{escape(finding.where)}'
    return f"<h2>{head}</span></h2><dl>{rows}</dl>"


def _figure(each: Graph) -> str:
    """The curve as SVG, once for a wide screen and once for a narrow one; else as text."""
    try:
        wide, narrow = (_svg(each, width) for width in (WIDE, NARROW))
    except PassoError:
        return f"<figure><pre>{escape(curve(each))}</pre></figure>"
    label = escape(f"what each update used: {each.name}")
    return (
        f'<figure role="img" aria-label="{label}">'
        f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div></figure>'
    )


def _svg(each: Graph, width: float) -> str:
    from passo.plot import draw

    looks: dict[str, Any] = {
        "marks": each.marks,
        "title": each.name,
        "width": width,
        "planned": shown(each.trace),
    }
    file = io.StringIO()
    figure = draw(each.trace, **looks).figure.canvas.figure
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]
