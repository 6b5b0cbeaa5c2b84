"""What users write; every line of it passes a type checker."""

import numpy as np
import torch

import passo
from passo import (
    Cosine,
    Linear,
    Plateau,
    Run,
    RangeTest,
    Schedule,
    Table,
    attach,
    base,
    by_group,
    cosine_decay,
    draw,
    epochs,
    loader_step,
    parse,
    percent,
    range_test,
    step_decay,
    steps,
    warmup_cosine,
    wsd,
)
from passo.doctor import check, diagnose, live
from passo.optim import Recorder, lift, tensorize
from passo.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, SequentialLR, StepLR, _LRScheduler
from passo.schedules import Rex, from_json, to_json
from passo.schedules.errors import NeedsRun, PassoError, PassoWarning
from passo.schedules.shapes import KDecay

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
run = Run.of(100, epochs=90)

schedule: Schedule = Linear(0, 1, steps(500)).then(Cosine(1, 0.1 * base)) * Plateau("val_loss")
point: float = schedule.on(run).with_base(0.1)(3)
whole: float = schedule(np.float64(3.0).item())
values: np.ndarray = schedule(np.arange(10))
tensor: torch.Tensor = schedule(torch.arange(10))
other: Schedule = parse("warmup_cosine(peak=3e-4, warmup=percent(5))").clip(low=1e-5)
more = [step_decay(epochs(30)), wsd(shape="cosine"), Rex(1, 0), KDecay(1, 0), other, 2 * other]
stairs = Table([(steps(0), 32), (steps(10), 64)], kind="step")
text: str = to_json(from_json(to_json(other)))

scheduler = attach(optimizer, warmup_cosine(warmup=percent(5)), run)
scheduler.detach(restore=True)
scheduler = attach(
    tensorize(optimizer),
    {
        "lr": by_group({"head": base, "backbone": None}, others=0.1 * base),
        "weight_decay": 0.1,
        "momentum": [(lambda group: group["lr"] > 0, cosine_decay())],
    },
    run,
    base={"lr": 0.1},
    values={"batch_size": stairs},
    on_change="replace",
    clock="hook",
    join="now",
    record="run.jsonl",
    watch=live(),
)
scheduler.report(val_loss=0.3)
scheduler.report({"val/loss": torch.tensor(0.3)}, reduce="rank0")
scheduler.seek(10)
rates: dict[str, list[float]] = scheduler.values()
size: float = scheduler["batch_size"]
is_torchs: torch.optim.lr_scheduler.LRScheduler = scheduler


def train_step() -> torch.Tensor:
    return model(torch.ones(1, 2)).sum()


test: RangeTest = range_test(train_step, optimizer, restore=[model], ramp="linear", steps=20)
found = test.suggestion()
if found:
    peak: float = found.best
    attach(optimizer, warmup_cosine(peak=peak), run)
loader = [(torch.ones(4, 2), torch.ones(4, 1))]
range_test(
    loader_step(model, optimizer, torch.nn.functional.mse_loss, loader), optimizer, restore=[]
)
draw(test, backend="matplotlib")



class Mine(_LRScheduler):
    def get_lr(self) -> list[float | torch.Tensor]:
        return [0.1]


old: LRScheduler = StepLR(optimizer, 30)
chain = SequentialLR(optimizer, [StepLR(optimizer, 3), CosineAnnealingLR(optimizer, 9)], [10])
lifted = lift(chain, 20)
with Recorder() as recorder:
    pass
for finding in [*diagnose(recorder.traces()), *check(other, run)]:
    print(finding.code, finding.write)
try:
    passo.steps(-1)
except (NeedsRun, PassoError, PassoWarning):
    print(passo.__version__, passo.analysis, passo.doctor)
