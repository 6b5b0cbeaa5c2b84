"""The demo's page: one file with everything in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from passo.demo.findings import findings, ranges
from passo.demo.stories import STORIES, Story
from passo.demo.values import RANGE_FIGURE, SENSITIVITY, DemoResult, Outcome, Settings, count

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
.lead { font-size: 1.2rem; font-weight: 600; margin: .6rem 0; }
.one { max-width: 46rem; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .28rem .7rem .28rem 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
th { font-weight: 600; font-size: .85rem; color: var(--soft); vertical-align: bottom; }
td.number { text-align: right; }
td.works { color: var(--good); font-weight: 600; }
td small { display: block; font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; max-width: 46rem; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 40rem) {
  table { white-space: normal; }
  th, td { padding-right: .45rem; font-size: .78rem; line-height: 1.3; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
"""


def said(result: DemoResult) -> list[str]:
    """What the numbers say of the schedules that were compared; why nothing, where they cannot."""
    settings = result.settings
    if settings.too_few:
        return [f"{settings.too_few} are too few to compare schedules: the picture is a sketch."]
    return findings(result.cells, 100 * settings.goal, settings.test)


def write_report(folder: Path, result: DemoResult, about: Mapping[str, Any]) -> None:
    """Writes `report.html` from the figures that lie in `folder`."""
    parts = [
        *_head(result, about),
        *_sensitivity(folder, result),
        *_table(result),
        *_base(folder, result.settings, about["range_test"]),
        *_once(folder, result),
        *_made(result, about),
        "</body></html>",
    ]
    text = "\n".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")
    (folder / "report.html").write_text(text + "\n", "utf-8")


def _head(result: DemoResult, about: Mapping[str, Any]) -> Iterator[str]:
    data, settings = about["data"], result.settings
    titles = list(dict.fromkeys(cell.title for cell in result.cells))
    bases = {cell.base for cell in result.cells}
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>passo demo</title><style>{STYLE}</style></head><body>"
    yield "<h1>What a learning-rate schedule is for</h1>"
    yield "".join(f'<p class="lead">{escape(first)}</p>' for first in said(result)[:1])
    yield (
        f"<p>A small convolutional network ({data['parameters']:,} parameters) learns to read "
        f"{data['images']:,} handwritten digits of {data['pixels']} × {data['pixels']} pixels, "
        f"with SGD. It is trained with {count(len(titles), 'schedule')} "
        f"({escape(', '.join(titles))}) at each of {len(bases)} base rates, from "
        f"{count(settings.seeds, 'seed')}. Every run gets the same budget, "
        f"{settings.run.updates:,} updates, and a seed deals out the same images and first "
        "weights to all. Only the schedule and its base rate differ: the rate at which a decay "
        "begins, and to which a warm-up climbs.</p>"
    )


def _sensitivity(folder: Path, result: DemoResult) -> Iterator[str]:
    settings = result.settings
    alt = "test accuracy over the base rate, a line for each schedule; below, where each works"
    yield f'<figure class="one">{_image(folder / SENSITIVITY, alt)}'
    yield "<figcaption>Above: accuracy on test images that no run has seen, after the last update; "
    if settings.seeds > 1:
        yield "the line is the mean over seeds, the band reaches from the lowest to the highest. "
    yield f"Below: filled where the mean is at least {settings.goal_text}, which is called a rate "
    yield "that works.</figcaption></figure>"
    if not settings.too_few:
        yield "<h2>What came out</h2><ul>"
        yield from (f"<li>{escape(sentence)}</li>" for sentence in said(result))
        yield "</ul>"
        yield "<p><small>A difference is called one only where the lowest seed of one schedule is "
        yield "above the highest of the other, at the same rate, and the means differ by more than "
        yield f"{settings.test} test images a seed can hide; anything less is within the spread. "
        yield "Of so many pairs, one may still differ by chance.</small></p>"


