"""What `like` answers at each of its settings, recorded: `python -m tests.catalogue.recorded`.

`tests/peers` holds the answers to the libraries themselves, which the usual tests do not install;
this holds them to what they were then. Write the file anew where `make test-peers` is green.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from passo import Run, steps
from passo.catalogue.like.registry import LIBRARIES
from tests.catalogue import settings

FILE = Path(__file__).parent / "recorded.json"
RUN = Run(steps(10_000), steps_per_epoch=1)
UPDATES, BASE, DIGITS = 150, 0.1, 12


def losses(updates: int) -> list[float]:
    """A metric that falls, stays, rises, and falls again."""
    return [round(1.0 / (1 + t % 17) + 0.3 * (t // 30), 3) for t in range(updates)]


def sums(library, name, given) -> list[float]:
    """Of each field the sum of the values that the updates use, and of t times the values."""
    plan = settings.ours(library, name, given)
    fields = plan if isinstance(plan, dict) else {"lr": plan}
    return [each for _, schedule in sorted(fields.items()) for each in _sums(schedule)]


def _sums(schedule):
    placed = schedule.with_base(BASE).on(RUN)
    for metric in {plateau.metric for plateau, _ in placed.plateaus(lambda t: t)}:
        told = enumerate(losses(UPDATES))
        placed = placed.with_reports([(t, {metric: loss}) for t, loss in told if t])
    values = [placed(t) for t in range(UPDATES)]
    yield math.fsum(values)
    yield math.fsum(t * value for t, value in enumerate(values))


def found(library: str) -> dict[str, list[list[float]]]:
    """The sums at all settings of a library, by its name and theirs."""
    return {
        f"{library}.{name}": [
            [float(f"{each:.{DIGITS}g}") for each in sums(library, name, given)] for given in rows
        ]
        for name, rows in settings.of(library).items()
    }


def main() -> None:
    rows = [row for library in sorted(LIBRARIES) for row in found(library).items()]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in rows)
    FILE.write_text(f"{{\n{lines}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
