"""torchtitan and DeepSpeed do not import beside this torch: their contracts, as their source says.

torchtitan 0.3 (`components/optimizer/lr_scheduler.py`) makes a `LambdaLR` for each optimizer of one
function, and saves `last_epoch` alone. DeepSpeed 0.19 (`runtime/engine.py`) calls `lr_scheduler`
with the optimizer that it wraps, and its `step()` after each update that did not overflow. What is
stepped in between differs: ZeRO-1 and 2 (`zero/stage_1_and_2.py`) show the optimizer one group at a
time, ZeRO-3 (`zero/stage3.py`) all groups, of which one holds one piece, and none between steps.
"""

from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

from passo import (
    NeedsBase,
    NeedsRun,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    percent,
    steps,
    warmup_cosine,
    wsd,
)
from tests.optim.tools import graded, said, update, weight

RUN = Run(steps(24))
SHAPE = wsd(peak=1.0, warmup=percent(25)).on(RUN)


class HostLambdaLR(LambdaLR):
    """torchtitan's: its rates as floats, whatever the groups hold."""

    host_lrs = ()

    def get_lr(self):
        found = super().get_lr()
        self.host_lrs = [float(each) for each in found]
        return found


class Container:
    """torchtitan's `LRSchedulersContainer`."""

    def __init__(self, optimizers, lr_lambda):
        self.schedulers = [HostLambdaLR(optimizer, lr_lambda) for optimizer in optimizers]

    def step(self):
        for scheduler in self.schedulers:
            scheduler.step()

    def state_dict(self):
        return {"last_epoch": self.schedulers[0].last_epoch}

    def load_state_dict(self, state_dict):
        last_epoch = state_dict["last_epoch"]
        for scheduler in self.schedulers:
            scheduler.last_epoch = last_epoch
            scheduler._step_count = last_epoch + 1
            scheduler._last_lr = scheduler.get_lr()


def parts():
    return [torch.optim.AdamW([weight()], lr=0.1), torch.optim.SGD([weight()], lr=0.02)]


def titan(optimizers, container, updates):
    """What so many updates of a torchtitan loop use."""
    used = []
    for _ in range(updates):
        used.append([each.param_groups[0]["lr"] for each in optimizers])
        for each in optimizers:
            update(each)
        container.step()
    return used


def test_a_schedule_is_the_lr_lambda_of_torchtitan():
    optimizers = parts()
    used = titan(optimizers, Container(optimizers, SHAPE), RUN.updates)
    assert used == [[0.1 * SHAPE(t), 0.02 * SHAPE(t)] for t in range(RUN.updates)]


def test_torchtitan_goes_on_from_last_epoch_alone():
    optimizers = parts()
    whole = titan(optimizers, container := Container(optimizers, SHAPE), 9)
    state = container.state_dict()
    assert state == {"last_epoch": 9}
    moments = [each.state_dict() for each in optimizers]
    whole += titan(optimizers, container, RUN.updates - 9)
    again = parts()
    rest = Container(again, SHAPE)
    for each, moment in zip(again, moments, strict=True):
        each.load_state_dict(moment)
    rest.load_state_dict(state)
    assert titan(again, rest, RUN.updates - 9) == whole[9:]


def test_a_lambda_scheduler_of_torch_saves_and_loads_a_schedule():
    optimizer = torch.optim.SGD([weight()], lr=0.1)
    first = LambdaLR(optimizer, SHAPE)
    for _ in range(5):
        update(optimizer)
        first.step()
    other = LambdaLR(torch.optim.SGD([weight()], lr=0.1), SHAPE)
    other.load_state_dict(first.state_dict())
    assert (other.last_epoch, other.get_last_lr()) == (5, first.get_last_lr())
    assert other.lr_lambdas[0] == SHAPE


def test_what_is_no_factor_yet_is_refused_when_torchtitan_builds_it():
    with pytest.raises(NeedsBase):
        Container(parts(), (base * SHAPE))
    with pytest.raises(NeedsRun):
        Container(parts(), wsd(peak=1.0))


def test_a_plateau_in_a_function_of_the_update_hears_nothing_and_stays_1():
    watching = SHAPE * Plateau("val_loss", patience=0)
    optimizers = parts()
    used = titan(optimizers, Container(optimizers, watching), RUN.updates)
    assert used == [[0.1 * SHAPE(t), 0.02 * SHAPE(t)] for t in range(RUN.updates)]


