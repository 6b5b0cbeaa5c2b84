"""One of two processes that train together, run by test_transformers_in_two.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from passo import Plateau, percent, warmup_cosine
from tests.integrations.hugging import DATA, Passo, logged, trainer


def main(folder: str, rank: str) -> None:
    """Train, and write what the updates of this process used."""
    # Each rank evaluates to something else: what a plateau hears must be the same on both.
    scores = {"0": [3.0, 2.0, 1.0], "1": [3.0, 4.0, 5.0]}[rank]
    plan = warmup_cosine(warmup=percent(20))
    plan *= Plateau("eval_score", mode="max", patience=0, factor=0.5)
    made, seen = trainer(
        folder,
        Passo(plan),
        eval_dataset=DATA,
        eval_strategy="epoch",
        compute_metrics=lambda _prediction: {"score": scores.pop(0)},
        gradient_accumulation_steps=2,
        ddp_backend="gloo",
    )
    made.train()
    told = {"rates": seen.rates, "logged": logged(made), "updates": made.state.global_step}
    Path(folder, f"{rank}.json").write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
