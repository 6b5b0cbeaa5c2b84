"""What users write by mistake; a type checker finds each marked line, and no other."""

import numpy as np
import torch

import passo
from passo import warmup_cosin  # wrong
from passo import Constant, Linear, Plateau, Run, Table, attach, by_group, draw, parse, percent
from passo import range_test, step_decay, steps, warmup_cosine, wsd
from passo.optim import attatch  # wrong
from passo.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from passo.optim.lr_scheduler import StepRL  # wrong
from passo.plot import drw  # wrong
from passo.schedules import Lineer  # wrong
from passo.schedules.shapes import Rexx  # wrong
from passo.trace import Traces  # wrong

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
run = Run.of(100, epochs=90)
schedule = warmup_cosine(warmup=percent(5))

passo.warmup_cosin()  # wrong
text: str = schedule(3)  # wrong
number: float = schedule(np.arange(3))  # wrong
Linear(0, 1, 500)  # wrong
step_decay(30)  # wrong
warmup_cosine(0.1)  # wrong
step_decay(steps(30), 0.1)  # wrong
wsd(shape="cubic")  # wrong
Plateau("loss", mode="minn")  # wrong
Plateau("loss", threshold_mode="relative")  # wrong
Table([(steps(0), 1.0)], kind="stairs")  # wrong
Run(steps(10), axis="steps")  # wrong
Constant("0.1")  # wrong
parse(schedule)  # wrong
attach("x", schedule)  # wrong
attach(optimizer, "cosine")  # wrong
attach(optimizer, schedule, 90)  # wrong
attach(optimizer, schedule, run, on_change="replac")  # wrong
attach(optimizer, schedule, run, clock="call")  # wrong
attach(optimizer, schedule, run, join="later")  # wrong
attach(optimizer, schedule, run, watch="rank")  # wrong
attach(optimizer, {"lr": "cosine"}, run)  # wrong
attach(optimizer, by_group({"head": "cosine"}), run)  # wrong
attach(optimizer, schedule, run).report({"loss": 1.0}, reduce="max")  # wrong
attach(optimizer, schedule, run).seek("3")  # wrong
range_test(lambda: 1.0, optimizer)  # wrong
range_test(lambda: 1.0, optimizer, restore=[], ramp="log")  # wrong
draw(schedule.curve(run), backend="bokeh")  # wrong
StepLR(optimizer, "30")  # wrong
ReduceLROnPlateau(optimizer, mode="minn")  # wrong
