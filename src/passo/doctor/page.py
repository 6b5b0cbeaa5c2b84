"""Findings as one HTML file that needs no other."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Final

from passo.doctor.planned import planned
from passo.doctor.report import curve
from passo.schedules.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.finding import Finding
    from passo.trace import Trace

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem }
code, pre { font-family: ui-monospace, monospace; font-size: .92em }
dl { display: grid; grid-template-columns: 4rem 1fr; gap: .15rem .8rem; margin: 0 }
dt { color: #666 } dd { margin: 0 }
.code { background: #D55E00; color: #fff; border-radius: .25rem; padding: .05rem .4rem }
.where { color: #666; font-weight: normal } svg { max-width: 100%; height: auto }
"""


def page(target: str, traces: Sequence[Trace], found: Sequence[Finding]) -> str:
    """What ran, the rate that it used, and what the doctor says."""
    trace = max(traces, key=lambda each: each.updates, default=None)
    many = f"{len(found)} finding{'s' if len(found) != 1 else ''}"
    picture = _picture(trace, found) if trace is not None and trace.updates else ""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>passo doctor: {escape(target)}</title><style>{STYLE}</style></head><body>",
        f"<h1>passo doctor: <code>{escape(target)}</code>, {many}</h1>",
        picture,
        *(_entry(each) for each in found),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _entry(finding: Finding) -> str:
    told = (("seen", finding.seen), ("why", finding.why), ("write", finding.write))
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in told)
    head = f'<span class="code">{finding.code}</span> <span class="where">{escape(finding.where)}'
    return f"<h2>{head}</span></h2><dl>{rows}</dl>"


def _picture(trace: Trace, found: Sequence[Finding]) -> str:
    """The curve as SVG, or as text where matplotlib is not installed."""
    from passo.plot import draw

    marks = [(each.update, each.code) for each in found if each.update is not None]
    try:
        ax = draw(trace, marks=marks, planned=planned(trace))
    except PassoError:
        return f"<pre>{escape(curve(trace, found))}</pre>"
    file = io.StringIO()
    ax.figure.canvas.figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]
