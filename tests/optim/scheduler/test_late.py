"""With a GradScaler on a GPU the hook waits for nobody: whether a step was one is read later."""

from __future__ import annotations

import pytest
import torch

from passo import Linear, Plateau, Run, Trace, attach, base, steps, tokens
from passo.optim import tensorize
from passo.optim.scheduler import late
from tests.optim.tools import graded, said, sgd, update, weight

LINE, RUN = Linear(1.0, 0.0, steps(10)), Run(steps(10))


class Device:
    """Stands in for a GPU: what waits for it, and what of it is read of an older step."""

    def __init__(self):
        self.waits = self.reads = 0


class OnDevice(torch.Tensor):
    """A flag whose every look at the number waits for the device."""

    device = torch.device("cuda")

    def __bool__(self):
        self.gpu.waits += 1
        return bool(self.as_subclass(torch.Tensor))

    __float__ = __int__ = item = tolist = cpu = __bool__


@pytest.fixture
def gpu(monkeypatch):
    found = Device()

    class Flag:
        def __init__(self, found_inf):
            self._skipped = bool(found_inf.as_subclass(torch.Tensor))

        def read(self):
            found.reads += 1
            return self._skipped

    monkeypatch.setattr(late, "Flag", Flag)
    return found


def fused(kind=torch.optim.Adam, **settings):
    return kind([weight()], lr=1.0, fused=True, **settings)


def step(optimizer, gpu, *, skip=False):
    """As GradScaler lets a fused optimizer step; the device alone knows how it went."""
    graded(optimizer)
    flag = torch.tensor(float(skip)).as_subclass(OnDevice)
    flag.gpu = gpu

    def within(_optimizer, _args, _kwargs):
        """Between the kernel and the post hooks."""
        optimizer.found_inf = flag

    first = optimizer.register_step_post_hook(within)
    optimizer._optimizer_step_post_hooks.move_to_end(first.id, last=False)
    optimizer.grad_scale, optimizer.found_inf = None, torch.tensor(float(skip))
    optimizer.step()
    first.remove()
    del optimizer.grad_scale, optimizer.found_inf


SKIPS = [False, True, False, True, True, False, False]


def test_each_update_uses_its_value_and_no_hook_waits(gpu):
    optimizer = fused()
    scheduler = attach(optimizer, base * LINE, RUN)
    used = []
    optimizer.register_step_pre_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
    for skip in SKIPS:
        step(optimizer, gpu, skip=skip)
    done = [sum(not each for each in SKIPS[:k]) for k in range(len(SKIPS))]
    assert used == [LINE(t) for t in done]
    assert (gpu.waits, gpu.reads) == (0, len(SKIPS) - 1)
    assert scheduler.clock == 4
    assert (gpu.waits, gpu.reads) == (0, len(SKIPS))


def test_the_field_has_the_next_value_when_the_step_returns(gpu):
    optimizer = fused()
    attach(optimizer, base * LINE, RUN)
    step(optimizer, gpu)
    assert (optimizer.param_groups[0]["lr"], gpu.reads) == (0.9, 0)


READS = {
    "clock": lambda s, _: s.clock == 1,
    "position": lambda s, _: s.position == 1,
    "get_last_lr": lambda s, _: s.get_last_lr() == [0.9],
    "values": lambda s, _: s.values() == {"lr": [0.9]},
    "last_used": lambda s, _: s.last_used() == {"lr": [1.0]},
    "used": lambda s, _: s.used("lr") == 1.0,
    "item": lambda s, _: s["lr"] == 0.9,
    "repr": lambda s, _: "at update 1 of" in repr(s) and "last 1, next 0.9" in repr(s),
    "state_dict": lambda s, _: s.state_dict()["clock"] == 1,
    "the optimizer's": lambda _, o: o.state_dict()["param_groups"][0]["lr"] == 0.9,
    "last_epoch": lambda s, _: s.last_epoch == 1,
}


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("kind", ["float", "Tensor"])
def test_whatever_is_read_knows_of_a_skip(gpu, what, kind):
    optimizer = fused(foreach=False)
    if kind == "Tensor":
        tensorize(optimizer)
    scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10)), RUN)
    step(optimizer, gpu)
    step(optimizer, gpu, skip=True)
    if kind == "float":
        assert READS[what](scheduler, optimizer)
    else:
        assert scheduler.clock == 1
        assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.9)
    assert gpu.waits == 0


def test_a_report_and_its_fall_belong_to_the_updates_that_were_made(gpu):
    optimizer = fused()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0), RUN)
    for skip in (False, True):
        step(optimizer, gpu, skip=skip)
    scheduler.report(loss=1.0)
    step(optimizer, gpu, skip=True)
    [fall] = scheduler.report(loss=1.0)
    assert (fall.clock, scheduler.get_last_lr()) == (1, [0.1])


def test_the_trace_has_the_updates_that_were_made(gpu, tmp_path):
    optimizer = fused()
    scheduler = attach(optimizer, base * LINE, RUN, record=tmp_path / "run.jsonl")
    for skip in SKIPS:
        step(optimizer, gpu, skip=skip)
    said(scheduler.detach)
    trace = Trace.load(tmp_path / "run.jsonl")
    assert trace.updates == 4
    assert [trace.exact(t) for t in range(4)] == [True] * 4
    assert gpu.waits == 0


