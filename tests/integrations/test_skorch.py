"""skorch as it is, with one callback (issue 16): the nine promises, by `==`."""

from __future__ import annotations

import gc
import json
import pickle
from itertools import chain
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from passo import (
    Linear,
    NeedsRun,
    PassoError,
    Plateau,
    Run,
    attach,
    attached,
    base,
    epochs,
    steps,
    warmup_cosine,
)
from tests.integrations.promises import promised
from tests.integrations.tools import LINE, after_an_exception, line, said

pytest.importorskip("skorch", reason="skorch is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed")
pytest.importorskip("sklearn", reason="sklearn is not installed")
from accelerate import Accelerator
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet, NeuralNetRegressor
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    LoadInitState,
    LRScheduler,
    TrainEndCheckpoint,
)
from skorch.dataset import ValidSplit
from skorch.hf import AccelerateMixin

from passo.integrations.skorch import Passo

X, Y = torch.ones(8, 3), torch.ones(8, 1)


class Net(NeuralNetRegressor):
    """Remembers what each real update used."""

    def initialize_optimizer(self, *arguments, **named):
        super().initialize_optimizer(*arguments, **named)
        self.used = []
        self.optimizer_.register_step_pre_hook(
            lambda one, *_: self.used.append(one.param_groups[0]["lr"])
        )
        return self


def net(*callbacks, kind=Net, **settings):
    """Four batches an epoch, and two epochs."""
    quiet = {"train_split": None, "verbose": 0, "batch_size": 2, "max_epochs": 2, "lr": 0.1}
    return kind(torch.nn.Linear(3, 1), callbacks=list(callbacks), **{**quiet, **settings})


def used(plan, *beside, **settings):
    """What each update of a fit used."""
    passo = plan if isinstance(plan, Passo) else Passo(plan)
    return net(passo, *beside, **settings).fit(X, Y).used


def refused(*callbacks, kind=PassoError, data=(X, Y), **settings):
    """The text of the refusal; no update was made, and nobody is attached."""
    one = net(*callbacks, **settings)
    with pytest.raises(kind) as caught:
        one.fit(*data)
    assert one.used == []
    assert attached(one.optimizer_) == ()
    return str(caught.value)


def scores(*values):
    """A score that an EpochScoring gets, one after another."""
    left = list(values)
    return lambda *_: left.pop(0)


# -- 1. update t uses s(t)


class Accelerated(AccelerateMixin, Net):
    """Accumulates as accelerate does."""


@promised("skorch", 1, 2)
@pytest.mark.parametrize(
    ("updates", "settings"),
    [
        (8, {}),
        (6, {"batch_size": 3}),  # the last batch of an epoch is short
        (4, {"train_split": ValidSplit(2)}),
        (8, {"optimizer": torch.optim.LBFGS}),  # a closure, called more than once
        (8, {"optimizer": torch.optim.AdamW}),
    ],
)
def test_update_t_uses_s_of_t_on_the_nets_own_count(updates, settings):
    stories = []
    assert said(lambda: stories.append(used(LINE, **settings))) == []
    assert stories == [line(updates)]


@promised("skorch", 1, 2)
def test_accelerate_accumulates_with_a_short_window():
    stories = []

    def story():
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=3)
        settings = {"kind": Accelerated, "accelerator": accelerator, "device": None}
        stories.append(used(LINE, **settings))

    assert said(story) == []
    assert stories == [line(4)]  # a window of three batches, and one of the last


class Skips(Net):
    """Makes no update of one batch, as a scaler does."""

    batch = 3

    def train_step(self, batch, **named):
        step = self.train_step_single(batch, **named)
        if len(self.history[-1, "batches"]) != self.batch:
            self.optimizer_.step()
        return step


@promised("skorch", 1, 2)
def test_an_update_that_was_skipped_is_no_window():
    stories = []
    texts = said(lambda: stories.append(net(Passo(LINE), kind=Skips).fit(X, Y)))
    assert stories[0].used == line(8)[:6]
    assert not [text for text in texts if text.startswith("the first epoch")]


