"""fastai as it is, with one callback (issue 16): the nine promises, by `==`."""

from __future__ import annotations

import json
import pickle
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader as Torchs
from torch.utils.data import IterableDataset, TensorDataset

from passo import (
    Linear,
    NeedsRun,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    epochs,
    steps,
    warmup_cosine,
)
from tests.integrations.promises import promised
from tests.integrations.tools import LINE, after_an_exception, line, said

pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
pytest.importorskip("fastai", reason="fastai is not installed")
import cloudpickle
from fastai.callback import schedule, tracker
from fastai.callback.training import GradientAccumulation, ShortEpochCallback
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import (
    Callback,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
    Learner,
    Recorder,
    ValueMetric,
)
from fastai.optimizer import SGD, Adam, OptimWrapper, ranger

from passo.integrations.fastai import Hypers, Passo

OWN = {"fastai's": Adam, "torch's": partial(OptimWrapper, opt=torch.optim.AdamW)}
both = pytest.mark.parametrize("opt_func", OWN.values(), ids=OWN)


class Seen(Callback):
    """Which rate each real update used."""

    def __init__(self):
        self.rates = []

    def before_step(self):
        self.rates.append(Hypers(self.learn.opt).param_groups[0]["lr"])


def loader(samples=8, size=2):
    return Torchs(TensorDataset(torch.ones(samples, 3), torch.ones(samples, 1)), batch_size=size)


def learner(folder=".", data=None, **settings):
    """Four batches an epoch, and nothing printed."""
    checked = DataLoader(TensorDataset(torch.ones(4, 3), torch.ones(4, 1)), bs=2)
    loaders = DataLoaders(loader() if data is None else data, checked)
    one = Learner(
        loaders, torch.nn.Linear(3, 1), torch.nn.MSELoss(), path=folder, lr=0.1, **settings
    )
    one.logger = lambda _row: None
    return one.remove_cbs([each for each in one.cbs if each.name == "progress"])


def fitted(plan, *beside, one=None, epochs=2, given=(), data=None, start_epoch=0, lr=None, **named):
    """The rates of a fit."""
    one = learner(data=data, **named) if one is None else one
    passo = plan if isinstance(plan, Passo) else Passo(plan, *given)
    seen = Seen()
    one.fit(epochs, lr, cbs=[passo, *beside, seen], start_epoch=start_epoch)
    return seen.rates


def refused(*callbacks, kind=PassoError, one=None, **named):
    """The text of the refusal, behind what fastai puts before it; no update was made."""
    one, seen = learner() if one is None else one, Seen()
    with pytest.raises(kind) as caught:
        one.fit(2, cbs=[*callbacks, seen], **named)
    assert seen.rates == []
    assert one.opt.hypers[0]["lr"] == 0.1
    before, text = str(caught.value).split("\n\t", 1)
    assert before == "Exception occured in `Passo` when calling event `before_train`:"
    return text


# -- 1. update t uses s(t)


class Skips(Callback):
    """Skips these steps as a scaler does, after whoever looks on."""

    order = 10

    def __init__(self, *batches):
        self.batches, self.seen = batches, 0

    def before_step(self):
        self.seen += 1
        if self.seen - 1 in self.batches:
            raise CancelStepException


@promised("fastai", 1, 2)
@both
@pytest.mark.parametrize(
    ("updates", "settings"),
    [
        (8, {}),
        (6, {"data": loader(5)}),  # the last batch of an epoch is short
        (4, {"data": DataLoader(loader(5).dataset, bs=2, drop_last=True)}),
        (4, {"beside": [ShortEpochCallback(0.25)]}),
    ],
)  # fmt: skip
def test_update_t_uses_s_of_t_on_fastais_own_count(opt_func, updates, settings):
    stories, settings = [], {"opt_func": opt_func, **settings}
    beside = settings.pop("beside", ())
    assert said(lambda: stories.append(fitted(LINE, *beside, **settings))) == []
    assert stories == [line(updates)]