def _table(result: DemoResult) -> Iterator[str]:
    """The numbers behind the picture."""
    settings = result.settings
    fit = ranges(result.cells, 100 * settings.goal, settings.test)
    bases = sorted({cell.base for cell in result.cells})
    yield '<h2>The numbers</h2><div class="scroll"><table><thead><tr><th>schedule</th>'
    yield "".join(f"<th>{base:g}</th>" for base in bases)
    yield "<th>works at</th></tr></thead><tbody>"
    for title in dict.fromkeys(cell.title for cell in result.cells):
        yield f"<tr><td>{escape(title)}</td>"
        for cell in (each for each in result.cells if each.title == title):
            low, high = cell.band
            works = ' class="works"' if round(cell.mean, 1) >= 100 * settings.goal else ""
            band = f"<small>{low:.1f} – {high:.1f}</small>" if settings.seeds > 1 else ""
            yield f"<td{works}>{cell.mean:.1f}{band}</td>"
        yield f"<td>{escape(fit[title].partition(':')[0])}</td></tr>"
    yield "</tbody></table></div>"
    of = f": the mean over {settings.seeds} seeds, the lowest and the highest"
    of = of if settings.seeds > 1 else ", of one seed"
    yield f"<p><small>Test accuracy in percent at each base rate{of}. Green where the rate works."
    yield "</small></p>"


def _base(folder: Path, settings: Settings, found: Mapping[str, Any]) -> Iterator[str]:
    """How the base rate was found."""
    yield "<h2>The base rate, found first</h2><p>Before anything was trained, a range test raised "
    yield "the rate from update to update and looked at the loss, three times with other batches; "
    yield "then it put everything back. Too low, and nothing happens; then the loss falls; then it "
    yield "explodes. The green line, well below that, is what it suggests. "
    if found["best"]:
        yield f"To one digit that is {settings.rate:g}, around which the rates above lie.</p>"
    else:
        yield f"It suggests none here, so {settings.rate:g} is a plain choice.</p>"
    yield f'<figure class="one">{_image(folder / RANGE_FIGURE, "range test")}</figure>'


def _once(folder: Path, result: DemoResult) -> Iterator[str]:
    settings = result.settings
    once = [run for run in result.outcomes if (run.task.times, run.task.seed) == (1.0, 0)]
    runs = {run.task.schedule: run for run in once}
    yield f"<h2>{count(len(runs), 'schedule')}, once each</h2><p>All at the base rate "
    yield f"{settings.rate:g}, from one seed: to see what each does, not which is better. In each "
    yield "figure, over the updates from left to right: on top the learning rate that each update "
    yield "really used (dashed: planned), below it the losses of the same run (training: mean of "
    yield f"the last {settings.report_every} updates; validation: images that are watched but not "
    yield "learned from; dotted: a network that only guesses).</p>"
    yield '<div class="pair">'
    for story in STORIES:
        if story.name in runs:
            yield from _story(folder, story, runs[story.name])
    yield "</div>"


def _story(folder: Path, story: Story, run: Outcome) -> Iterator[str]:
    yield f'<section><h3 id="{story.name}">{escape(story.title)}</h3>'
    yield f"<p>{escape(story.words)}</p><p><code>{escape(story.code)}</code></p>"
    alt = f"{story.title}: learning rate over losses"
    yield f"<figure>{_image(folder / run.task.figure, alt)}<figcaption>"
    yield f"test accuracy {100 * run.accuracy:.1f} %</figcaption></figure></section>"


def _made(result: DemoResult, about: Mapping[str, Any]) -> Iterator[str]:
    settings = result.settings
    yield "<h2>What was run</h2><dl>"
    facts = {
        "data": f"scikit-learn's load_digits: {settings.train} images to train on, "
        f"{settings.validation} to validate, {settings.test} to test; dealt out anew by each seed",
        "budget": f"{settings.epochs} epochs of {settings.train} images in batches of "
        f"{settings.batch}: {settings.run.updates:,} updates; {len(result.outcomes)} runs",
        "seeds": ", ".join(map(str, range(settings.seeds))),
        "optimizer": f"SGD with momentum {settings.momentum:g}. The schedules' own numbers are "
        "plain choices, not optima; other data, networks, budgets and optimizers may say otherwise",
        "versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        "wall time": f"{result.seconds:.0f} s with {count(about['workers'], 'process', 'es')}",
        "again": "the same seeds on the same versions give the same numbers",
    }
    for name, text in facts.items():
        yield f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>"
    yield "</dl><p class='soft'>Beside this page: <code>results.json</code>, "
    yield f"<code>results.csv</code>, <code>{SENSITIVITY}</code>, <code>figures/</code>, and in "
    yield "<code>traces/</code> what every update of every run used "
    yield "(<code>passo.Trace.load</code>).</p>"


def _image(path: Path, alt: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'