class Windows(Net):
    """Accumulates by itself, as the pages of skorch show it."""

    window = 2

    def train_step(self, batch, **named):
        step = self.train_step_single(batch, **named)
        if len(self.history[-1, "batches"]) % self.window == 0:
            self.optimizer_.step()
            self.optimizer_.zero_grad()
        return step


@promised("skorch", 1, 2)
def test_windows_of_the_nets_own_are_told_after_the_first_epoch_and_a_run_has_them():
    stories = []
    first, *rest = said(lambda: stories.append(net(Passo(LINE), kind=Windows).fit(X, Y)))
    assert first == (
        "the first epoch made 2 updates of 4 batches, and the plan counts 4 updates an epoch; "
        "write Passo(plan, run=Run(steps(4), steps_per_epoch=2))"
    )
    assert len(rest) == 1  # that it ended early
    run = Run(steps(4), steps_per_epoch=2)
    assert said(lambda: stories.append(net(Passo(LINE, run), kind=Windows).fit(X, Y))) == []
    assert stories[1].used == line(4)
    logged = [each.get("event_lr") for row in stories[1].history for each in row["batches"]]
    assert logged == list(chain(*zip([None] * 4, line(4), strict=True)))


@promised("skorch", 1)
def test_a_plan_of_epochs_has_the_nets_epochs():
    plan = base * Linear(0.0, 1.0, epochs(1)).then(Linear(1.0, 0.0))
    run = Run(steps(8), steps_per_epoch=4)
    assert used(plan) == [plan.on(run).with_base(0.1)(t) for t in range(8)]


# -- 2. the run


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.ones(3), torch.ones(1)


@promised("skorch", 2)
def test_a_length_that_skorch_does_not_know_is_asked_for():
    options = {"iterator_train__batch_size": 2, "data": (Endless(), None)}
    assert refused(Passo(LINE), kind=NeedsRun, **options) == (
        "the plan Linear(1, 0) * base needs the length of the run, and skorch has a loader without "
        "a length; write Passo(plan, run=Run(steps(10_000))) with the number of updates"
    )
    assert refused(Passo(LINE), kind=NeedsRun, batch_size=9, iterator_train__drop_last=True) == (
        "the plan Linear(1, 0) * base needs the length of the run, and skorch has no batches to "
        "train on; write Passo(plan, run=Run(steps(10_000))) with the number of updates"
    )


class Stops(Callback):
    """Ends the training after so many batches."""

    def __init__(self, after, error=KeyboardInterrupt):
        self.after, self.error = after, error

    def on_batch_end(self, net, training=None, **_):
        if training and len(net.used) == self.after:
            raise self.error


@promised("skorch", 2)
def test_a_run_that_is_given_counts():
    one = net(Passo(LINE, Run(steps(6))), Stops(6), max_epochs=1)
    assert said(lambda: one.fit(Endless(), None)) == []
    assert one.used == line(6)


# -- 3. plateaus


@promised("skorch", 3)
def test_a_plateau_hears_each_epoch_once_whoever_scores():
    scoring = EpochScoring(scores(0.5, 0.4, 0.4, 0.4), name="far", on_train=True)
    passo = Passo(base * Plateau("far", patience=0, factor=0.5))
    one = net(scoring, passo, max_epochs=4)
    assert said(lambda: one.fit(X, Y)) == []
    assert one.used == [0.1] * 12 + [0.05] * 4
    state = passo.waits_.state_dict()["schedulers"][0]
    assert state["tracks"][0]["plateaus"][0]["reductions"] == 2  # the last one after the last epoch


@promised("skorch", 3)
@pytest.mark.parametrize("name", ["valid_loss", "train_loss"])
def test_a_plateau_hears_the_losses_of_skorch(name):
    plan = base * Plateau(name, patience=0, factor=0.5, threshold=1e9, threshold_mode="abs")
    story = net(Passo(plan), train_split=ValidSplit(2), max_epochs=3)
    assert said(lambda: story.fit(X, Y)) == []
    assert story.used == [0.1] * 4 + [0.05] * 2


