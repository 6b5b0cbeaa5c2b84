"""All or nothing: whichever call fails within attach, load, seek or record=, all is as before.

Each example makes one call fail, anywhere among all that are made; tests/optim/failing.py says how
many are tried.
"""

from __future__ import annotations

import copy
import random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from passo import (
    Cosine,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    doctor,
    steps,
)
from passo.optim import recorder
from passo.optim.ground import attached
from passo.trace import Trace
from tests.optim.failing import Injected, calls_of, calls_to_try, failing
from tests.optim.tools import graded, sgd, update, weight
from tests.optim.wrapped import Lookahead

RUN = Run(steps(20))
RATE = base * Linear(0.5, 1, steps(5)).then(Cosine(1, 0)) * Plateau("loss", patience=0)
PLAN = {"lr": RATE, "momentum": Linear(0.8, 0.9)}

pytestmark = [
    pytest.mark.filterwarnings("ignore:the run ended"),
    pytest.mark.filterwarnings("ignore:.* would compile again"),
    # A file that failed between its opening and the `with` around it is closed when it is freed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def optimizer_of(kind: str) -> torch.optim.Optimizer:
    """Two groups, one of them with a Tensor for a rate."""
    groups: list[Any] = [{"params": [weight(2)]}, {"params": [weight(3)], "lr": 0.1}]
    if kind == "tensors":
        groups[1]["lr"] = torch.tensor(0.25)
        return torch.optim.AdamW(groups, lr=0.5)
    return torch.optim.SGD(groups, lr=0.5, momentum=0.9)


@dataclass
class World:
    """All that may be left behind: an optimizer, its Scheduler, a folder."""

    optimizer: Any
    folder: Path
    scheduler: Any = None

    def seen(self) -> dict[str, Any]:
        """Everything, as it can be compared, identities too."""
        optimizer = self.optimizer
        groups = optimizer.param_groups
        found = {
            "ids": [[(key, id(each)) for key, each in group.items()] for group in groups],
            "values": repr(groups),
            "state": repr(optimizer.state_dict()),
            "hooks": [list(each.values()) for each in _hooks(optimizer)],
            "attached": [id(each) for each in attached.attached(optimizer)],
            "files": {each.name: each.read_bytes() for each in sorted(self.folder.iterdir())},
            "random": (random.getstate(), torch.get_rng_state().tolist()),
            "grad": torch.is_grad_enabled(),
        }
        if self.scheduler is not None:
            engine, scheduler = self.scheduler._engine, self.scheduler
            shared = [
                (one.value, one.used, [each.place for each in one.followers], one.key)
                for one in scheduler.driver.shared
            ]
            found["scheduler"] = (
                repr(scheduler),
                scheduler.values(),
                scheduler.last_used(),
                engine.under_way,
                repr([engine.clock.updates, engine.clock.offset, engine.clock._pending]),
                shared,
                None if engine.journal is None else (id(engine.journal), engine.journal.waits),
                repr(engine.settings.run),
                id(engine.watch and engine.watch.lr),
                [
                    [memory.state() for memory in track.memories]
                    for track in scheduler.driver.tracks
                ],
            )
        return found

    def goes_on(self) -> list[Any]:
        """What the next updates use, and what the trace says in the end."""
        found = []
        for _ in range(3):
            found.append([float(group["lr"]) for group in self.optimizer.param_groups])
            update(self.optimizer)
        if self.scheduler is not None:
            self.scheduler.report(loss=1.0)
            self.scheduler.report(loss=1.0)
            update(self.optimizer)
            found.append(self.scheduler.state_dict())
            self.scheduler.detach()
        found += [(each.name, Trace.load(each)) for each in sorted(self.folder.iterdir())]
        return found


def _hooks(optimizer: Any) -> list[Any]:
    names = [name for name in sorted(vars(optimizer)) if name.endswith("_hooks")]
    return [getattr(optimizer, name) for name in names]


def under_way(kind: str, folder: Path, *, record: bool, waits: bool = False) -> World:
    """A run that has made some updates, and was told of some losses."""
    optimizer = optimizer_of(kind)
    plan = PLAN if kind == "floats" else {"lr": RATE}
    path = folder / "run.jsonl"
    if waits:
        before = optimizer_of(kind)
        earlier = attach(before, plan, RUN, record=path)
        update(before, 12)
        earlier.detach()
    scheduler = attach(optimizer, plan, RUN, record=path if record else None)
    if not waits:
        update(optimizer, 7)
        scheduler.report(loss=1.0)
        scheduler.report(loss=1.0)
        update(optimizer, 2)
    return World(optimizer, folder, scheduler)


def saved(kind: str, tmp_path: Path) -> dict[str, Any]:
    """A state of the same plan at update 5."""
    folder = tmp_path / "saved"
    folder.mkdir()
    optimizer = optimizer_of(kind)
    scheduler = attach(optimizer, PLAN if kind == "floats" else {"lr": RATE}, RUN)
    update(optimizer, 4)
    scheduler.report(loss=1.0)
    scheduler.report(loss=1.0)
    update(optimizer)
    return scheduler.state_dict()


def whichever_call_fails(tmp_path, make, act):
    """Each call that `act` makes fails once in a world of its own, which stays as it was."""

    def world(name):
        folder = tmp_path / str(name)
        folder.mkdir()
        return make(folder)

    act(world("warm"))  # what is made once in a process is made
    whole = world("whole")
    sites = calls_of(lambda: act(whole))
    assert len(sites) > 10
    untried = world("untried").goes_on()
    for at in calls_to_try(sites):
        one = world(at)
        before = one.seen()
        with failing(at) as failure, suppress(Injected):
            act(one)
        if not failure.where:
            continue  # a call less than before: something was known already
        after = one.seen()
        assert {key for key in before if before[key] != after[key]} == set(), failure.where
        assert one.goes_on() == untried, failure.where


KINDS = ["floats", "tensors"]


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_attach_leaves_nothing_behind_where_it_fails(kind, record, tmp_path):
    plan = PLAN if kind == "floats" else {"lr": RATE}

    def act(world):
        path = world.folder / "run.jsonl" if record else None
        attach(world.optimizer, plan, RUN, record=path)

    whichever_call_fails(tmp_path, lambda folder: World(optimizer_of(kind), folder), act)


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_is_loaded_wholly_or_not_at_all(kind, record, tmp_path):
    state = saved(kind, tmp_path)
    whichever_call_fails(
        tmp_path,
        lambda folder: under_way(kind, folder, record=record),
        lambda world: world.scheduler.load_state_dict(copy.deepcopy(state)),
    )


def test_a_trace_that_waits_is_taken_up_wholly_or_not_at_all(tmp_path):
    state = saved("floats", tmp_path)

    def make(folder):
        world = under_way("floats", folder, record=True, waits=True)
        world.goes_on = lambda: repr(world.scheduler)
        return world

    def act(world):
        world.scheduler.load_state_dict(copy.deepcopy(state))

    whichever_call_fails(tmp_path, make, act)


@pytest.mark.parametrize("record", [False, True])
def test_seek_moves_all_or_nothing(record, tmp_path):
    whichever_call_fails(
        tmp_path,
        lambda folder: under_way("floats", folder, record=record),
        lambda world: world.scheduler.seek(3),
    )


@pytest.mark.parametrize("record", [False, True])
def test_a_run_cools_down_wholly_or_not_at_all(record, tmp_path):
    whichever_call_fails(
        tmp_path,
        lambda folder: under_way("floats", folder, record=record),
        lambda world: world.scheduler.cool_down(over=steps(4)),
    )


# -- what fails in the wild


def test_a_warning_that_is_an_error_leaves_nothing_attached(tmp_path):
    optimizer = sgd()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    world = World(optimizer, tmp_path)
    before = world.seen()
    assert scheduler.optimizer is optimizer
    with pytest.raises(PassoWarning, match="a torch scheduler was built"):
        attach(optimizer, RATE, RUN, record=tmp_path / "run.jsonl")
    assert world.seen() == before


def test_a_watcher_that_fails_leaves_nothing_attached(tmp_path):
    class Fails:
        def begin(self, scheduler):
            raise KeyboardInterrupt

    world = World(sgd(), tmp_path)
    before = world.seen()
    with pytest.raises(KeyboardInterrupt):
        attach(world.optimizer, RATE, RUN, record=tmp_path / "run.jsonl", watch=Fails())
    assert world.seen() == before
    assert attach(world.optimizer, RATE, RUN, record=tmp_path / "run.jsonl").get_last_lr() == [0.5]


def test_a_doctor_that_cannot_begin_leaves_no_ear_in_torch(tmp_path, monkeypatch):
    def fails(self, optimizer):
        raise OSError

    monkeypatch.setattr(recorder.Recorder, "record", fails)
    world, step = World(sgd(), tmp_path), torch.optim.lr_scheduler.StepLR.step
    before = world.seen()
    with pytest.raises(OSError):  # noqa: PT011 (it is the one of three lines ago)
        attach(world.optimizer, RATE, RUN, watch=doctor.live())
    assert world.seen() == before
    assert torch.optim.lr_scheduler.StepLR.step is step
    assert recorder.opened() == []


@pytest.mark.parametrize("names", ["hooks", "nothing"])
def test_an_optimizer_that_cannot_be_hooked_leaves_no_trace_of_the_attempt(names, tmp_path):
    class Strange(torch.optim.SGD):
        def register_step_post_hook(self, hook):
            raise RuntimeError

    optimizer = Strange([weight()], lr=1.0)
    wrapper = Lookahead(optimizer) if names == "hooks" else optimizer
    world = World(optimizer, tmp_path)
    before = world.seen()
    with pytest.raises(RuntimeError):
        attach(wrapper, RATE, RUN, record=tmp_path / "run.jsonl")
    assert world.seen() == before


def test_a_file_that_somebody_else_makes_meanwhile_is_not_taken_away(tmp_path, monkeypatch):
    path = tmp_path / "run.jsonl"
    path.write_text("theirs")
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(PassoError, match="is there already"):
        attach(sgd(), RATE, RUN, record=path)
    assert path.read_text() == "theirs"


def test_a_report_that_is_refused_was_not_heard(tmp_path):
    world = under_way("floats", tmp_path, record=True, waits=True)
    before = world.seen()
    for _ in range(3):
        with pytest.raises(PassoError, match="load its state first"):
            world.scheduler.report(loss=1.0)
    graded(world.optimizer)
    with pytest.raises(PassoError, match="load its state first"):
        world.optimizer.step()
    assert world.seen() == before
