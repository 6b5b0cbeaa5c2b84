"""Three short runs, what a law makes of them, the run that it chose, and whether it was right.

    python examples/foresee.py RUNS                  records, fits, chooses, trains, compares
    passo predict RUNS/*.jsonl                       what all recipes would end at, by all of them

A small network learns the next byte of text that ships with Python, and predicts none twice. Linear
to 0, wsd with a cooldown of 20 % and three stages are recorded; the law says what each recipe would
end at, and the lowest one that was not recorded is trained too. What it came to stands beside what
was said of it, in RUNS/foreseen.png as well.
"""

from __future__ import annotations

import argparse
import pydoc_data.topics
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch.nn import functional

from passo import Constant, Linear, Run, attach, base, draw, percent, steps, warmup_linear, wsd
from passo.law import Comparison, Law, Prediction
from passo.plot import save
from passo.schedules import Schedule
from passo.trace import Trace

CONTEXT, BATCH, HELD, RATE = 8, 64, 4096, 3e-3
EVERY: Final = 40  # reports of a run
RECORDED: Final[dict[str, Schedule]] = {
    "linear": warmup_linear(),
    "wsd": wsd(),
    "stages": Linear(0, base, percent(5)).then(
        Constant(base, percent(55)), Constant(0.3 * base, percent(20)), Constant(0.1 * base)
    ),
}


class Answer(NamedTuple):
    """What was fitted, what was chosen, and what the chosen run came to."""

    law: Law
    found: Comparison
    trace: Trace

    @property
    def made(self) -> Prediction:
        """What was said of the run that was chosen."""
        return self.found.best.prediction

    @property
    def end(self) -> float:
        """What it came to: the mean of its last two reports."""
        last, end = self.trace.series("val_loss")[1][-2:]
        return (last + end) / 2.0

    @property
    def right(self) -> bool:
        """Whether that lies in the band."""
        return self.made.low[-1] <= self.end <= self.made.high[-1]


def windows() -> torch.Tensor:
    """The text as pieces of a context and the byte after it, shuffled once."""
    text = "\n".join(pydoc_data.topics.topics.values()).encode()
    data = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    pieces = data.unfold(0, CONTEXT + 1, 3)
    return pieces[torch.randperm(len(pieces), generator=torch.Generator().manual_seed(0))].int()


def network() -> torch.nn.Module:
    """Bytes to the next byte."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Embedding(256, 16),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * CONTEXT, 128),
        torch.nn.GELU(),
        torch.nn.Linear(128, 256),
    )


def train(plan: Schedule, updates: int, path: Path) -> Trace:
    """One run on the plan, recorded into a file."""
    path.unlink(missing_ok=True)
    model, data = network(), windows()
    held, stream = data[:HELD], data[HELD:]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    scheduler = attach(optimizer, plan, Run(steps(updates)), record=path)
    every = max(1, updates // EVERY)
    for update in range(updates):
        batch = stream[update * BATCH : (update + 1) * BATCH]
        loss = functional.cross_entropy(model(batch[:, :-1]), batch[:, -1].long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler.clock % every == 0:
            with torch.no_grad():
                off = functional.cross_entropy(model(held[:, :-1]), held[:, -1].long())
            scheduler.report(val_loss=off.item())
    scheduler.detach()
    return Trace.load(path)


def main(given: list[str] | None = None) -> Answer:
    """Record three, fit, choose, train the choice, say whether it was right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the traces and the picture go")
    parser.add_argument("--updates", type=int, default=2000, help="of each run")
    told = parser.parse_args(given)
    most = (len(windows()) - HELD) // BATCH
    if not EVERY <= told.updates <= most:
        parser.error(
            f"--updates is from {EVERY} to {most}: the text has no more, got {told.updates}"
        )
    told.folder.mkdir(parents=True, exist_ok=True)
    seen = {
        name: train(plan, told.updates, told.folder / f"{name}.jsonl")
        for name, plan in RECORDED.items()
    }
    law = Law.fit(seen)
    run = Run(steps(told.updates))
    every = {each.name: each.prediction.schedule for each in law.best(run).outcomes}
    fresh = {name: each for name, each in every.items() if each not in RECORDED.values()}
    found = law.best(run, fresh)
    chosen = found.best.prediction.schedule
    trace = train(chosen, told.updates, told.folder / "chosen.jsonl")
    answer = Answer(law, found, trace)
    tell(answer, seen)
    save(draw(answer.made, *seen.values(), trace), told.folder / "foreseen.png")
    return answer


def tell(answer: Answer, seen: dict[str, Trace]) -> None:
    """What was recorded, what was said, and what came of it."""
    print(repr(answer.law)[1:-1])
    for name, trace in seen.items():
        print(f"recorded {name}: {trace.series('val_loss')[1][-1]:.4f}")
    made = answer.made
    print(f"chosen {answer.found.best.name}: {made.end:.4f} ± {made.margin:.4f} was said of it")
    where = "inside" if answer.right else "outside"
    print(f"it came to {answer.end:.4f}, {where} the band")
    below = [name for name, each in seen.items() if answer.end < each.series("val_loss")[1][-1]]
    print(f"that is lower than {', '.join(below) or 'none of them'}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
