"""A small language model on the bytes of text that ships with Python, on one CPU.

    python examples/language_model.py RUN                   trains; nobody knows yet for how long
    touch RUN/cool                                          ends it from now on
    python examples/language_model.py RUN --cool-at 400000  the same after so many tokens
    python examples/language_model.py BRANCH --start RUN/checkpoint.pt --branch-at 300000
                                                            ends a checkpoint of it, beside it

Kill it when you like, kill -9 too, and call it again: it goes on from its last checkpoint, and its
rates and weights are those of the run that was not killed. Muon trains the matrices of its blocks
and AdamW the rest, under one plan. It accumulates two batches for an update, clips, computes in
bfloat16, counts tokens, and its batches grow while it trains.
"""

from __future__ import annotations

import argparse
import pydoc_data.topics
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, RandomSampler

from passo import Linear, RampedBatchSampler, Run, attach, tokens, warmup_constant

CONTEXT, WIDTH, HEADS, LAYERS = 64, 64, 4, 2
ACCUMULATE = 2  # batches of an update
RATES = {"muon": 0.01, "adamw": 3e-3}
RUN = Run(tokens(2_000_000), axis="token")  # what the plan is measured on; a cooldown ends it
TRUNK = warmup_constant(warmup=tokens(20_000))  # of the rate of each
SIZES = Linear(4, 16, tokens(100_000)).round(4)  # 4, 8, 12, 16 windows in a batch


class Block(torch.nn.Module):
    """Attention to what came before, then two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.between = torch.nn.LayerNorm(WIDTH), torch.nn.LayerNorm(WIDTH)
        self.looks, self.mixes = torch.nn.Linear(WIDTH, 3 * WIDTH), torch.nn.Linear(WIDTH, WIDTH)
        self.thinks = torch.nn.Sequential(
            torch.nn.Linear(WIDTH, 4 * WIDTH), torch.nn.GELU(), torch.nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same with what each place learns from those before it."""
        parts = self.looks(self.before(x)).chunk(3, dim=-1)
        heads = [each.unflatten(-1, (HEADS, -1)).transpose(1, 2) for each in parts]
        seen = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.mixes(seen.transpose(1, 2).flatten(2))
        return x + self.thinks(self.between(x))


