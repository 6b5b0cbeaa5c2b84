"""fastai: one callback, `learn.fit(5, cbs=Passo(plan))`."""
# ruff: noqa: E402 (fastai is asked for before anything of it is imported)

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from passo.ground.calls import built_like
from passo.ground.extras import need
from passo.ground.schema import MOST
from passo.integrations.attachment import Attachment, of_callback
from passo.optim.scheduler.own_count import count_in
from passo.schedules import PassoError, Run, steps

need("fastai", "fastai", "passo.integrations.fastai")

from fastai.callback.schedule import LRFinder, ParamScheduler
from fastai.callback.tracker import EarlyStoppingCallback, ReduceLROnPlateau, TerminateOnNaNCallback
from fastai.callback.training import GradientAccumulation, ShortEpochCallback
from fastai.learner import Callback, Learner, Recorder, SkipToEpoch
from fastai.optimizer import OptimWrapper

if TYPE_CHECKING:
    from passo.optim import Scheduler

__all__ = ["Passo"]

_KEY = "passo_state"  # a hyperparameter of the first group, which fastai saves with the others


@built_like("Passo(warmup_cosine())")
class Passo(Callback):
    """A plan at work in fastai: `learn.fit(5, cbs=Passo(warmup_cosine()))`, and no more.

    Update t of a fit uses s(t), and the recorder has in `lrs` what was used. The plan's fields are
    the optimizer's own: fastai's have "lr", "mom", "sqr_mom", "wd", one of torch in an
    `OptimWrapper` has torch's. The base of the lr is what `fit` was given, of each group its own
    (`lr=slice(1e-5, 1e-3)`). The run is fastai's own count of updates, `GradientAccumulation` too;
    `run` gives one where it knows none. Plateaus hear what the recorder has of each epoch
    (`valid_loss`, `train_loss`, the metrics), before `SaveModelCallback`. The state is saved with
    the optimizer, `learn.save(...)` or `SaveModelCallback(with_opt=True)`, and
    `learn.load(...).fit(5, start_epoch=2)` goes on; `seek` is the update to go on at from a file
    that has none. `options` are those of `attach`.

    Raises PassoError, before the first update, for a second writer of a field (`fit_one_cycle`
    and its sisters, `ParamScheduler`, `ReduceLROnPlateau`, another Passo), for `start_epoch`
    without a state of passo and for a field that the optimizer lacks; NeedsRun for a loader
    without a length. `lr_find` goes its own way.

    >>> import torch
    >>> from fastai.data.core import DataLoaders
    >>> from fastai.learner import Learner
    >>> from passo import Linear
    >>> data = torch.utils.data.TensorDataset(torch.ones(2, 1), torch.ones(2, 1))
    >>> loader = torch.utils.data.DataLoader(data)
    >>> learn = Learner(DataLoaders(loader, loader), torch.nn.Linear(1, 1), torch.nn.MSELoss())
    >>> learn = learn.remove_cbs([each for each in learn.cbs if each.name == "progress"])
    >>> with learn.no_logging():
    ...     learn.fit(2, cbs=Passo(Linear(1.0, 0.0)))
    >>> learn.recorder.lrs
    [1.0, 0.75, 0.5, 0.25]
    """

    order = Recorder.order + 5  # it has written what was used, and what the epoch found

    def __init__(
        self, plan: Any, run: Run | None = None, *, seek: int | None = None, **options: Any
    ) -> None:
        self._waits = Attachment(of_callback("fastai", _to_log), plan, run, seek=seek, **options)
        self._carries = bool(options.get("carry", True))
        self._stepped = self._skipped = self._cancelled = False
        self._epochs = _Epochs([], 0, 0)

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The Scheduler while a fit trains, in a tuple; else none."""
        return self._waits.schedulers

    # -- begin

    def before_fit(self) -> None:
        """Begin anew, and stand aside for a finder of rates."""
        if not self._is_asked:
            self._waits.fail(restore=True)  # after an exception nobody says that a fit ended
            self._stepped = self._skipped = self._cancelled = False
            if _first(self.learn, LRFinder) is not None:
                self.run = False  # fastai takes it back after the fit

    def before_train(self) -> None:
        """Attach before the first epoch that trains."""
        if not self.schedulers:
            self._begin(self.learn)

    def _begin(self, learn: Learner) -> None:
        waits, hypers = self._waits, Hypers(learn.opt)
        if sum(isinstance(each, Passo) for each in learn.cbs) > 1:
            msg = (
                "Passo was given to fastai twice; give both schedules in one plan: "
                'Passo({"lr": warmup_cosine(), "wd": Linear(0.1, 0)})'
            )
            raise PassoError(msg)
        text = hypers.param_groups[0].pop(_KEY, None)
        epochs, unknown = _epochs(learn)
        waits.forget()
        if epochs.before and text is not None:
            told = _read(text)
            if _own_count(learn.opt) <= told.updates:  # else it was trained on without us
                waits.load_state_dict(told.state)
                epochs = epochs.after(told.counted)
        self._epochs, run = epochs, None if unknown else epochs.run
        try:
            left = None if run is None else run.updates - epochs.before
            waits.begin(hypers, run, unknown=unknown, left=left, clock="calls", carry=False)
            self._refuse_writers(learn)
            waits.go_on(epochs.before)
        except BaseException:
            waits.fail(restore=True)
            if text is not None:
                hypers.param_groups[0][_KEY] = text  # for another try
            raise
        for each in waits.schedulers:
            each.promises.settle("older")  # a fit is a run of its own, whatever was trained before
        names = () if _first(learn, Recorder) is None else learn.recorder.metric_names
        waits.miss([name for name in names if name not in ("epoch", "time")], _to_log)

    def _refuse_writers(self, learn: Learner) -> None:
        """Nobody else may write what the plan writes."""
        fields = {each.key for one in self.schedulers for each in one.driver.driven}
        ours = {_TORCHS.get(each, each) if _is_torchs(learn.opt) else each for each in fields}
        for each in learn.cbs:
            if isinstance(each, ParamScheduler) and ours & set(each.scheds):
                names = ", ".join(map(repr, each.scheds))
                msg = (
                    f"ParamScheduler, which fit_one_cycle and its like bring, writes {names}, and "
                    "the plan of Passo drives one of these; write learn.fit(...) in its place, or "
                    "leave Passo out"
                )
                raise PassoError(msg)
            if isinstance(each, ReduceLROnPlateau) and "lr" in ours:
                msg = (
                    "ReduceLROnPlateau writes the lr, and so does Passo; leave it out and write "
                    f"Passo(base * Plateau({each.monitor!r})), or leave Passo out"
                )
                raise PassoError(msg)

    # -- what happens

    def after_cancel_step(self) -> None:
        """The optimizer was not stepped: a scaler skips so."""
        self._skipped = True

    def after_step(self) -> None:
        """An update was made; it is counted once the recorder has read what was used."""
        self._stepped, self._skipped = not self._skipped, False

    def after_batch(self) -> None:
        """What the next update uses."""
        self._advance()

    def after_train(self) -> None:
        """What another callback cut short, and so was not counted yet."""
        self._advance()

    def _advance(self) -> None:
        if self._stepped:
            self._stepped = False
            for each in self.schedulers:
                each.step()

    def after_epoch(self) -> None:
        """Plateaus hear what the recorder has of this epoch, and the state is kept for a file."""
        if self.schedulers and not self._is_asked:
            self._advance()
            if _first(self.learn, Recorder) is not None:
                self._waits.hear(_found(self.learn.recorder))
            self._epochs = self._epochs.reached(self.learn.epoch + 1)
            self._keep()

    def _keep(self) -> None:
        """Among the hyperparameters, which fastai saves and brings back."""
        if self._carries:
            counts = {"updates": _own_count(self.learn.opt), "counted": self._epochs.before}
            told = json.dumps({**counts, "state": self._waits.state_dict()})
            Hypers(self.learn.opt).param_groups[0][_KEY] = told

    @property
    def _is_asked(self) -> bool:
        """Whether this is a validation or a prediction, in which fastai calls the events too."""
        return bool(self.learn.lock.locked())

    # -- end

    def after_cancel_fit(self) -> None:
        """A callback ended the fit."""
        self._cancelled = True

    def after_fit(self) -> None:
        """Detach, with the reason of an early end."""
        if self.schedulers and not self._is_asked:
            self._advance()
            self._keep()
            self._waits.end(_reason(self.learn) if self._cancelled else None, restore=True)


class Hypers:
    """The live groups of a fastai optimizer, whose own `param_groups` are copies.

    A step of fastai's own calls no hook, and the recorder reads the rate after the step: so both
    kinds are counted by calls.
    """

    def __init__(self, opt: Any) -> None:
        # Not as an attribute: what holds an optimizer is taken for a wrapper of it.
        self._groups: Callable[[], Any] = lambda: (
            opt.opt.param_groups if _is_torchs(opt) else opt.hypers
        )

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """One dict for each group, as the optimizer holds it now."""
        return list(self._groups())


# What torch calls what fastai calls otherwise.
_TORCHS: Final = {
    "alpha": "sqr_mom",
    "betas[0]": "mom",
    "betas[1]": "sqr_mom",
    "momentum": "mom",
    "weight_decay": "wd",
}


def _is_torchs(opt: Any) -> bool:
    return isinstance(opt, OptimWrapper)


def _own_count(opt: Any) -> int:
    """How many updates the optimizer's own state says; 0 where it does not count."""
    state = opt.opt.state if _is_torchs(opt) else opt.state
    return count_in(state, ())