class Engine:
    """What DeepSpeed's engine does with an optimizer and a scheduler, under ZeRO-1 and 2."""

    def __init__(self, optimizer, lr_scheduler):
        self.basic_optimizer = optimizer
        self.partition()
        self.overflow = False
        self.lr_scheduler = lr_scheduler(optimizer) if callable(lr_scheduler) else lr_scheduler

    def partition(self):
        for group in self.basic_optimizer.param_groups:  # one flat piece for each group
            flat = torch.cat([each.detach().flatten() for each in group["params"]])
            group["params"] = [torch.nn.Parameter(flat)]

    def step(self):
        if not self.overflow:
            self.step_the_pieces()
            self.lr_scheduler.step()

    def step_the_pieces(self):
        graded(self.basic_optimizer)
        groups = self.basic_optimizer.param_groups
        for place in range(len(groups)):
            self.basic_optimizer.param_groups = [groups[place]]
            self.basic_optimizer.step()
        self.basic_optimizer.param_groups = groups

    def get_lr(self):
        return self.lr_scheduler.get_last_lr()

    def state_dict(self):
        return {
            "optimizer": self.basic_optimizer.state_dict(),
            "lr_scheduler": self.lr_scheduler.state_dict(),
        }

    def load_state_dict(self, state):
        self.basic_optimizer.load_state_dict(state["optimizer"])
        self.lr_scheduler.load_state_dict(state["lr_scheduler"])


class InPieces(Engine):
    """The same under ZeRO-3: a group has several pieces, and holds none between two steps."""

    def partition(self):
        self.pieces = []
        for place, group in enumerate(self.basic_optimizer.param_groups):
            self.pieces += [(place, weight()) for _ in group["params"]]
            group["params"] = []

    def step_the_pieces(self):
        for place, piece in self.pieces:
            group = self.basic_optimizer.param_groups[place]
            piece.grad = torch.ones_like(piece)
            group["params"] = [piece]
            self.basic_optimizer.step()
            group["params"] = []

    def filled(self, do):
        """As it saves and loads the optimizer: all pieces are there meanwhile."""
        groups = self.basic_optimizer.param_groups
        for place, piece in self.pieces:
            groups[place]["params"].append(piece)
        try:
            return do()
        finally:
            for group in self.basic_optimizer.param_groups:
                group["params"] = []

    def state_dict(self):
        return self.filled(super().state_dict)

    def load_state_dict(self, state):
        return self.filled(lambda: Engine.load_state_dict(self, state))


PLAN = warmup_cosine(warmup=percent(25)) * Plateau("val_loss", patience=0)
RATES = (0.1, 0.02, 0.3)


def engine(kind=Engine, **options):
    groups = [{"params": [weight(), weight()], "lr": rate} for rate in RATES]
    optimizer = torch.optim.AdamW(groups)
    return kind(optimizer, lambda basic: attach(basic, PLAN, RUN, **options))


each_stage = pytest.mark.parametrize(
    ("kind", "options"),
    [(Engine, {}), (Engine, {"clock": "calls"}), (InPieces, {"clock": "calls"})],
)


def run(made, updates, overflows=()):
    used = []
    for k in range(updates):
        made.overflow = k in overflows
        if not made.overflow:
            used.append([group["lr"] for group in made.basic_optimizer.param_groups])
        made.step()
    return used


@each_stage
def test_deepspeed_takes_attach_as_a_callable_and_steps_piece_by_piece(kind, options):
    made, found = engine(kind, **options), []
    assert said(lambda: found.append(run(made, RUN.updates + 2, overflows=(3, 10)))) == []
    curves = [PLAN.on(RUN).with_base(rate) for rate in RATES]
    assert found == [[[curve(t) for curve in curves] for t in range(RUN.updates)]]
    assert made.lr_scheduler.clock == RUN.updates


def test_an_optimizer_that_is_handed_its_parameters_in_pieces_is_not_counted_by_its_steps():
    with pytest.raises(PassoError) as error:
        engine(InPieces)
    assert str(error.value) == (
        "no param group of AdamW holds a parameter: ZeRO-3 of DeepSpeed hands them over piece by "
        "piece, and steps for each, so that updates cannot be counted; write attach(..., "
        'clock="calls"), where scheduler.step() is called after each update'
    )


@each_stage
def test_deepspeed_goes_on_from_its_own_checkpoint(kind, options):
    whole = engine(kind, **options)
    used = run(whole, 9)
    whole.lr_scheduler.report(val_loss=1.0)
    used += run(whole, 3)
    whole.lr_scheduler.report(val_loss=2.0)
    state = whole.state_dict()
    used += run(whole, RUN.updates - 12)
    rest = engine(kind, **options)
    rest.load_state_dict(state)
    assert rest.get_lr() == used[12]
    assert said(lambda: used.append(run(rest, RUN.updates - 12))) == []
    assert used[-1] == used[12:-1]
    assert used[12] == [0.1 * PLAN.on(RUN).with_base(rate)(12) for rate in RATES]