@promised("skorch", 3, 4)
def test_what_was_heard_is_in_the_checkpoint_of_that_epoch(tmp_path):
    scoring = EpochScoring(scores(1.0, 1.0, 1.0), name="far", on_train=True)
    plan = base * Plateau("far", patience=0, factor=0.5)
    saver = Checkpoint(
        None, dirname=str(tmp_path), f_optimizer="{last_epoch[epoch]}.pt", f_history=None
    )
    one = net(scoring, Passo(plan), saver, max_epochs=3)
    one.fit(X, Y)
    held = [
        torch.load(tmp_path / f"{epoch}.pt", weights_only=True)["param_groups"][0]["lr"]
        for epoch in (1, 2, 3)
    ]
    assert held == [0.1, 0.05, 0.025]


@promised("skorch", 3)
@pytest.mark.parametrize("own", [False, True])
def test_a_name_that_never_comes_is_told_with_those_that_do(own):
    kind = NeuralNetRegressor if not own else Net  # what is not skorch's may write into the history
    one = net(Passo(base * Plateau("val_loss")), kind=kind, train_split=ValidSplit(2), max_epochs=3)
    first, *rest = said(lambda: one.fit(X, Y))
    assert first == (
        "a plateau listens to 'val_loss', and skorch logs 'train_loss', 'valid_loss': it never "
        "falls; write callbacks=[EpochScoring(..., name='val_loss'), Passo(plan)], or give Plateau "
        "a name that is logged"
    )
    assert rest == []


@promised("skorch", 3)
def test_a_metric_that_never_came_is_told_at_the_end_in_the_words_of_skorch():
    class Late(Callback):
        """What is scored by somebody else's callback is not known before the first epoch."""

    one = net(Passo(base * Plateau("far")), Late(), Stops(3), max_epochs=2)
    _early, text = said(lambda: one.fit(X, Y))
    assert text == (
        "Plateau('far') got no metric in 3 updates; it can only reduce the rate when it is told "
        "how training goes; write: callbacks=[EpochScoring(..., name='far'), Passo(plan)]"
    )


@promised("skorch", 3)
def test_a_net_that_does_not_validate_is_told_so():
    one = net(Passo(base * Plateau("valid_loss")))
    (text,) = said(lambda: one.fit(X, Y))
    assert text == (
        "a plateau listens to 'valid_loss', and skorch logs 'train_loss': it never falls; write "
        "NeuralNet(..., train_split=ValidSplit(5)), or give Plateau a name that is logged"
    )


@promised("skorch", 3)
def test_an_order_in_which_a_plateau_would_hear_too_late_is_refused():
    passo = Passo(base * Plateau("far"))
    scoring = EpochScoring(scores(1.0), name="far", on_train=True)
    assert refused(passo, scoring) == (
        "'far' is scored after Passo has heard of the epoch; write "
        "callbacks=[EpochScoring(..., name='far'), Passo(plan)]"
    )
    assert refused(scoring, Checkpoint(), passo) == (
        "Checkpoint saves before Passo hears of the epoch, so that its checkpoint lacks the last "
        "report; write callbacks=[Passo(plan), Checkpoint()]"
    )
    assert used(Passo(LINE), EpochScoring(scores(1.0, 1.0), name="far", on_train=True)) == line(8)


class Saves(Callback):
    """Saves at the end of an epoch, as somebody writes it who knows no `Checkpoint`."""

    def __init__(self, folder, how="params"):
        self.folder, self.how = folder, how

    def on_epoch_end(self, net, **_):
        if self.how == "params":
            net.save_params(**files(self.folder, len(net.history)))
        else:
            Path(self.folder, f"{len(net.history)}.pkl").write_bytes(pickle.dumps(net))


def files(folder, epoch):
    return {
        f"f_{name}": str(Path(folder, f"{name}{epoch}"))
        for name in ("params", "optimizer", "history")
    }


FALLS = base * Plateau("far", patience=0, factor=0.5)