def test_what_a_skipped_step_was_said_to_consume_waits_for_the_next(gpu):
    optimizer = fused()
    run = Run(tokens(100), axis="token")
    scheduler = attach(optimizer, base * Linear(1, 0), run)
    scheduler.count(tokens=10)
    step(optimizer, gpu)
    scheduler.count(tokens=20)
    step(optimizer, gpu, skip=True)
    assert (scheduler.clock, scheduler.position) == (1, 10)
    step(optimizer, gpu)
    assert (scheduler.clock, scheduler.position) == (2, 30)


def test_a_step_that_was_skipped_is_not_called_past_the_end(gpu):
    optimizer = fused()
    scheduler = attach(optimizer, LINE, Run(steps(2)))
    for _ in range(2):
        step(optimizer, gpu)

    def skipped():
        step(optimizer, gpu, skip=True)
        assert scheduler.clock == 2

    assert said(skipped) == []
    [text] = said(lambda: (step(optimizer, gpu), scheduler.clock))
    assert text.startswith("update 2 is past the end of Run(steps(2))")


def test_what_another_hand_writes_before_a_skip_is_known_stays(gpu):
    optimizer = fused()
    scheduler = attach(optimizer, LINE, RUN)
    step(optimizer, gpu, skip=True)
    optimizer.param_groups[0]["lr"] = 0.25
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 0.25)


def test_what_another_hand_wrote_before_a_step_that_was_skipped_is_no_updates(gpu):
    optimizer = fused()
    scheduler = attach(optimizer, LINE, RUN)
    step(optimizer, gpu)

    def story():
        scheduler.get_last_lr()
        optimizer.param_groups[0]["lr"] = 7.0
        for skip in (True, False):
            step(optimizer, gpu, skip=skip)
        assert scheduler.last_used() == {"lr": [0.9]}

    assert said(story) == []


# -- several optimizers under one plan


def usual(optimizer, _gpu, *, skip=False):
    """As GradScaler lets an optimizer step that is not fused: it is not called where it skips."""
    if not skip:
        update(optimizer)


ORDERS = ["late first", "late last", "both late"]


class Heard:
    """A listener that keeps the rows."""

    def __init__(self):
        self.rows = {}

    def spots(self, spots):
        self.groups = [each.group for each in spots]

    def refuse_anew(self):
        pass

    def update(self, update, used):
        assert update not in self.rows
        self.rows[update] = {self.groups[number]: value for number, value in used}

    def report(self, clock, told, falls):
        pass

    moved = report

    def end(self):
        pass


def of_two(gpu, order, *, heard=None, record=None):
    """Two optimizers of one plan, whose steps are skipped apart; heard, recorded, or both."""
    one, other = fused(), fused() if order == "both late" else sgd(0.5)
    scheduler = attach({"one": one, "other": other}, base * LINE, RUN, record=record)
    if heard is not None:
        scheduler.add_listener(heard)
    skips = [(a, b) for a, b in zip(SKIPS, [False] * 4 + [True, False, False], strict=True)]
    second = step if order == "both late" else usual
    for skip, skips_other in skips:
        both = [(step, one, skip), (second, other, skips_other)]
        for makes, optimizer, skipped in both[:: -1 if order == "late last" else 1]:
            makes(optimizer, gpu, skip=skipped)
    states = [each["clock"] for each in scheduler.state_dict()["optimizers"]]
    assert (states, gpu.waits) == ([4, 6], 0)
    scheduler.promises.settle("ended")
    scheduler.detach()


@pytest.mark.parametrize("order", ORDERS)
def test_who_listens_to_several_hears_the_rows_that_their_trace_has(gpu, order, tmp_path):
    alone, beside, path = Heard(), Heard(), tmp_path / "run.jsonl"
    of_two(gpu, order, heard=alone)
    of_two(gpu, order, heard=beside, record=path)
    rows = {}
    for t, group, _, value in (trace := Trace.load(path)).rows():
        rows.setdefault(t, {})[trace.groups[group]] = value
    assert alone.rows == rows
    assert beside.rows == rows


@pytest.mark.parametrize("order", ORDERS)
def test_one_trace_of_several_has_each_update_in_the_row_in_which_it_was_made(gpu, order, tmp_path):
    of_two(gpu, order, record=(path := tmp_path / "run.jsonl"))
    trace = Trace.load(path)
    found = {name: trace.used("lr", f"{name}/0") for name in ("one", "other")}
    scale = 1.0 if order == "both late" else 0.5
    assert found["other"] == ([*range(6)], [scale * LINE(t) for t in range(6)])
    assert found["one"][1] == [LINE(t) for t in range(4)]


def test_steps_that_were_skipped_on_a_device_are_no_parting_of_clocks(gpu):
    def story():
        one, other = fused(), sgd()
        scheduler = attach({"one": one, "other": other}, LINE, Run(steps(40)))
        for t in range(40):
            step(one, gpu, skip=t % 3 == 0)
            update(other)
        assert [each["clock"] for each in scheduler.state_dict()["optimizers"]] == [26, 40]

    assert said(story) == []


def test_clocks_that_part_while_a_step_waits_are_told_with_its_skip_counted(gpu):
    def story():
        one, other = fused(), sgd()
        scheduler = attach({"one": one, "other": other}, LINE, Run(steps(40)))
        for t in range(6):
            step(one, gpu, skip=t == 5)
            if t < 3:
                update(other)
        scheduler.promises.settle("ended")

    [text] = said(story)
    assert text.startswith("the clocks of optimizers under one plan part: 'one' has made 5 updates")
