"""The demo's page: one file with everything in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from passo.demo.sparkline import svg, used
from passo.demo.stories import Story
from passo.demo.values import (
    OPTIMIZERS,
    DemoResult,
    Optimizer,
    Row,
    Settings,
    Task,
    caution,
    range_figure,
)
from passo.trace import Trace

POINTS = 60
# no font, script or image comes from elsewhere
STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --line: #dfe4e8;
  --blue: #0072b2; --good: #00734f; --bad: #b34700; --paper: #fff; --code: #f3f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #a5adb5; --line: #363c43; --blue: #5db4ea; --good: #4cc99c;
    --bad: #ff9a5c; --paper: #16191c; --code: #23282d; }
  img { border-radius: 4px; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 72rem; color: var(--ink);
  background: var(--paper);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0 .6rem; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .4rem; }
h3 { font-size: 1.1rem; margin: 2.2rem 0 .2rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
p, li { max-width: 46rem; }
p { margin: .35rem 0; }
small, .soft, figcaption { color: var(--soft); }
code { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  background: var(--code); padding: .12em .35em; border-radius: 4px; overflow-wrap: anywhere; }
a { color: var(--blue); }
img { display: block; width: 100%; height: auto; }
figure { margin: 0; }
.pair { display: grid; gap: 1rem; margin-top: .7rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); }
.scroll { overflow-x: auto; margin: .8rem 0; }
.poster img { min-width: 60rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .28rem .7rem .28rem 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
th { font-weight: 600; font-size: .85rem; color: var(--soft); vertical-align: bottom; }
td.number { text-align: right; }
.best { color: var(--good); font-weight: 600; }
.worst { color: var(--bad); }
.best::after { content: " best"; }
.worst::after { content: " worst"; }
polyline { fill: none; stroke: var(--blue); stroke-width: 1.8; stroke-linejoin: round; }
svg { display: block; overflow: visible; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; max-width: 46rem; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 40rem) {
  table { white-space: normal; }
  th, td { padding-right: .45rem; font-size: .78rem; line-height: 1.3; }
  td.shape, th.shape { display: none; }
  figure { overflow-x: auto; } figure img { min-width: 36rem; }
  figcaption { position: sticky; left: 0; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
"""


def write_report(folder: Path, result: DemoResult, about: Mapping[str, Any]) -> None:
    """Writes `report.html` from the figures and traces that lie in `folder`."""
    stories = list(dict.fromkeys(row.story for row in result.rows))
    parts = [
        *_head(result, stories, about),
        *_table(folder, result, stories),
        *_peaks(folder, result.settings, about["range_tests"]),
        *_reading(result.settings),
        *(part for story in stories for part in _section(folder, result, story)),
        *_poster(folder),
        *_made(result, about),
        "</body></html>",
    ]
    text = "\n".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")
    (folder / "report.html").write_text(text + "\n", "utf-8")


def _head(result: DemoResult, stories: Sequence[Story], about: Mapping[str, Any]) -> Iterator[str]:
    data, settings = about["data"], result.settings
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>passo demo</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{len(stories)} learning-rate schedules on real digits</h1>"
    yield (
        f"<p>A small convolutional network ({data['parameters']:,} parameters) learns to read "
        f"{data['images']:,} handwritten digits of {data['pixels']} × {data['pixels']} pixels. It "
        f"is trained {len(stories)} × {len(OPTIMIZERS)} × {settings.seeds} times: with "
        f"each schedule, with {' and '.join(OPTIMIZERS)}, from {_count(settings.seeds, 'seed')}. "
        f"Every run gets the same budget, {settings.run.updates:,} updates, and a seed deals out "
        "the same images and first weights to all. Only the schedule differs.</p>"
    )
    for optimizer in OPTIMIZERS:
        yield f"<p>{_verdict(result, optimizer)}</p>"


def _verdict(result: DemoResult, optimizer: Optimizer) -> str:
    """Best, worst and quickest in one sentence."""
    rows = [row for row in result.rows if row.optimizer == optimizer]
    said = []
    for mark in ("best", "worst"):
        found = [row for row in rows if row.mark == mark]
        if found:
            names = " and ".join(row.story.title for row in found)
            said.append(f"{mark} was <b>{escape(names)}</b> ({found[0].percent:.1f} %)")
    clocks = [row.reached for row in rows if row.reached is not None]
    if result.settings.margin and not any(row.mark == "best" for row in rows):
        said.insert(0, "no schedule was clearly best")
    elif clocks:
        first = " and ".join(row.story.title for row in rows if row.reached == min(clocks))
        goal = result.settings.goal
        said.append(f"first at {goal} was <b>{escape(first)}</b> ({min(clocks):,.0f} updates)")
    return f"With {optimizer}, {', '.join(said)}." if said else ""


def _table(folder: Path, result: DemoResult, stories: Sequence[Story]) -> Iterator[str]:
    yield '<h2>Results</h2><div class="scroll"><table><thead><tr><th>schedule</th>'
    yield '<th class="shape">rate</th>'
    for optimizer in OPTIMIZERS:
        yield f"<th>{optimizer}:<br>test accuracy (%)</th>"
        yield f"<th>updates<br>to {result.settings.goal}</th>"
    yield "</tr></thead><tbody>"
    found = {(row.story, row.optimizer): row for row in result.rows}
    for story in stories:
        trace = Trace.load(folder / Task(story.name, OPTIMIZERS[0], 0).trace)
        yield f'<tr><td><a href="#{story.name}">{escape(story.title)}</a></td>'
        yield f'<td class="shape">{svg(used(trace, POINTS))}</td>'
        yield from (_cells(found[story, optimizer]) for optimizer in OPTIMIZERS)
        yield "</tr>"
    yield "</tbody></table></div>"
    yield f"<p><small>{_table_note(result.settings)}</small></p>"