@promised("skorch", 3, 4)
@pytest.mark.parametrize("after", [False, True])
def test_what_saves_before_passo_hears_is_told_unless_something_saves_after_it(tmp_path, after):
    saver, passo, stories = Saves(tmp_path), Passo(FALLS, Run(steps(12))), []
    order = [passo, saver] if after else [saver, passo]
    told = said(lambda: stories.append(net(scored(1.0, 1.0, 1.0), *order, max_epochs=3).fit(X, Y)))
    text = (
        "what was saved at update 4 was saved before Passo heard of its epoch: who goes on from it "
        "goes on without that report, at other rates; write callbacks=[Passo(plan), saver] with "
        "the callback that saves"
    )
    assert told == ([] if after else [text])
    again = net(scored(1.0), Passo(FALLS, Run(steps(12)))).initialize()
    again.load_params(**files(tmp_path, 2))
    said(lambda: again.set_params(max_epochs=1).partial_fit(X, Y))
    assert (again.used == stories[0].used[8:]) is after
    assert json.loads(Path(tmp_path, "history2").read_text())[-1]["event_lr"] == 0.1


def test_a_net_that_is_pickled_before_passo_hears_is_told_too(tmp_path):
    settings = {"kind": NeuralNetRegressor, "max_epochs": 1}
    both = [Saves(tmp_path, "pickle"), Passo(base * Plateau("train_loss"))]
    (text,) = said(lambda: net(*both, **settings).fit(X, Y))
    assert text.startswith("what was saved at update 4 was saved before Passo heard of its epoch")
    read = pickle.loads(Path(tmp_path, "1.pkl").read_bytes())
    assert read.history[-1, "event_lr"] == 0.1
    for plan in (LINE, LINE * Plateau("train_loss")):  # no report changes it, or the run is over
        assert said(lambda plan=plan: net(Saves(tmp_path), Passo(plan), **settings).fit(X, Y)) == []


# -- 4. resume

CURVE = warmup_cosine(warmup=steps(3)) * Plateau("far", patience=0, factor=0.7)


def scored(*values):
    return EpochScoring(scores(*values), name="far", on_train=True)


def whole():
    return net(scored(1.0, 1.0, 1.0, 1.0), Passo(CURVE), max_epochs=4).fit(X, Y).used


@promised("skorch", 4)
def test_a_resume_from_its_checkpoint_has_the_same_rates_bit_for_bit(tmp_path):
    files = Checkpoint(None, dirname=str(tmp_path))
    one = net(scored(1.0, 1.0), Passo(CURVE, Run(steps(16))), files, max_epochs=2)
    one.fit(X, Y)
    again = net(scored(1.0, 1.0), Passo(CURVE, Run(steps(16))), LoadInitState(files))
    assert said(lambda: again.fit(X, Y)) == []
    assert one.used + again.used == whole()


@promised("skorch", 4)
@pytest.mark.parametrize("history", [True, False])
def test_the_run_of_a_resume_is_what_was_made_and_what_comes(tmp_path, history):
    """The run that was interrupted after two of four epochs, and goes on for two."""
    one = net(scored(1.0, 1.0, 1.0), Passo(CURVE), Stops(9), max_epochs=4)
    files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer", "history")}

    class Saves(Callback):
        def on_epoch_end(self, net, **_):
            if len(net.history) == 2:
                net.save_params(**files)

    one.set_params(callbacks=[*one.callbacks, Saves()])
    said(lambda: one.fit(X, Y))
    again = net(scored(1.0, 1.0), Passo(CURVE), max_epochs=2).initialize()
    if not history:
        files.pop("f_history")
    again.load_params(**files)
    assert said(lambda: again.partial_fit(X, Y)) == []
    assert one.used[:8] + again.used == whole()


@promised("skorch", 4)
@pytest.mark.parametrize("first", [True, False])
def test_what_is_saved_after_the_end_has_the_state(tmp_path, first):
    run = Run(steps(16))
    files = TrainEndCheckpoint(dirname=str(tmp_path))
    both = [files, Passo(CURVE, run)] if first else [Passo(CURVE, run), files]
    one = net(scored(1.0, 1.0), *both)
    assert said(lambda: one.fit(X, Y)) == []
    again = net(scored(1.0, 1.0), Passo(CURVE, run), LoadInitState(files))
    again.fit(X, Y)
    assert one.used + again.used == whole()


