"""How the demo's page looks: no font, script or image comes from elsewhere."""

from __future__ import annotations

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
