"""A law of traces that `attach(..., record=path)` wrote: resumed, of several groups, under way."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from passo import Run, attach, by_group, percent, steps, warmup_linear, wsd
from passo.law import Law
from passo.trace import Trace

RUN = Run(steps(400))
PLANS = {"linear": warmup_linear(), "wsd": wsd(), "half": wsd(cooldown=percent(50))}


class Training:
    """A loss that follows the rates, on an optimizer whose updates are real."""

    def __init__(self, plan, path, groups=("a",)):
        made = [{"params": [torch.nn.Parameter(torch.ones(1))], "name": name} for name in groups]
        self.optimizer = torch.optim.SGD(made, lr=0.1)
        self.scheduler = attach(self.optimizer, plan, RUN, record=path)
        self.sum = 0.0

    def until(self, end):
        for _ in range(self.scheduler.clock, end):
            for each in self.optimizer.param_groups:
                each["params"][0].grad = torch.ones(1)
            self.optimizer.step()
            rate = self.scheduler.last_used()["lr"][0] / 0.1
            self.sum += rate
            loss = 1 + 5 / math.sqrt(self.sum + 1) + 0.5 * rate
            self.scheduler.report(loss=loss)
            if self.scheduler.clock % 10 == 0:
                self.scheduler.report(val_loss=loss)
        return self


def recorded(plan, path, groups=("a",)):
    Training(plan, path, groups).until(400).scheduler.detach()
    return Trace.load(path)


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {name: recorded(plan, folder / f"{name}.jsonl") for name, plan in PLANS.items()}


def test_a_run_that_was_killed_and_resumed_is_the_whole_run(traces, tmp_path):
    path = tmp_path / "run.jsonl"
    first = Training(wsd(), path).until(150)
    state, total = first.scheduler.state_dict(), first.sum
    first.until(170)  # what was done after the checkpoint is lost, and stands in the file
    first.scheduler.detach()
    second = Training(wsd(), path)
    second.scheduler.load_state_dict(state)
    second.sum = total
    second.until(400).scheduler.detach()
    law = Law.fit([traces["linear"], Trace.load(path)])
    whole = Law.fit([traces["linear"], traces["wsd"]])
    assert law.horizon == 400
    assert law.predict(PLANS["half"], RUN).loss == pytest.approx(
        whole.predict(PLANS["half"], RUN).loss, rel=1e-12
    )


def test_of_several_groups_the_one_that_is_asked_for_is_read(traces, tmp_path):
    plan = {"lr": by_group({"a": wsd(), "b": 0.1 * wsd()})}
    two = recorded(plan, tmp_path / "two.jsonl", ("a", "b"))
    whole = Law.fit([traces["linear"], traces["wsd"]])
    assert Law.fit([traces["linear"], two]) == whole
    tenth = Law.fit(two, group="b")
    assert tenth.peak == pytest.approx(0.01)
    assert tenth.variety == pytest.approx(Law.fit(traces["wsd"]).variety, rel=1e-9)


def test_a_run_under_way_is_read_as_far_as_it_went_on_a_horizon_of_its_plan(traces, tmp_path):
    path = tmp_path / "run.jsonl"
    going = Training(PLANS["half"], path).until(300)
    torn = Trace.load(path)
    law = Law.fit([traces["linear"], torn])
    assert (torn.complete, torn.updates, law.horizon) == (False, 300, 400)
    assert law == Law.fit([traces["linear"], traces["half"].until(300)])
    assert law.predict(PLANS["half"], RUN).at[-1] == 400
    going.until(400).scheduler.detach()
    assert Trace.load(path).complete


def test_losses_of_training_at_each_update_lead_where_those_of_validation_do(traces):
    two = [traces["linear"], traces["wsd"]]
    train, held = (Law.fit(two, metric=name) for name in ("loss", "val_loss"))
    ends = [each.predict(PLANS["half"], RUN).end for each in (train, held)]
    assert ends[0] == pytest.approx(ends[1], rel=0.01)


def test_a_nan_before_the_start_is_no_hindrance(traces):
    run = traces["wsd"]
    first = replace(run.reports[0], metrics=(("val_loss", math.nan),))
    early = replace(run, reports=(first, *run.reports))
    assert Law.fit(early) == Law.fit(run)