@promised("skorch", 4)
def test_a_net_that_goes_on_or_was_pickled_goes_on_where_it_was():
    one = net(Passo(LINE, Run(steps(16))), kind=NeuralNetRegressor)

    def rates(net):
        return list(chain(*net.history[:, "batches", :, "event_lr"]))

    assert said(lambda: one.fit(X, Y)) == []  # it is half of the run, on purpose
    read = pickle.loads(pickle.dumps(one))
    read.set_params(callbacks__print_log__sink=print)  # whereupon skorch makes all callbacks anew
    for each in (one, read):
        assert said(lambda each=each: each.partial_fit(X, Y)) == []
        assert rates(each) == line(16)
    one.fit(X, Y)  # a new net, from the start
    assert rates(one) == line(16)[:8]


@promised("skorch", 4)
def test_the_state_of_the_optimizer_that_was_loaded_last_wins_over_that_of_a_pickled_net(tmp_path):
    files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer")}
    one = net(Passo(LINE, Run(steps(16))), kind=NeuralNetRegressor).fit(X, Y)
    one.save_params(**files)
    read = pickle.loads(pickle.dumps(one.partial_fit(X, Y)))
    read.load_params(**files)
    assert said(lambda: read.partial_fit(X, Y)) == []
    assert list(chain(*read.history[-2:, "batches", :, "event_lr"])) == line(16)[8:]


@promised("skorch", 2, 4)
def test_the_run_after_an_interrupted_epoch_has_the_updates_of_its_beginning():
    one = net(Passo(LINE), Stops(10), max_epochs=4)
    said(lambda: one.fit(X, Y))
    made = len(one.used)
    assert made % 4
    one.set_params(callbacks__Passo=Passo(LINE, on_change="replace"), max_epochs=2)
    assert said(lambda: one.partial_fit(X, Y)) == []
    assert one.used[made:] == line(made + 8)[made:]


@promised("skorch", 4, 9)
def test_a_net_that_goes_on_after_an_exception_goes_on_where_it_was():
    one = net(Passo(LINE, Run(steps(16))), Stops(6, RuntimeError))
    with pytest.raises(RuntimeError):
        one.fit(X, Y)
    assert said(lambda: one.partial_fit(X, Y)) == []
    assert one.used == line(16)[:14]


@promised("skorch", 4)
def test_a_checkpoint_of_another_plan_is_refused_at_the_start():
    one = net(Passo(LINE)).fit(X, Y)
    one.set_params(callbacks__Passo=Passo(warmup_cosine()))
    with pytest.raises(PassoError) as caught:
        one.partial_fit(X, Y)
    text = str(caught.value)
    assert text.startswith("the plan saved at update 8 is not today's, one field differs:\n")
    assert '\nwrite Passo(..., on_change="keep") for the checkpoint\'s plan, ' in text
    assert "attach" not in text
    assert len(one.used) == 8
    one.set_params(callbacks__Passo=Passo(warmup_cosine(), on_change="replace"))
    one.partial_fit(X, Y)
    run = Run(steps(16), steps_per_epoch=4)
    assert one.used[8:] == [warmup_cosine().on(run).with_base(0.1)(t) for t in range(8, 16)]


@promised("skorch", 4)
def test_a_state_that_was_loaded_is_there_for_another_try_after_a_refused_fit(tmp_path):
    run, files = Run(steps(16)), {"f_optimizer": str(tmp_path / "optimizer")}
    net(Passo(LINE, run)).fit(X, Y).save_params(**files)
    again = net(Passo(LINE, run), max_epochs=2).initialize()
    again.load_params(**files)
    for _ in range(2):
        again.set_params(callbacks__Passo=Passo(warmup_cosine(), run))
        with pytest.raises(PassoError, match="the plan saved at update 8 is not today's"):
            again.partial_fit(X, Y)
        assert attached(again.optimizer_) == ()
    again.set_params(callbacks__Passo=Passo(LINE, run))
    assert said(lambda: again.partial_fit(X, Y)) == []
    assert again.used == line(16)[8:]