class Updates(Callback):
    """What the optimizer's own step uses, wherever it is called."""

    def __init__(self):
        self.rates = []

    def before_fit(self):
        self.opt.opt.register_step_pre_hook(
            lambda one, *_: self.rates.append(one.param_groups[0]["lr"])
        )


@promised("fastai", 1, 2)
@pytest.mark.parametrize(
    ("needed", "data", "updates"),
    [(6, loader(), 3), (4, loader(7), 4), (2, loader(), 10), (100, loader(), 0)],
)
def test_a_window_is_counted_in_samples_and_carried_into_the_next_epoch(needed, data, updates):
    seen, stories = Updates(), []
    one = learner(data=data, opt_func=OWN["torch's"])

    def story():
        one.opt = one.opt_func(one.splitter(one.model), lr=0.1)
        one.fit(2 if updates != 10 else 3, cbs=[GradientAccumulation(needed), seen, Passo(LINE)])
        stories.append(seen.rates)

    if not updates:
        with pytest.raises(NeedsRun, match="fastai makes no update"):
            story()
        return
    assert said(story) == []
    assert seen.rates == line(len(seen.rates))


@promised("fastai", 1)
@both
def test_a_step_that_a_scaler_skips_is_no_update(opt_func):
    rates = fitted(Passo(LINE, Run(steps(6))), Skips(2, 3), opt_func=opt_func)
    used = [rate for batch, rate in enumerate(rates) if batch not in (2, 3)]
    assert used == line(6)


@promised("fastai", 1)
def test_each_group_keeps_its_own_base_and_a_plan_of_epochs_has_fastais_epochs():
    def splitter(model):
        return [[model.weight], [model.bias]]

    seen = []

    class Looks(Callback):
        def before_step(self):
            seen.append([each["lr"] for each in self.opt.hypers])

    plan = base * Linear(0.0, 1.0, epochs(1)).then(Linear(1.0, 0.0))
    fitted(plan, Looks(), lr=slice(0.01, 0.1), one=learner(splitter=splitter))
    factors = [plan.on(Run.of(4, epochs=2)).with_base(1.0)(t) for t in range(8)]
    assert seen == [[factor * 0.01, factor * 0.1] for factor in factors]


def test_other_optimizers_of_fastai_are_driven_too_by_their_own_names():
    assert fitted(LINE, opt_func=SGD) == fitted(LINE, opt_func=ranger) == line(8)
    seen = []

    class Looks(Callback):
        def before_step(self):
            seen.append((self.opt.hypers[0]["mom"], self.opt.hypers[0]["wd"]))

    one = learner(opt_func=OWN["torch's"])
    fitted({"momentum": Linear(0.9, 0.8), "weight_decay": Linear(0.1, 0.0)}, Looks(), one=one)
    moms, decays = Linear(0.9, 0.8, steps(8)), Linear(0.1, 0.0, steps(8))
    assert seen == [(moms(t), decays(t)) for t in range(8)]
    seen.clear()
    fitted({"mom": Linear(0.9, 0.8), "wd": Linear(0.1, 0.0)}, Looks())
    assert seen == [(moms(t), decays(t)) for t in range(8)]


# -- 2. the run


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.ones(3), torch.ones(1)


class Stops(Callback):
    """Ends the fit after so many updates."""

    order = 90

    def __init__(self, after, error=CancelFitException):
        self.after, self.error, self.seen = after, error, 0

    def after_step(self):
        self.seen += 1
        if self.seen == self.after:
            raise self.error


@promised("fastai", 2)
def test_a_length_that_fastai_does_not_know_is_asked_for():
    endless = Torchs(Endless(), batch_size=2)
    one = learner(data=endless)
    assert refused(Passo(LINE), kind=NeedsRun, one=one) == (
        "the plan Linear(1, 0) * base needs the length of the run, and fastai has a loader without "
        "a length; write Passo(plan, run=Run(steps(10_000))) with the number of updates"
    )


@promised("fastai", 2)
def test_a_run_that_is_given_counts():
    stories = []
    passo = Passo(LINE, Run(steps(6)))
    assert said(lambda: stories.append(fitted(passo, Stops(6)))) == []
    assert stories == [line(6)]


