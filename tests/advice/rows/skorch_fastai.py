"""What the callbacks for skorch and fastai advise, tried where the trainer is installed."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from passo import Plateau, Run, attach, base, steps, warmup_cosine
from tests.advice.table import Table, Told
from tests.integrations.tools import LINE, line

tried = Table(warmup_cosine=warmup_cosine)


# -- skorch


class Net:
    """A fit of two epochs of two batches each, and what its updates used."""

    def __init__(self) -> None:
        self.skorch = pytest.importorskip("skorch", reason="skorch is not installed")
        self.theirs = pytest.importorskip("skorch.callbacks")
        self.Passo = pytest.importorskip("passo.integrations.skorch").Passo

    def world(self, **more: Any) -> dict[str, Any]:
        """The names that code for skorch has."""
        names = {name: getattr(self.theirs, name) for name in ("Checkpoint", "EpochScoring")}
        split = pytest.importorskip("skorch.dataset").ValidSplit
        return {**tried.world, **names, "Passo": self.Passo, "ValidSplit": split, **more}

    def fit(self, *callbacks: Any, kind: str = "NeuralNetRegressor", **named: Any) -> list[float]:
        settings = {"train_split": None, "verbose": 0, "batch_size": 2, "max_epochs": 2, "lr": 1.0}
        made = kind if isinstance(kind, type) else getattr(self.skorch, kind)
        net = made(torch.nn.Linear(1, 1), callbacks=[*callbacks], **{**settings, **named})
        net.fit(torch.ones(4, 1), torch.ones(4, 1))
        rows = (each for row in net.history for each in row["batches"])
        return [each["event_lr"] for each in rows if "event_lr" in each]

    def score(self, name: str = "far") -> Any:
        return self.theirs.EpochScoring(lambda *_: 0.5, name=name, on_train=True)


@tried(
    "LRScheduler writes the learning rate, and so does Passo; leave LRScheduler out and put what "
    "it does to the rate into the plan, or leave Passo out"
)
def skorch_has_one_writer(told: Told) -> None:
    net = Net()
    text = told(lambda: net.fit(net.Passo(LINE), net.theirs.LRScheduler("StepLR", step_size=1)))
    text.words("leave LRScheduler out", "leave Passo out")
    assert net.fit(net.Passo(LINE)) == line(4, 1.0)
    net.fit(net.theirs.LRScheduler("StepLR", step_size=1))


@tried(
    "Passo was given to skorch twice; give both schedules in one plan: "
    'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
)
def skorch_has_both_schedules_in_one_plan(told: Told) -> None:
    net = Net()
    text = told(lambda: net.fit(net.Passo(LINE), net.Passo({"weight_decay": 0.1})))
    assert len(net.fit(eval(text.quoted(r"plan: (.*)$"), net.world()))) == 4


@tried(
    "what was saved at update {} was saved before Passo heard of its epoch: who goes on from it "
    "goes on without that report, at other rates; write callbacks=[Passo(plan), saver] with the "
    "callback that saves"
)
def skorch_saves_its_own_way_after_passo(told: Told) -> None:
    net, plan = Net(), base * Plateau("far")

    class Saver(net.theirs.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_end(self, net: Any, **_: Any) -> None:
            net.optimizer_.state_dict()

    text = told(lambda: net.fit(net.score(), Saver(), net.Passo(plan)))
    callbacks = eval(text.quoted(r"callbacks=(.*) with"), net.world(plan=plan, saver=Saver()))
    assert net.fit(net.score(), *callbacks) == [1.0] * 4


@tried(
    "{} saves before Passo hears of the epoch, so that its checkpoint lacks the last report; write "
    "callbacks=[Passo(plan), {}()]"
)
def skorch_saves_after_passo(told: Told) -> None:
    net, plan = Net(), base * Plateau("far")
    saver = net.theirs.Checkpoint(None)
    text = told(lambda: net.fit(net.score(), saver, net.Passo(plan)))
    callbacks = eval(text.quoted(r"callbacks=(.*)$"), net.world(plan=plan))
    callbacks[1].monitor = None
    assert net.fit(net.score(), *callbacks) == [1.0] * 4


@tried(
    "{} is scored after Passo has heard of the epoch; write callbacks=[{}(..., name={}), "
    "Passo(plan)]",
    "write callbacks=[EpochScoring(..., name={}), Passo(plan)]",
)
def skorch_scores_before_passo(told: Told) -> None:
    net, plan = Net(), base * Plateau("far")
    late = "after" in told.template
    text = told(lambda: net.fit(net.Passo(plan), *([net.score()] if late else [])))
    code = text.quoted(r"callbacks=(\[.*?Passo\(plan\)\])").replace("...", "score, on_train=True")
    assert net.fit(*eval(code, net.world(plan=plan, score=lambda *_: 0.5))) == [1.0] * 4


@tried("write NeuralNet(..., train_split=ValidSplit(5))")
def skorch_validates(told: Told) -> None:
    net, plan = Net(), base * Plateau("valid_loss")
    text = told(lambda: net.fit(net.Passo(plan)))
    split = eval(text.quoted(r"train_split=(ValidSplit\(\d\))"), net.world())
    split.cv = 2  # of four samples there are no five parts
    assert net.fit(net.Passo(plan), train_split=split) == [1.0] * 2


@tried(
    "the first epoch made {} updates of {} batches, and the plan counts {} updates an epoch; write "
    "Passo(plan, run=Run(steps({}), steps_per_epoch={}))"
)
def skorch_is_told_of_windows(told: Told) -> None:
    net = Net()

    class Windows(net.skorch.NeuralNetRegressor):  # type: ignore[misc, name-defined]
        def train_step(self, batch: Any, **named: Any) -> Any:
            step = self.train_step_single(batch, **named)
            if len(self.history[-1, "batches"]) % 2 == 0:
                self.optimizer_.step()
                self.optimizer_.zero_grad()
            return step

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the run ended early")
        text = told(lambda: net.fit(net.Passo(LINE), kind=Windows))
    passo = eval(text.quoted(r"write (Passo\(.*\))"), net.world(plan=LINE, Run=Run, steps=steps))
    assert net.fit(passo, kind=Windows) == line(2, 1.0)


# -- fastai


class Fit:
    """A fit of two epochs of two batches each, and what its updates used."""

    def __init__(self) -> None:
        with warnings.catch_warnings():  # it is imported here, and others warn of how it is written
            warnings.simplefilter("ignore")
            self.Passo = pytest.importorskip("passo.integrations.fastai").Passo
            self.schedule = pytest.importorskip("fastai.callback.schedule")

    def world(self, **more: Any) -> dict[str, Any]:
        """The names that code for fastai has."""
        return {**tried.world, "Passo": self.Passo, **more}

    def learner(self, **named: Any) -> Any:
        from fastai.data.core import DataLoaders
        from fastai.learner import Learner

        data = torch.utils.data.TensorDataset(torch.ones(4, 1), torch.ones(4, 1))
        loaders = DataLoaders(*(torch.utils.data.DataLoader(data, batch_size=2) for _ in range(2)))
        one = Learner(loaders, torch.nn.Linear(1, 1), torch.nn.MSELoss(), lr=1.0, **named)
        one.logger = lambda _row: None
        return one.remove_cbs([each for each in one.cbs if each.name == "progress"])

    def fit(self, *callbacks: Any, call: str = "fit", **named: Any) -> list[float]:
        one = self.learner(**named)
        getattr(one, call)(2, cbs=[*callbacks])
        return [float(each) for each in one.recorder.lrs]


@tried(
    "Passo was given to fastai twice; give both schedules in one plan: "
    'Passo({"lr": warmup_cosine(), "wd": Linear(0.1, 0)})'
)
def fastai_has_both_schedules_in_one_plan(told: Told) -> None:
    one = Fit()
    text = told(lambda: one.fit(one.Passo(LINE), one.Passo({"wd": 0.1})))
    assert len(one.fit(eval(text.quoted(r"plan: (.*)$"), one.world()))) == 4


@tried(
    "ParamScheduler, which fit_one_cycle and its like bring, writes {}, and the plan of Passo "
    "drives one of these; write learn.fit(...) in its place, or leave Passo out"
)
def fastai_has_one_writer(told: Told) -> None:
    one = Fit()
    text = told(lambda: one.fit(one.Passo(LINE), call="fit_one_cycle"))
    text.words("leave Passo out")
    assert one.fit(one.Passo(LINE), call=text.quoted(r"write learn\.(fit)\(")) == line(4, 1.0)
    one.fit(call="fit_one_cycle")


@tried(
    "ReduceLROnPlateau writes the lr, and so does Passo; leave it out and write Passo(base * "
    "Plateau({})), or leave Passo out"
)
def fastais_plateau_is_one_of_the_plan(told: Told) -> None:
    one = Fit()
    theirs = pytest.importorskip("fastai.callback.tracker").ReduceLROnPlateau
    text = told(lambda: one.fit(one.Passo(LINE), theirs("train_loss")))
    text.words("leave Passo out")
    plan = eval(text.quoted(r"write (Passo\(.*\)), or"), one.world())
    assert one.fit(plan) == [1.0] * 4
    one.fit(theirs("train_loss", patience=9))


@tried("write Learner(..., metrics=...) with a metric that is called {}")
def fastai_is_told_the_metric(told: Told) -> None:
    one, plan = Fit(), base * Plateau("far")
    name = told(lambda: one.fit(one.Passo(plan))).quoted(r"called '(\w+)'")
    metric = pytest.importorskip("fastai.learner").ValueMetric(lambda: 0.5, name)
    assert one.fit(one.Passo(plan), metrics=metric) == [1.0] * 4


@tried("; write learn.fit(..., cbs=Passo(plan)), with Passo from passo.integrations.fastai")
def fastais_own_optimizer_is_driven_by_the_callback(told: Told) -> None:
    one = Fit()
    learn = one.learner()
    learn.create_opt()
    text = told(lambda: attach(learn.opt, LINE, Run(steps(4)), clock="calls"))
    code = text.quoted(r"write (learn\.fit\(.*\)), with Passo")
    eval(code.replace("...", "2"), one.world(learn=learn, plan=LINE))
    assert [float(each) for each in learn.recorder.lrs] == line(4, 1.0)


@tried(
    '; write attach(view, ..., clock="calls") with an object whose param_groups are the dicts '
    "that its step() reads, and call scheduler.step() after each update"
)
def copies_are_driven_by_a_view_of_what_they_are_made_of(told: Told) -> None:
    class Copies:
        held = ({"params": [], "lr": 1.0},)
        param_groups = property(lambda self: [dict(each) for each in self.held])

    text = told(lambda: attach(Copies(), LINE, Run(steps(4)), clock="calls"))
    text.words("and call scheduler.step() after each update")
    view = SimpleNamespace(param_groups=list(Copies.held))
    names = {"view": view, "attach": attach, "LINE": LINE, "run": Run(steps(4))}
    code = text.quoted(r"write (attach\(view, .*?\))").replace("...", "LINE, run")
    eval(code, names).step()
    assert Copies.held[0]["lr"] == 0.75