@promised("skorch", 4)
@pytest.mark.parametrize("epochs", [4, 1])
def test_a_plan_at_the_same_share_of_another_run_ends_with_the_trainer(epochs):
    one = net(Passo(LINE, Run(steps(24)))).fit(X, Y)  # 8 of 24
    one.set_params(callbacks__Passo=Passo(LINE, on_change="rescale"), max_epochs=epochs)
    assert said(lambda: one.partial_fit(X, Y)) == []
    begin = epochs * 2  # a third is over
    assert one.used[8:] == line(begin + 4 * epochs)[begin:]


@promised("skorch", 4)
def test_a_rate_that_is_set_between_two_calls_is_a_changed_plan():
    one = net(Passo(LINE, Run(steps(16)))).fit(X, Y)
    one.set_params(lr=0.4)
    with pytest.raises(PassoError, match=r"saved: .* base 0.1 .*\n.* today: .* base 0.4 "):
        one.partial_fit(X, Y)
    one.set_params(callbacks__Passo__on_change="replace")
    one.set_params(lr=0.4)
    one.partial_fit(X, Y)
    assert one.used[8:] == line(16, 0.4)[8:]


# -- 5. the log


@promised("skorch", 5)
def test_the_history_has_what_was_used():
    one = net(Passo(warmup_cosine(warmup=steps(2))), train_split=ValidSplit(2), max_epochs=3)
    one.fit(X, Y)
    batches = [each for row in one.history for each in row["batches"] if "train_loss" in each]
    assert [each["event_lr"] for each in batches] == one.used
    assert one.history[:, "event_lr"] == one.used[1::2]  # of each epoch the last
    none = net(Passo({"weight_decay": 0.1})).fit(X, Y)
    assert "event_lr" not in none.history[-1]


# -- 6. one writer


@promised("skorch", 6)
def test_a_second_writer_is_refused_at_the_start():
    for callbacks in (
        [LRScheduler("StepLR", step_size=1), Passo(LINE)],
        [Passo(LINE), LRScheduler],
    ):
        assert refused(*callbacks) == (
            "LRScheduler writes the learning rate, and so does Passo; leave LRScheduler out and "
            "put what it does to the rate into the plan, or leave Passo out"
        )
    assert refused(Passo(LINE), Passo({"weight_decay": 0.1})) == (
        "Passo was given to skorch twice; give both schedules in one plan: "
        'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
    )


class Builds(Net):
    def initialize_optimizer(self, *arguments, **named):
        super().initialize_optimizer(*arguments, **named)
        self.its_scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer_, 1)
        return self


@promised("skorch", 6)
def test_a_torch_scheduler_that_the_net_built_is_told_of():
    one = net(Passo(LINE), kind=Builds)
    (text,) = said(lambda: one.fit(X, Y))
    assert text == (
        "a torch scheduler was built on this optimizer: if it is stepped, both write the lr; "
        "delete it, or leave the lr out of the plan"
    )


def test_what_cannot_be_is_refused_where_it_is_written():
    assert "'momentun'" in refused(Passo({"momentun": 0.5}))
    for wrong in (3j, {}, {"lr": "fast"}):
        with pytest.raises(PassoError):
            Passo(wrong)
    with pytest.raises(PassoError) as caught:
        Passo(LINE, on_chang="keep")
    assert str(caught.value) == (
        "Passo takes plan, run, seek and base, values, on_change, join, strict, record, watch, "
        "carry, as attach does; got 'on_chang'; did you mean 'on_change'?"
    )