class Model(torch.nn.Module):
    """Bytes to the next byte."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = torch.nn.Embedding(256, WIDTH)
        self.places = torch.nn.Embedding(CONTEXT, WIDTH)
        self.blocks = torch.nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.head = torch.nn.Linear(WIDTH, 256)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        """What the next byte may be, at each place."""
        places = torch.arange(text.shape[1])
        return self.head(self.blocks(self.bytes(text) + self.places(places)))


def windows() -> torch.Tensor:
    """The text in pieces of a context and the byte after it."""
    text = "\n".join(pydoc_data.topics.topics.values()).encode()
    length = (len(text) - 1) // CONTEXT * CONTEXT
    data = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
    following = data[CONTEXT : length + 1 : CONTEXT, None]
    return torch.cat([data[:length].view(-1, CONTEXT), following], 1)


def optimizers_of(model: Model) -> dict[str, torch.optim.Optimizer]:
    """Those that train it: Muon takes the matrices between its two ends."""
    matrices = [each for each in model.blocks.parameters() if each.ndim == 2]
    taken = set(map(id, matrices))
    others = [each for each in model.parameters() if id(each) not in taken]
    return {
        "muon": torch.optim.Muon(matrices, lr=RATES["muon"], weight_decay=0.01),
        "adamw": torch.optim.AdamW(others, lr=RATES["adamw"], weight_decay=0.01),
    }


def updates(loader: DataLoader[Any]) -> Iterator[list[torch.Tensor]]:
    """The batches of an epoch, as many as make an update at a time."""
    batches = iter(loader)
    while several := list(islice(batches, ACCUMULATE)):
        yield several


def losses(model: Model, several: list[torch.Tensor]) -> float:
    """The mean loss of the batches of an update, and its gradients."""
    count, total = sum(map(len, several)), 0.0
    for batch in several:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            guess = model(batch[:, :-1])
        loss = functional.cross_entropy(guess.float().flatten(0, 1), batch[:, 1:].flatten())
        loss = loss * len(batch) / count
        loss.backward()
        total += loss.item()
    return total


class Training:
    """Everything that a checkpoint holds, and the loop."""

    def __init__(self, told: argparse.Namespace) -> None:
        torch.manual_seed(0)
        self.told, self.checkpoint = told, told.folder / "checkpoint.pt"
        told.folder.mkdir(parents=True, exist_ok=True)
        trace = told.folder / "trace.jsonl"
        if not self.checkpoint.exists():
            trace.unlink(missing_ok=True)  # of a run that was killed before it saved anything
        self.model = Model()
        self.optimizers = optimizers_of(self.model)
        plan, over = TRUNK, tokens(told.over)
        if told.branch_at is not None:
            plan = TRUNK.cooldown(at=tokens(told.branch_at), over=over)
        self.scheduler = attach(
            self.optimizers,
            plan,
            RUN,
            values={"batch_size": SIZES},
            on_change="error" if told.start is None else "replace",
            record=trace,
        )
        data = windows()
        sampler = RandomSampler(data, generator=torch.Generator().manual_seed(1))  # type: ignore[arg-type]
        self.batches = RampedBatchSampler(
            sampler, self.scheduler, accumulate=ACCUMULATE, tokens_per_sample=CONTEXT
        )
        self.loader: DataLoader[Any] = DataLoader(data, batch_sampler=self.batches)  # type: ignore[arg-type]

    @property
    def parts(self) -> list[Any]:
        """What has a state."""
        return [self.model, *self.optimizers.values(), self.scheduler, self.batches]

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        for part, state in zip(self.parts, torch.load(path), strict=True):
            part.load_state_dict(state)

    def save(self) -> None:
        """Write a checkpoint, wholly or not at all."""
        fresh = self.checkpoint.with_suffix(".new")
        torch.save([part.state_dict() for part in self.parts], fresh)
        fresh.replace(self.checkpoint)

    @property
    def over(self) -> bool:
        """Whether the run is over."""
        scheduler, told = self.scheduler, self.told
        if told.branch_at is not None:
            return scheduler.position >= told.branch_at + told.over
        return scheduler.cooldown is not None and scheduler.position >= scheduler.cooldown.until

    def cool_down_if_asked(self) -> None:
        """End the run from now on, where somebody wants it."""
        if self.scheduler.cooldown is None and self.told.branch_at is None:
            at = self.told.cool_at
            late = at is not None and self.scheduler.position >= at
            if late or (self.told.folder / "cool").exists():
                self.scheduler.cool_down(over=tokens(self.told.over))

    def update(self, several: list[torch.Tensor]) -> float:
        """One update; its loss."""
        loss = losses(self.model, several)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.scheduler.count(tokens=CONTEXT * sum(map(len, several)))
        for each in self.optimizers.values():
            each.step()
            each.zero_grad()
        self.scheduler.report(loss=loss)
        return loss

    def train(self) -> None:
        """Train to the end, with a checkpoint after so many updates each."""
        while not self.over:
            self.batches.set_epoch(self.batches.epoch)
            for several in updates(self.loader):
                self.cool_down_if_asked()
                loss = self.update(several)
                if self.over or self.scheduler.clock % self.told.every == 0:
                    self.save()
                    rates = ", ".join(f"{each:.3g}" for each in self.scheduler.last_used()["lr"])
                    at = f"update {self.scheduler.clock:,}, {self.scheduler.position:,.0f} tokens"
                    print(f"{at}: loss {loss:.3f}, rates {rates}")
                if self.over:
                    break


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the checkpoint and the trace go")
    parser.add_argument("--cool-at", type=float, help="cool down once so many tokens were seen")
    parser.add_argument("--branch-at", type=float, help="a plan that cools down at so many tokens")
    parser.add_argument("--start", type=Path, help="the checkpoint that a branch begins with")
    parser.add_argument("--over", type=float, default=30_000, help="tokens of the cooldown")
    parser.add_argument("--every", type=int, default=20, help="updates between two checkpoints")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> Training:
    """Train as the arguments say."""
    told = arguments(given)
    training = Training(told)
    if training.checkpoint.exists():
        training.load(training.checkpoint)
    elif told.start is not None:
        training.load(told.start)
    training.train()
    training.scheduler.detach()
    return training


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
