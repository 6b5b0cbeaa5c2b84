"""The page of the catalogue: `python -m tests.catalogue.page` writes docs/catalogue.md."""

from __future__ import annotations

from pathlib import Path

from passo import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
HEAD = """# The catalogue

Every published schedule is one expression. `catalogue.find` takes its name here or in any
library, in any case and with spaces or dashes; where several have the name, all are found. `passo
show NAME` prints the same, and `passo list --search WORD` looks for a word.

```python
from passo import Run, catalogue, percent, steps

(entry,) = catalogue.find("get_cosine_with_hard_restarts_schedule_with_warmup")
assert entry.name == "cosine with hard restarts"
schedule = entry.expression(cycles=2, over=percent(90), warmup=percent(10)).on(Run(steps(100)))
assert schedule.with_base(0.1)(10) == 0.1

assert "CosineAnnealingWarmRestarts" in catalogue.named("SGDR").peers["torch"]
assert len(catalogue.find("transformers.get_wsd_schedule")) > 2
```

`entry.expression(...)` takes the parameters by name, each with a default; `formula` is LaTeX,
`source` the paper or the library, `peers` what it is called elsewhere, `notes` what differs
there. A schedule that no expression can be has its entry too, and its notes say why.

All of them drawn, with formula and code, are [the gallery](gallery.md).

This page is made from the code: `python -m tests.catalogue.page`.
"""


def page() -> str:
    """The page as it should be."""
    lines, family = [HEAD.rstrip("\n")], ""
    for entry in catalogue.ENTRIES:
        if entry.family != family:
            family = entry.family
            lines += ["", f"## {family[0].upper()}{family[1:]}", ""]
            lines += ["| name | source | called elsewhere |", "| --- | --- | --- |"]
        names = dict.fromkeys(each for names in entry.peers.values() for each in names)
        called = ", ".join(f"`{each}`" for each in names) or "-"
        lines.append(f"| {entry.name} | {entry.source} | {called} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