def test_sklearn_clones_it_and_searches_over_its_plans():
    one = clone(net(Passo(LINE, on_change="keep")))
    ((_, passo),) = [each for each in one.initialize().callbacks_ if each[0] == "Passo"]
    assert (passo.plan, passo.get_params()["on_change"]) == (LINE, "keep")
    plans = [LINE, base * Linear(1.0, 0.5)]
    search = GridSearchCV(
        net(Passo(LINE), kind=NeuralNetRegressor, max_epochs=1),
        {"callbacks__Passo__plan": plans}, cv=2, refit=False, scoring="neg_mean_squared_error",
    )  # fmt: skip
    assert said(lambda: search.fit(X.numpy(), Y.numpy())) == []
    assert len(search.cv_results_["params"]) == 2


# -- 7. a checkpoint without our state


@promised("skorch", 7)
@pytest.mark.parametrize("history", [True, False])
def test_a_checkpoint_without_a_state_is_refused_and_seek_goes_on(tmp_path, history):
    files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer")}
    files |= {"f_history": str(tmp_path / "history")} if history else {}
    net(kind=Net, optimizer=torch.optim.AdamW).fit(X, Y).save_params(**files)
    again = net(Passo(LINE), optimizer=torch.optim.AdamW).initialize()
    again.load_params(**files)
    with pytest.raises(PassoError) as caught:
        again.partial_fit(X, Y)
    assert again.used == []
    assert str(caught.value) == (
        "the checkpoint that skorch goes on from is at update 8 and has no state of passo, so "
        "that the plan would begin again; write Passo(plan, seek=8) to go on there, or seek=0 to "
        "begin the plan there on purpose"
    )
    again.set_params(callbacks__Passo__seek=8)
    assert said(lambda: again.partial_fit(X, Y)) == []
    assert again.used == line(16)[8:]


@promised("skorch", 7)
def test_seek_asks_for_the_bases_where_the_net_makes_other_groups(tmp_path):
    class Two(Net):
        def initialize_optimizer(self, *arguments, **named):
            super().initialize_optimizer(*arguments, **named)
            more = torch.nn.Parameter(torch.ones(1))
            self.optimizer_.add_param_group({"params": [more], "lr": 0.3})
            return self

    files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer")}
    settings = {"kind": Two, "optimizer": torch.optim.AdamW}
    net(**settings).fit(X, Y).save_params(**files)
    again = net(Passo(LINE, seek=8), **settings).initialize()
    again.load_params(**files)
    with pytest.raises(PassoError) as caught:
        again.partial_fit(X, Y)
    assert str(caught.value) == (
        "the plan of 'lr' is relative to base, and the optimizer was under way when it was "
        "attached: lr was 0.1 there, which is probably not its base; write Passo(..., base=0.1) "
        "with the value that the run began with"
    )
    again.set_params(callbacks__Passo__base=[0.1, 0.3])
    assert said(lambda: again.partial_fit(X, Y)) == []
    assert again.used == line(16)[8:]


# -- 8. several optimizers


class Gan(NeuralNet):
    """Two optimizers; the second one steps with every other batch."""

    def initialize_module(self):
        super().initialize_module()
        self.other_ = torch.nn.Linear(3, 1)
        return self

    def initialize_optimizer(self, *_, **__):
        self.optimizer_ = torch.optim.AdamW(self.module_.parameters(), lr=0.1)
        self.critic_ = torch.optim.SGD(self.other_.parameters(), lr=1.0)
        self.used = {"optimizer": [], "critic": []}
        for name, one in (("optimizer", self.optimizer_), ("critic", self.critic_)):
            mine = self.used[name]
            one.register_step_pre_hook(
                lambda it, *_, mine=mine: mine.append(it.param_groups[0]["lr"])
            )
        return self

    def train_step(self, batch, **_):
        self._zero_grad_optimizer()
        x, y = batch
        loss = (self.module_(x) - y).square().mean()
        (loss + self.other_(x).square().mean()).backward()
        self.optimizer_.step()
        if len(self.history[-1, "batches"]) % 2:
            self.critic_.step()
        return {"loss": loss, "y_pred": y}


HALF = base * Linear(1.0, 0.0, steps(4))