# -- 3. plateaus


def metric(*values, name="far"):
    """A metric that says these, one in each validation."""
    left = list(values)

    return ValueMetric(lambda: left.pop(0), name)


@promised("fastai", 3)
def test_a_plateau_hears_each_epoch_once():
    one = learner(metrics=metric(0.5, 0.4, 0.4, 0.4))
    plan = base * Plateau("far", patience=0, factor=0.5)
    stories = []
    assert said(lambda: stories.append(fitted(plan, one=one, epochs=4))) == []
    assert stories == [[0.1] * 12 + [0.05] * 4]


@promised("fastai", 3)
@pytest.mark.parametrize("name", ["valid_loss", "train_loss"])
def test_a_plateau_hears_the_losses_of_fastai(name):
    plan = base * Plateau(name, patience=0, factor=0.5, threshold=1e9, threshold_mode="abs")
    assert fitted(plan, epochs=3) == [0.1] * 8 + [0.05] * 4
    assert (
        fitted(plan, one=learner(metrics=metric(1.0, 1.0, 1.0)), epochs=3) == [0.1] * 8 + [0.05] * 4
    )


class NoValidation(Callback):
    def before_validate(self):
        raise CancelValidException


@promised("fastai", 3)
def test_a_validation_that_was_cancelled_or_asked_for_by_hand_is_no_report():
    plan = base * Plateau("valid_loss", patience=0, factor=0.5, threshold=1e9, threshold_mode="abs")
    stories = []
    said(lambda: stories.append(fitted(plan, NoValidation(), epochs=3)))  # it got no metric
    assert stories == [[0.1] * 12]

    class Validates(Callback):
        order = 80

        def after_epoch(self):
            if not self.learn.lock.locked():
                self.learn.get_preds(inner=True)

    assert fitted(plan, Validates(), epochs=3) == [0.1] * 8 + [0.05] * 4
    one = learner()
    one.add_cb(passo := Passo(LINE))
    one.validate()
    one.get_preds()
    assert passo.schedulers == ()
    one.fit(1)
    assert one.recorder.lrs == line(4)


@promised("fastai", 3, 4)
def test_what_was_heard_is_in_the_file_of_that_epoch(tmp_path):
    one = learner(tmp_path, metrics=metric(1.0, 1.0, 1.0))
    plan = base * Plateau("far", patience=0, factor=0.5)
    saver = tracker.SaveModelCallback("far", every_epoch=True, with_opt=True)
    fitted(plan, saver, one=one, epochs=3)
    held = [
        torch.load(tmp_path / "models" / f"model_{epoch}.pth", weights_only=False)["opt"]["hypers"][
            0
        ]
        for epoch in range(3)
    ]
    assert [each["lr"] for each in held] == [0.1, 0.05, 0.025]


@promised("fastai", 3)
def test_a_name_that_never_comes_is_told_at_the_start_with_those_that_do():
    plan, first = base * Plateau("val_loss"), []

    class Looks(Callback):
        order = 90

        def before_train(self):
            first.append(len(told))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", PassoWarning)
        fitted(plan, Looks(), one=learner(metrics=metric(*range(3))), epochs=3)
    ours = [str(each.message) for each in told if issubclass(each.category, PassoWarning)]
    (text,) = ours
    assert text == (
        "a plateau listens to 'val_loss', and fastai logs 'far', 'train_loss', 'valid_loss': it "
        "never falls; write Learner(..., metrics=...) with a metric that is called 'val_loss', or "
        "give Plateau a name that is logged"
    )
    assert first[0] >= 1


# -- 4. resume

CURVE = warmup_cosine(warmup=steps(3)) * Plateau("far", patience=0, factor=0.7)


def curve(**named):
    return fitted(CURVE, one=learner(metrics=metric(*[1.0] * 4), **named), epochs=4)