def _first(learn: Learner, kind: Any) -> Any:
    return next((each for each in learn.cbs if isinstance(each, kind)), None)


class _Told(NamedTuple):
    """What a file brought: the optimizer's own count, fastai's, and the state, looked at later."""

    updates: int
    counted: int | None
    state: Any


def _read(text: Any) -> _Told:
    try:
        told = json.loads(text)
    except (TypeError, ValueError):
        told = None
    if not isinstance(told, dict) or type(told.get("updates")) is not int:
        return _Told(MOST, None, text)
    counted = told.get("counted")
    known = type(counted) is int and 0 <= counted <= MOST
    return _Told(told["updates"], counted if known else None, told.get("state"))


def _to_log(name: str) -> str:
    return f"write Learner(..., metrics=...) with a metric that is called {name!r}"


class _Epochs(NamedTuple):
    """The updates of each epoch of a fit, which of them is next, and how many were made before."""

    made: list[int]
    next: int
    before: int

    @property
    def run(self) -> Run:
        """What was made, whatever the epochs were then, and what is to come."""
        per_epoch = self.made[0] if len(set(self.made)) == 1 else None
        total = self.before + sum(self.made[self.next :])
        return Run(steps(total), steps_per_epoch=per_epoch)

    def after(self, before: int | None) -> _Epochs:
        """The same after so many updates; a file of an older passo does not say how many."""
        return self if before is None else self._replace(before=before)

    def reached(self, epoch: int) -> _Epochs:
        """The same when all epochs before that one are over."""
        return _Epochs(self.made, epoch, self.before + sum(self.made[self.next : epoch]))


