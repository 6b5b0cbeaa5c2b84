"""A training with its trace and its log, and a range test, killed anywhere and begun again."""

from __future__ import annotations

import pytest
import torch
import torch._dynamo  # what the first optimizer imports is imported before the fork

from passo import Plateau, Run, attach, log, range_test, steps, warmup_cosine
from passo.law import Law
from passo.trace import RangeTest, Trace, TraceWriter, tape
from tests.kills import MANY, Story, killed

RUN = Run(steps(12))
LAW = Law("loss", 0.1, 2000, 0.2, 0.01, 0.4, (1.3, 14, 0.01), 0.06, (1.6, 380, 0.06), 2)


def trained(folder, *, own=True, writes=("record", "log")):
    """Twelve updates with a checkpoint after each third; without one it begins anew."""
    kept, trace, table = folder / "kept.pt", folder / "trace.jsonl", folder / "log.csv"
    if not kept.exists():
        trace.unlink(missing_ok=True)
        table.unlink(missing_ok=True)
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.5, momentum=0.9)
    plan = warmup_cosine(warmup=steps(3)) * Plateau("val", patience=0, factor=0.5)
    record = {"record": trace} if "record" in writes else {}
    scheduler = attach(optimizer, plan, RUN, **record)
    told = log(scheduler, table) if "log" in writes else None
    begin = 0
    if kept.exists():
        held = torch.load(kept)
        begin = held["update"]
        optimizer.load_state_dict(held["optimizer"])
        if own:
            scheduler.load_state_dict(held["scheduler"])
    for update in range(begin, 12):
        weight.grad = torch.ones(1)
        optimizer.step()
        if update % 4 == 3:
            scheduler.report(val=update)
        if update % 3 == 2:
            beside = folder / "kept.new"
            held = {"update": update + 1, "optimizer": optimizer.state_dict()}
            torch.save({**held, "scheduler": scheduler.state_dict()} if own else held, beside)
            beside.replace(kept)
    scheduler.detach()
    if told is not None:
        told.close()
    found = Trace.load(trace) if "record" in writes else Trace(0)
    events = [[each.clock, each.kind, dict(each.detail)] for each in found.events]
    events = [each for each in events if each[1] != "plan"]
    rows = table.read_text().splitlines() if told is not None else []
    return [found.used(), found.series("val"), found.complete, events, rows] if record else rows


def written(folder):
    """A trace that is condensed and wound back, a law and a range test."""
    tape.EXACT = 4
    trace, is_done = folder / "trace.jsonl", folder / "done"
    if trace.exists():
        assert is_done.exists() or not Trace.load(trace).complete
        writer = TraceWriter.resume(trace, 0)
    else:
        writer = TraceWriter(trace, [(0, "lr")])
    for t in (*range(20), *range(10, 20)):
        if t < writer.clock:
            writer.rewind(t)
        writer.update(t, [1 / (1 + t)])
    is_done.touch()
    writer.close()
    test = RangeTest((0.1, 1.0), ((2.0, 1.0),))
    test.write(folder / "test.json")
    LAW.write(folder / "law.json")
    assert RangeTest.load(folder / "test.json") == test
    return [repr(Law.load(folder / "law.json")), list(Trace.load(trace).rows())]


def range_tested(folder):
    """A range test whose copies wait on the disk."""
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.5)

    def step():
        loss = (weight**2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    found = range_test(step, optimizer, restore=[], steps=4, low=1e-3, high=1.0, folder=folder)
    found.write(folder / "test.json")
    return [weight.item(), found.losses, RangeTest.load(folder / "test.json").losses]


with_its_state = Story(trained)
with_the_optimizer_alone = Story(lambda folder: trained(folder, own=False))
files = Story(written)
a_range_test = Story(range_tested)


STORIES = ["with_its_state", "with_the_optimizer_alone", "a_range_test", "files"]
TRIED = [("with_the_optimizer_alone", "kill"), ("files", "kill"), ("files", "full")]
EVERY = [(story, how) for story in STORIES for how in ("kill", "cut", "full")]


@pytest.mark.long
@pytest.mark.parametrize(("story", "how"), EVERY if MANY else TRIED)
def test_what_is_killed_anywhere_and_begun_again_comes_out_as_if_it_had_not_been(story, how):
    found = killed(f"{__name__}:{story}", 3, how)
    assert found["wrong"] == []
    assert found["died"] or how == "full"