@promised("skorch", 8)
@pytest.mark.parametrize(
    "plans",
    [
        [LINE, HALF],
        {"optimizer": LINE, "critic": HALF},
        {"critic": {"lr": HALF}, "optimizer": {"lr": LINE}},
    ],
)
def test_a_plan_for_each_optimizer_has_its_own_pace(plans):
    one = net(Passo(plans), kind=Gan, criterion=torch.nn.MSELoss)
    assert said(lambda: one.fit(X, Y)) == []
    assert one.used == {"optimizer": line(8), "critic": line(4, 1.0)}


@promised("skorch", 8)
def test_one_plan_is_for_all_optimizers_and_other_plans_are_refused():
    settings = {"kind": Gan, "criterion": torch.nn.MSELoss}
    one = net(Passo(base * Linear(1.0, 0.0, steps(8))), **settings)
    said(lambda: one.fit(X, Y))
    assert one.used == {"optimizer": line(8), "critic": line(8, 1.0)[:4]}
    with pytest.raises(PassoError) as caught:
        net(Passo([LINE] * 3), **settings).fit(X, Y)
    assert str(caught.value) == (
        "Passo got plans for 3, and skorch has 2 optimizers, optimizer, critic; write "
        "Passo({'optimizer': plan, 'critic': plan})"
    )


# -- 9. the end


@promised("skorch", 9)
def test_a_run_that_was_stopped_is_told_with_the_reason():
    stopper = EarlyStopping("train_loss", patience=1, threshold=1e9, threshold_mode="abs", sink=id)
    (text,) = said(lambda: used(Passo(LINE), stopper, max_epochs=9))
    assert text.startswith(
        "the run ended early (EarlyStopping on 'train_loss'): planned 36 updates, made 8; "
    )
    (text,) = said(lambda: used(Passo(LINE), Stops(5)))
    assert text.startswith("the run ended early (a KeyboardInterrupt): planned 8 updates, made 5; ")


@promised("skorch", 9)
def test_a_run_that_another_hand_stopped_is_not_told_as_one_of_early_stopping():
    stopper = EarlyStopping("train_loss", patience=5)
    (text,) = said(lambda: used(LINE, stopper, Stops(4)))
    assert text.startswith("the run ended early (a KeyboardInterrupt): planned 8 updates, made 4; ")


@promised("skorch", 3)
def test_a_score_on_the_data_of_training_is_no_miss_in_a_net_that_does_not_validate():
    def story():
        net(scored(1.0, 1.0), Passo(CURVE), kind=NeuralNetRegressor).fit(X, Y)

    assert said(story) == []


@promised("skorch", 9)
def test_a_run_that_fails_is_told_of_nothing_and_another_begins_anew():
    one = net(Passo(LINE), Stops(3, RuntimeError))

    def story():
        with pytest.raises(RuntimeError):
            one.fit(X, Y)

    assert said(story) == []
    one.set_params(callbacks__Stops__after=99)
    assert said(lambda: one.fit(X, Y)) == []
    assert one.used == line(8)
    train = net(Passo(base * Plateau("train_loss")), Stops(3, RuntimeError)).fit
    assert after_an_exception(lambda: train(X, Y)) == []


def test_a_run_of_which_only_a_piece_was_made_is_told_once_all_is_gone():
    def story():
        net(Passo(LINE, Run(steps(16)))).fit(X, Y)
        gc.collect()

    (text,) = said(story)
    assert text.startswith("the run ended early: planned 16 updates, made 8; ")


def test_the_loop_alone_is_counted_too():
    one = net(Passo(LINE)).initialize()
    one.fit_loop(X, Y, epochs=2)
    assert one.used == line(8)
    assert len(DataLoader(TensorDataset(X))) == 8


def test_what_is_no_callback_is_told_to_be_one():
    made = attach(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]), base)
    for given, got in ((base, "base"), (made, "a Scheduler")):
        with pytest.raises(PassoError) as caught:
            net(given).fit(X, Y)
        assert str(caught.value) == (
            f"skorch wants a callback, got {got}; write callbacks=[Passo(plan)], with Passo from "
            "passo.integrations.skorch"
        )