@promised("fastai", 4)
@both
@pytest.mark.parametrize("how", ["saver", "hand"])
def test_a_resume_from_its_file_has_the_same_rates_bit_for_bit(tmp_path, opt_func, how):
    one = learner(tmp_path, metrics=metric(1.0, 1.0, 1.0, 1.0), opt_func=opt_func)
    if how == "saver":
        saver = tracker.SaveModelCallback("far", every_epoch=True, with_opt=True)
        before = fitted(CURVE, saver, one=one, epochs=4)[:8]
    else:  # a fit that was stopped, and saved then
        before = []
        (text,) = said(lambda: before.extend(fitted(CURVE, StopsAfter(2), one=one, epochs=4)))
        assert "the run ended early (a callback cancelled the fit)" in text
        one.save("model_1")
    again = learner(tmp_path, metrics=metric(1.0, 1.0), opt_func=opt_func).load("model_1")
    after = []
    assert said(lambda: after.extend(fitted(CURVE, one=again, epochs=4, start_epoch=2))) == []
    assert before + after == curve(opt_func=opt_func)


class StopsAfter(Callback):
    """Ends the fit after so many epochs."""

    order = 90

    def __init__(self, epochs):
        self.after = epochs

    def after_epoch(self):
        if self.epoch + 1 == self.after:
            raise CancelFitException


@promised("fastai", 4)
def test_a_fit_after_a_fit_is_a_run_of_its_own(tmp_path):
    one, passo = learner(tmp_path), Passo(LINE)
    stories = [[], []]
    assert said(lambda: stories[0].extend(fitted(passo, one=one))) == []
    one.save("whole")
    assert said(lambda: stories[1].extend(fitted(passo, one=one, lr=0.4))) == []
    assert stories == [line(8), line(8, 0.4)]
    again = learner(tmp_path).load("whole")
    assert said(lambda: stories.append(fitted(LINE, one=again))) == []
    assert stories[2] == line(8)


@promised("fastai", 4)
@both
def test_a_file_of_another_plan_is_refused_at_the_start(opt_func):
    one = learner(opt_func=opt_func)
    fitted(LINE, one=one)
    text = refused(Passo(warmup_cosine()), one=one, start_epoch=1)
    assert text.startswith("the plan saved at update 8 is not today's, one field differs:\n")
    assert '\nwrite Passo(..., on_change="keep") for the checkpoint\'s plan, ' in text
    passo = Passo(warmup_cosine(), on_change="replace")
    run = Run.of(4, epochs=3)
    used = fitted(passo, one=one, epochs=3, start_epoch=2)
    assert used == [warmup_cosine().on(run).with_base(0.1)(t) for t in range(8, 12)]