def _cells(row: Row) -> str:
    clock = row.clock.replace("-", "–")
    accuracy = row.accuracy.replace("± ", "±\N{NO-BREAK SPACE}")
    return f'<td><span class="{row.mark}">{accuracy}</span></td><td class="number">{clock}</td>'


def _table_note(settings: Settings) -> str:
    spread = (
        f"Mean ± standard deviation over {_count(settings.seeds, 'seed')}; a difference no "
        "larger than that may well be chance. "
        if settings.seeds > 1
        else "One seed only: a difference of a percent or two may well be chance. "
    )
    spread += f"{caution(settings)} " if settings.margin else ""
    return (
        "Accuracy on test images that no run has seen, after the last update. "
        f"{spread}Updates to {settings.goal}: when the validation accuracy first got there, "
        f"looked at every {settings.report_every} updates (median over seeds; – where it never "
        "did). Best and worst by test accuracy."
    )


def _peaks(folder: Path, settings: Settings, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How the base rates were found."""
    yield "<h2>The base rates, found first</h2><p>Before anything was trained, a range test raised "
    yield "the rate from update to update and looked at the loss, three times with other batches; "
    yield "then it put everything back. Too low, and nothing happens; then the loss falls; then it "
    yield "explodes. The base rate is the green line, well below that.</p>"
    yield '<div class="pair">'
    for each in found:
        name, rate = each["optimizer"], settings.rate(each["optimizer"])
        doubt = "" if each["best"] else ": a plain choice, since the test suggests nothing"
        yield f"<figure>{_image(folder / range_figure(name), f'range test with {name}')}"
        yield f"<figcaption>{name}: {rate:g}{escape(doubt)}</figcaption></figure>"
    yield "</div>"


def _reading(settings: Settings) -> Iterator[str]:
    yield "<h2>Schedule by schedule</h2><p>In each figure, over the updates from left to right: "
    yield "on top the learning rate that each update really used (dashed: planned), below it the "
    yield "losses of the same "
    yield f"run (training: mean of the last {settings.report_every} updates; validation: images "
    yield "that are watched but not learned from; dotted: a network that only guesses)."
    if settings.seeds > 1:
        yield "The thick lines are seed 0; the thin ones are the other seeds."
    yield "<code>base</code> is the optimizer's base rate: "
    yield f"{', '.join(f'{settings.rate(each):g} for {each}' for each in OPTIMIZERS)}.</p>"


def _section(folder: Path, result: DemoResult, story: Story) -> Iterator[str]:
    yield f'<h3 id="{story.name}">{escape(story.title)}</h3>'
    yield f"<p>{escape(story.words)}</p><p><code>{escape(story.code)}</code></p>"
    yield '<div class="pair">'
    for row in result.rows:
        if row.story == story:
            alt = f"{story.title} with {row.optimizer}: learning rate over losses"
            reached = "never" if row.reached is None else f"after {row.clock} updates"
            yield f"<figure>{_image(folder / row.runs[0].task.figure, alt)}<figcaption>"
            yield f"{row.optimizer}: test accuracy {row.accuracy} %, "
            yield f"{result.settings.goal} {reached}</figcaption></figure>"
    yield "</div>"


def _poster(folder: Path) -> Iterator[str]:
    yield "<h2>All on one page</h2><p>All losses share one axis, so that they compare.</p>"
    yield f'<div class="scroll poster">{_image(folder / "poster.png", "all runs")}</div>'


def _made(result: DemoResult, about: Mapping[str, Any]) -> Iterator[str]:
    settings = result.settings
    rest = about["data"]["images"] - settings.train - settings.validation
    yield "<h2>What was run</h2><dl>"
    facts = {
        "data": f"scikit-learn's load_digits: {settings.train} images to train on, "
        f"{settings.validation} to validate, {rest} to test; dealt out anew by each seed",
        "budget": f"{settings.epochs} epochs of {settings.train} images in batches of "
        f"{settings.batch}: {settings.run.updates:,} updates",
        "seeds": ", ".join(map(str, range(settings.seeds))),
        "base rates": f"SGD {settings.sgd_rate:g} (momentum {settings.momentum:g}), "
        f"AdamW {settings.adamw_rate:g}: what a range test suggests for each optimizer on seed 0, "
        "to one digit. The schedules' own numbers are plain choices, not optima: others may "
        "reorder the table",
        "versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        "wall time": f"{result.seconds:.0f} s with {_count(about['workers'], 'process', 'es')}",
        "again": "the same seeds on the same versions give the same numbers",
    }
    for name, text in facts.items():
        yield f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>"
    yield "</dl><p class='soft'>Beside this page: <code>results.json</code>, "
    yield "<code>results.csv</code>, <code>poster.png</code>, <code>figures/</code>, and in "
    yield "<code>traces/</code> what every update of every run used "
    yield "(<code>passo.Trace.load</code>).</p>"


def _image(path: Path, alt: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'


def _count(number: int, word: str, plural: str = "s") -> str:
    """A number of things in words.

    >>> _count(1, "seed"), _count(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{number} {word}{'' if number == 1 else plural}"