def _epochs(learn: Learner) -> tuple[_Epochs, str]:
    """Fastai's own count of updates, or why it has none; `start_epoch` skips the first epochs."""
    skip = _first(learn, SkipToEpoch)
    # fastai keeps `start_epoch` there alone
    skipped = 0 if skip is None else vars(skip)["_skip_to"]
    try:
        batches = len(learn.dls.train)
    except TypeError:
        return _Epochs([], 0, skipped), "fastai has a loader without a length"
    short, accumulates = _first(learn, ShortEpochCallback), _first(learn, GradientAccumulation)
    if short is not None:
        batches = min(math.ceil(short.pct * batches) + 1, batches)
    made = [batches] * learn.n_epoch
    if accumulates is not None:
        sizes = _sizes(learn.dls.train, batches)
        made = list(_accumulated(sizes, accumulates.n_acc, learn.n_epoch))
    unknown = "" if sum(made) else "fastai makes no update of its data"
    return _Epochs(made, skipped, sum(made[:skipped])), unknown


def _sizes(loader: Any, batches: int) -> list[int]:
    """How many samples each batch of an epoch has."""
    size = getattr(loader, "bs", None) or getattr(loader, "batch_size", None) or 1
    count = getattr(loader, "n", None) or len(loader.dataset)
    return [min(size, count - size * index) for index in range(batches)]


def _accumulated(sizes: list[int], needed: int, epochs: int) -> Iterator[int]:
    """The updates of each epoch: the samples are counted on from one into the next."""
    known: dict[int, tuple[int, int]] = {}
    count = 0
    for _ in range(epochs):
        if count not in known:
            made, left = 0, count
            for size in sizes:
                left += size
                if left >= needed:
                    made, left = made + 1, 0
            known[count] = made, left
        made, count = known[count]
        yield made


def _found(recorder: Recorder) -> dict[str, Real]:
    """What the last epoch found, by name; a part that was cancelled has nothing."""
    names = [name for name in recorder.metric_names if name not in ("epoch", "time")]
    validated = 1 + len(recorder.metrics) if recorder.valid_metrics else 0
    trained = len(names) - validated
    came = ([] if recorder.cancel_train else names[:trained]) + (
        [] if recorder.cancel_valid else names[trained:]
    )
    values = list(recorder.final_record)
    pairs = zip(came, values, strict=True) if len(came) == len(values) else ()
    return {name: value for name, value in pairs if isinstance(value, Real)}


def _reason(learn: Learner) -> str:
    """Who stopped the fit."""
    for each in learn.cbs:
        if isinstance(each, EarlyStoppingCallback) and each.wait >= each.patience:
            return f"EarlyStoppingCallback on {each.monitor!r}"
        if isinstance(each, TerminateOnNaNCallback) and not math.isfinite(float(learn.loss)):
            return "TerminateOnNaNCallback"
    return "a callback cancelled the fit"