@promised("fastai", 4)
@pytest.mark.parametrize("epochs", [4, 2])
def test_a_plan_at_the_same_share_of_another_run_ends_with_the_trainer(epochs):
    one = learner()
    said(lambda: fitted(LINE, StopsAfter(1), one=one, epochs=3))  # 4 of 12
    passo, stories = Passo(LINE, on_change="rescale"), []
    told = said(lambda: stories.append(fitted(passo, one=one, epochs=epochs, start_epoch=1)))
    assert told == []
    left = 4 * (epochs - 1)
    assert stories == [line(left + left // 2)[left // 2 :]]


@promised("fastai", 2, 4)
@pytest.mark.parametrize(
    ("settings", "start", "whole"),
    [
        ({"data": loader(8, 4)}, 2, 12),  # 8 were made, and two batches are in each epoch now
        ({"data": loader(16, 2)}, 2, 24),
        ({"cbs": GradientAccumulation(4)}, 2, 12),
        ({}, 1, 20),  # an epoch more than was left
        ({}, 3, 12),
    ],
)
def test_the_run_of_a_resume_is_what_was_made_and_what_comes(tmp_path, settings, start, whole):
    one = learner(tmp_path)
    saver = tracker.SaveModelCallback("train_loss", every_epoch=True, with_opt=True)
    fitted(LINE, saver, one=one, epochs=4)
    again = learner(tmp_path, **settings).load("model_1")
    with pytest.raises(PassoError, match=rf"today: .* on Run\(steps\({whole}\)"):
        fitted(LINE, one=again, epochs=4, start_epoch=start)
    again, used = learner(tmp_path, **settings).load("model_1"), []
    passo = Passo(LINE, on_change="replace")
    told = said(lambda: used.extend(fitted(passo, one=again, epochs=4, start_epoch=start)))
    assert (told, list(dict.fromkeys(used))) == ([], line(whole)[8:])  # a window is seen twice


def test_a_file_of_before_that_counts_no_epochs_is_gone_on_with():
    one = learner()
    fitted(LINE, one=one, epochs=2)
    held = one.opt.hypers[0]
    told = json.loads(held["passo_state"])
    assert told.pop("counted") == 8
    for counted in ({}, {"counted": -1}, {"counted": "8"}, {"counted": True}):
        held["passo_state"] = json.dumps({**told, **counted})
        assert fitted(LINE, one=one, epochs=2, start_epoch=2) == []


def test_a_learner_is_pickled_with_it():
    one = learner()
    one.add_cb(Passo(LINE))
    one.fit(1)
    read = pickle.loads(cloudpickle.dumps(one))  # as `export` does
    assert read.passo.schedulers == ()
    read.fit(2)
    assert read.recorder.lrs == line(8)


# -- 5. the log


@promised("fastai", 5)
@both
def test_the_recorder_has_what_was_used(opt_func):
    one = learner(opt_func=opt_func)
    rates = fitted(warmup_cosine(warmup=steps(2)), one=one, epochs=3)
    assert one.recorder.lrs == rates


# -- 6. one writer


@promised("fastai", 6)
def test_a_second_writer_is_refused_at_the_start():
    for fit in (
        lambda one, cbs: one.fit_one_cycle(2, cbs=cbs),
        lambda one, cbs: one.fit_sgdr(1, 1, cbs=cbs),
        lambda one, cbs: one.fit_flat_cos(2, cbs=cbs),
        lambda one, cbs: one.fit(2, cbs=[schedule.ParamScheduler({"lr": lambda _: 1.0}), *cbs]),
    ):
        seen = Seen()
        with pytest.raises(PassoError) as caught:
            fit(learner(), [Passo(LINE), seen])
        assert seen.rates == []
        assert "\n\tParamScheduler, which fit_one_cycle and its like bring, writes 'lr'" in str(
            caught.value
        )
        assert str(caught.value).endswith(
            ", and the plan of Passo drives one of these; write learn.fit(...) in its place, or "
            "leave Passo out"
        )
    assert refused(Passo(LINE), tracker.ReduceLROnPlateau("valid_loss")) == (
        "ReduceLROnPlateau writes the lr, and so does Passo; leave it out and write "
        "Passo(base * Plateau('valid_loss')), or leave Passo out"
    )
    assert refused(Passo(LINE), Passo({"wd": 0.1})) == (
        "Passo was given to fastai twice; give both schedules in one plan: "
        'Passo({"lr": warmup_cosine(), "wd": Linear(0.1, 0)})'
    )


@promised("fastai", 6)
@both
def test_a_writer_of_other_fields_is_none(opt_func):
    moms = schedule.ParamScheduler({"mom": schedule.SchedLin(0.9, 0.8)})
    assert fitted(LINE, moms, opt_func=opt_func) == line(8)
    plan = {"momentum" if opt_func is not Adam else "mom": Linear(0.9, 0.8)}
    moms = schedule.ParamScheduler({"mom": schedule.SchedLin(0.9, 0.8)})
    assert "writes 'mom'" in refused(Passo(plan), moms, one=learner(opt_func=opt_func))


@promised("fastai", 6)
def test_the_finder_of_rates_goes_its_own_way(tmp_path):
    one = learner(tmp_path)
    one.add_cb(Passo(LINE))
    told = said(lambda: one.lr_find(show_plot=False, num_it=10, suggest_funcs=None))
    assert told == []
    assert len(set(one.recorder.lrs)) == len(one.recorder.lrs)  # they grow
    one.fit(2)
    assert one.recorder.lrs == line(8)


def test_what_cannot_be_is_refused():
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


# -- 7. a checkpoint without our state


@promised("fastai", 7)
@both
def test_a_start_epoch_without_a_state_is_refused_and_seek_goes_on(tmp_path, opt_func):
    one = learner(tmp_path, opt_func=opt_func)
    one.fit(2)
    one.save("bare")
    again = learner(tmp_path, opt_func=opt_func).load("bare")
    assert refused(Passo(LINE), one=again, start_epoch=1) == (
        "the checkpoint that fastai goes on from is at update 4 and has no state of passo, so that "
        "the plan would begin again; write Passo(plan, seek=4) to go on there, or seek=0 to begin "
        "the plan there on purpose"
    )
    assert fitted(Passo(LINE, seek=4), one=again, start_epoch=1) == line(8)[4:]


@promised("fastai", 7)
@both
def test_a_state_that_was_trained_on_without_it_is_none(opt_func):
    one = learner(opt_func=opt_func)
    fitted(LINE, one=one)
    one.fit(1)
    assert "at update 8 and has no state of passo" in refused_late(one)


def refused_late(one):
    with pytest.raises(PassoError) as caught:
        one.fit(3, start_epoch=2, cbs=Passo(LINE))
    return str(caught.value)


def test_what_is_no_state_is_refused():
    one = learner()
    fitted(LINE, one=one)
    one.opt.hypers[0]["passo_state"] = "[]"
    assert "this is not the state of Passo in a checkpoint" in refused_late(one)


# -- 9. the end


@promised("fastai", 9)
def test_a_run_that_was_stopped_is_told_with_the_reason():
    stopper = tracker.EarlyStoppingCallback("far", patience=1, comp=np.less)
    one = learner(metrics=metric(*[1.0] * 9))
    (text,) = said(lambda: fitted(LINE, stopper, one=one, epochs=9))
    assert text.startswith(
        "the run ended early (EarlyStoppingCallback on 'far'): planned 36 updates, made 8; "
    )
    (text,) = said(lambda: fitted(LINE, Stops(5)))
    assert text.startswith(
        "the run ended early (a callback cancelled the fit): planned 8 updates, made 5; "
    )
    one = learner(data=Torchs(TensorDataset(torch.full((8, 3), torch.nan), torch.ones(8, 1)), 2))
    (text,) = said(lambda: fitted(LINE, tracker.TerminateOnNaNCallback(), one=one))
    assert text.startswith(
        "the run ended early (TerminateOnNaNCallback): planned 8 updates, made 1; "
    )


@promised("fastai", 9)
def test_a_run_that_fails_is_told_of_nothing_and_the_next_begins_anew():
    one, passo = learner(), Passo(LINE)
    one.add_cb(passo)

    def story():
        with pytest.raises(RuntimeError):
            one.fit(2, cbs=Stops(3, RuntimeError("no more")))

    assert said(story) == []
    assert said(lambda: one.fit(2)) == []
    assert one.recorder.lrs == line(8)
    stops = Stops(3, RuntimeError("no more"))
    assert after_an_exception(lambda: learner().fit(2, cbs=[Passo(LINE), stops])) == []


def test_a_metric_that_never_came_is_told_at_the_end_in_the_words_of_fastai():
    plan = base * Plateau("valid_loss")
    text = said(lambda: fitted(plan, NoValidation(), epochs=2))
    assert text == [
        (
            "Plateau('valid_loss') got no metric in 8 updates; it can only reduce the rate when it "
            "is told how training goes; write: Learner(..., metrics=...) with a metric that is "
            "called 'valid_loss'"
        )
    ]


def test_who_stopped_a_fit_is_no_one_else_and_no_fit_of_before():
    patient = tracker.EarlyStoppingCallback("far", patience=9, comp=np.less)
    beside = [patient, tracker.TerminateOnNaNCallback(), Stops(5)]
    one = learner(metrics=metric(*[1.0] * 9))
    (text,) = said(lambda: fitted(LINE, *beside, one=one))
    assert text.startswith("the run ended early (a callback cancelled the fit): planned 8")
    passo = Passo(LINE, Run(steps(20)))
    (text,) = said(lambda: fitted(passo, Stops(3), one=learner()))
    assert text.startswith("the run ended early (a callback cancelled the fit): planned 20")
    (text,) = said(lambda: fitted(passo, one=learner()))
    assert text.startswith("the run ended early: planned 20 updates, made 8; ")


def test_the_bases_are_back_after_a_fit():
    one = learner(wd=0.3)
    said(lambda: fitted({"wd": base * Linear(1.0, 0.0), "lr": LINE}, one=one))
    assert (one.opt.hypers[0]["wd"], one.opt.hypers[0]["lr"]) == (0.3, 0.1)


def test_a_fit_that_is_cut_off_in_mid_epoch_keeps_all_that_it_made():
    one = learner()
    said(lambda: fitted(LINE, Stops(6), one=one))
    state = json.loads(one.opt.hypers[0]["passo_state"])["state"]["schedulers"][0]
    assert state["clock"] == 6
    other = learner()
    fitted(Passo(LINE, carry=False), one=other)
    assert "passo_state" not in other.opt.hypers[0]


class CutsShort(Callback):
    """Ends the training of each epoch after three batches."""

    order = 90

    def after_batch(self):
        if self.training and self.iter == 2:
            raise CancelTrainException


@promised("fastai", 3)
def test_an_epoch_that_was_cut_short_reports_what_it_validated_and_no_loss_of_training():
    for name, falls in (("valid_loss", 2), ("train_loss", 0)):
        plan = base * Plateau(name, patience=0, factor=0.5, threshold=1e9, threshold_mode="abs")
        stories = []
        passo = Passo(plan)
        said(lambda passo=passo: stories.append(fitted(passo, CutsShort(), epochs=4)))  # noqa: B023
        expected = [0.1] * 6 + [0.05] * 3 + [0.025] * 3 if falls else [0.1] * 12
        assert stories == [expected]


@promised("fastai", 2)
def test_epochs_of_unlike_lengths_are_no_unit():
    plan = base * Linear(0.0, 1.0, epochs(1)).then(Linear(1.0, 0.0))
    with pytest.raises(
        PassoError, match=r"as Passo\(plan, run=Run\(...\)\): of its run fastai tells"
    ):
        learner().fit(3, cbs=[GradientAccumulation(6), Passo(plan)])


@promised("fastai", 6)
def test_a_writer_of_what_torch_calls_otherwise_is_refused():
    rms = partial(OptimWrapper, opt=torch.optim.RMSprop)
    for key, opt_func in (("betas[1]", OWN["torch's"]), ("alpha", rms)):
        other = schedule.ParamScheduler({"sqr_mom": schedule.SchedLin(0.9, 0.8)})
        one = learner(opt_func=opt_func)
        assert "writes 'sqr_mom'" in refused(Passo({key: Linear(0.9, 0.8)}), other, one=one)


def test_without_a_recorder_a_plateau_hears_nothing_and_that_is_told():
    one = learner()
    one.remove_cb(Recorder)
    (text,) = said(lambda: fitted(base * Plateau("valid_loss"), one=one, epochs=1))
    assert "and fastai logs nothing: it never falls" in text


def test_what_is_no_callback_is_told_to_be_one():
    made = attach(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]), base)
    for given, got in ((base, "base"), (made, "a Scheduler")):
        with pytest.raises(PassoError) as caught:
            learner().fit(2, cbs=given)
        assert str(caught.value) == (
            f"fastai wants a callback, got {got}; write cbs=Passo(plan), with Passo from "
            "passo.integrations.fastai"
        )


def test_an_optimizer_of_fastai_without_the_callback_is_refused_since_its_groups_are_copies():
    one = learner()
    one.create_opt()
    for clock in ("hook", "calls"):
        with pytest.raises(PassoError) as caught:
            attach(one.opt, LINE, Run(steps(8)), clock=clock)
        assert str(caught.value) == (
            "Optimizer makes its param groups anew at each look, so that nothing which is written "
            "there reaches it: lr of group 0 stays 0.1; write learn.fit(..., cbs=Passo(plan)), "
            "with Passo from passo.integrations.fastai"
        )
    assert fitted(LINE, one=one) == line(8)
