"""FSDP2 and torch.distributed.checkpoint, on two processes, through a checkpoint on the disk."""

from __future__ import annotations

from tests.optim.tools import on_ranks

BEGIN = """
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import state_dict as checkpoint
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from passo import Plateau, Run, attach, base, percent, steps, warmup_cosine
from passo import PassoWarning

plan = warmup_cosine(warmup=percent(25)) * Plateau("val_loss", patience=0, factor=0.5)
run = Run(steps(24))

class Job:
    def __init__(self, **options):
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
        fully_shard(self.model, mesh=init_device_mesh("cpu", (size,)))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1)
        self.scheduler = attach(self.optimizer, plan, run, **options)
        self.used = []

    def train(self, begin, end):
        for t in range(begin, end):
            data = torch.full((2, 4), float(rank + t))
            self.model(data).square().mean().backward()
            self.used.append(self.optimizer.param_groups[0]["lr"])
            self.optimizer.step()
            self.optimizer.zero_grad()
            if t % 6 == 5:
                self.scheduler.report(val_loss=float(rank + t))

    def state(self, **options):
        told = checkpoint.StateDictOptions(**options)
        model, optimizer = checkpoint.get_state_dict(self.model, self.optimizer, options=told)
        return {"model": model, "optimizer": optimizer}

    def load(self, folder, more=None, **options):
        state = {**self.state(**options), **(more or {})}
        dcp.load(state, checkpoint_id=folder)
        checkpoint.set_state_dict(
            self.model,
            self.optimizer,
            model_state_dict=state["model"],
            optim_state_dict=state["optimizer"],
            options=checkpoint.StateDictOptions(**options),
        )

    def weights(self):
        return [each.full_tensor().tolist() for each in self.model.parameters()]

whole = Job()
whole.train(0, 24)
"""
RIDES = """
part = Job()
part.train(0, 15)
dcp.save(part.state(), checkpoint_id=FOLDER)
rest = Job()
rest.load(FOLDER)
print(rest.scheduler.clock)
rest.train(15, 24)
print(part.used + rest.used == whole.used, rest.weights() == whole.weights())
"""
FLAT = """
part = Job(carry=False)
part.train(0, 15)
flat = {"flatten_optimizer_state_dict": True}
state = {**part.state(**flat), "scheduler": part.scheduler}
dcp.save(state, checkpoint_id=FOLDER)
rest = Job(carry=False)
rest.load(FOLDER, {"scheduler": rest.scheduler}, **flat)
print(rest.scheduler.clock)
rest.train(15, 24)
print(part.used + rest.used == whole.used, rest.weights() == whole.weights())
"""
LOST = """
part = Job()
part.train(0, 15)
flat = {"flatten_optimizer_state_dict": True}
dcp.save(part.state(**flat), checkpoint_id=FOLDER)
rest = Job()
rest.load(FOLDER, **flat)
rest.train(15, 16)
"""


def test_a_sharded_run_goes_on_from_a_distributed_checkpoint(tmp_path):
    stories = {
        name: BEGIN + code.replace("FOLDER", repr(str(tmp_path / name)))
        for name, code in {"rides": RIDES, "flat": FLAT, "lost": LOST}.items()
    }
    told = on_ranks(stories, 2)
    assert told["rides"] == told["flat"] == [["15", "True True"]] * 2
    for words in told["lost"]:  # what a flattened state loses is told at the first update
        (word,) = words
        assert "says that 15 updates were made, and the clock" in word
