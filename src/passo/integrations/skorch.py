"""skorch: one callback, `NeuralNet(..., callbacks=[Passo(plan)])`."""
# ruff: noqa: E402 (skorch is asked for before anything of it is imported)

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer

from passo.ground.calls import built_like
from passo.ground.extras import need
from passo.ground.here import place
from passo.integrations.attachment import DEFAULTS, Attachment, of_callback
from passo.optim.scheduler.carry import clock_of
from passo.optim.scheduler.own_count import own_count
from passo.schedules import PassoError, Run, steps

need("skorch", "skorch", "passo.integrations.skorch")

from skorch import NeuralNet
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    LRScheduler,
    PassthroughScoring,
    TrainEndCheckpoint,
)

if TYPE_CHECKING:
    from passo.optim import Scheduler

__all__ = ["Passo"]

_WITHOUT = "Passo(..., carry=False, seek=...)"
_RATE = "event_lr"  # where skorch's own LRScheduler puts it


@built_like("Passo(warmup_cosine())")
class Passo(Callback):
    """A plan at work in skorch: `NeuralNet(..., callbacks=[Passo(warmup_cosine())])`, and no more.

    Update t uses s(t), counted by the optimizer itself, and `history` has under "event_lr" what
    each update used. The run is what skorch has made and will make: its batches times its
    `max_epochs`, and the epochs of the history before; `run` gives one where it knows none, or
    where a net makes its updates by itself. Plateaus hear what the history has of each epoch
    (`valid_loss`, `train_loss`, what `EpochScoring` calls it), before a `Checkpoint` behind this
    callback is written. The state rides in the optimizer's, which `Checkpoint` and `save_params`
    write, and in a pickled net; `seek` is the update to go on at from what has none. `plan` may be
    a list or a mapping of plans, one for each optimizer; `options` are those of `attach`.

    Raises PassoError, before the first update, for a second writer of the rate (`LRScheduler`,
    another Passo), for a checkpoint under way without a state of passo and for an order of
    callbacks in which a plateau would not hear in time; NeedsRun for a loader without a length.

    >>> import torch
    >>> from skorch import NeuralNetRegressor
    >>> from passo import Linear
    >>> plan = Linear(1.0, 0.0)
    >>> quiet = {"train_split": None, "verbose": 0, "batch_size": 1, "max_epochs": 2}
    >>> net = NeuralNetRegressor(torch.nn.Linear(1, 1), callbacks=[Passo(plan)], **quiet)
    >>> net = net.fit(torch.ones(2, 1), torch.ones(2, 1))
    >>> net.history[:, "batches", :, "event_lr"]
    [[1.0, 0.75], [0.5, 0.25]]
    """

    def __init__(
        self, plan: Any, run: Run | None = None, *, seek: int | None = None, **options: Any
    ) -> None:
        self.plan, self.run, self.seek = plan, run, seek
        for name, value in {**DEFAULTS, **options}.items():
            setattr(self, name, value)  # parameters, as sklearn gets and sets them
        self.waits_ = self._made()
        self._forget()

    def _made(self) -> Attachment:
        options = {name: value for name, value in vars(self).items() if name[-1] != "_"}
        return Attachment(of_callback("skorch", _to_score, without=_WITHOUT), **options)

    def _forget(self) -> None:
        self.begun_, self.epochs_, self.clock_, self.from_ = False, 0, 0, 0
        self.saved_ = self.lacks_ = 0
        for hook in getattr(self, "hooks_", ()):
            hook.remove()
        self.hooks_: list[Any] = []

    def __getstate__(self) -> dict[str, Any]:
        """As it waits for a net: a pickled one brings the state, and no hook."""
        self._is_saved()
        return {**super().__getstate__(), "hooks_": []}

    def _is_saved(self, *_: Any) -> None:
        """A state of now is taken, before its epoch is heard of or with what it found."""
        if self.schedulers:
            self.saved_, self.lacks_ = self._clock(), 0

    def initialize(self) -> Passo:
        """Made anew, as skorch does before a fit and where it is given other callbacks."""
        if self.begun_:
            self.waits_.break_off()
        made = self._made()
        made.load_state_dict(self.waits_.state_dict())  # of a net that was read from a file
        self.waits_ = made
        self._forget()
        return self

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The Schedulers, from the first epoch on: one, or one for each of several plans."""
        return self.waits_.schedulers

    # -- begin

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **_: Any) -> None:  # noqa: N803
        """Refuse a second writer before anything is trained."""
        if self.begun_:
            self.waits_.break_off()
        self.waits_.be_like(self._made())  # a parameter may have been set since
        self._forget()
        callbacks = [each for _, each in net.callbacks_]
        for each in callbacks:
            if isinstance(each, LRScheduler):
                msg = (
                    "LRScheduler writes the learning rate, and so does Passo; leave LRScheduler "
                    "out and put what it does to the rate into the plan, or leave Passo out"
                )
                raise PassoError(msg)
        if sum(isinstance(each, Passo) for each in callbacks) > 1:
            msg = (
                "Passo was given to skorch twice; give both schedules in one plan: "
                'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
            )
            raise PassoError(msg)

    def on_epoch_begin(
        self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **_: Any
    ) -> None:
        """Attach before the first epoch: the data are known now, and all states are loaded."""
        self._tell_what_lacks()
        if not self.begun_:
            self._begin(net, dataset_train, dataset_valid is not None)
            self.begun_ = True

    def _begin(self, net: NeuralNet, data: Any, validates: bool) -> None:  # noqa: FBT001
        waits, optimizers = self.waits_, _optimizers(net)
        held = waits.state_dict()
        per_epoch, unknown = _per_epoch(net, data)
        before = _made_before(net, optimizers)
        run = left = None
        if per_epoch is not None:
            left = per_epoch * net.max_epochs
            run = Run(steps(before + left), steps_per_epoch=per_epoch)
        bases = {} if waits.seek is None else _bases(net, self.plan, optimizers, waits.options)
        try:
            waits.begin(optimizers, run, unknown=unknown, beside=True, left=left, **bases)
            if all(each.clock for each in waits.schedulers):
                waits.forget()  # what was loaded last rides in the optimizer's own state
            waits.go_on(before)
            self._refuse_order(net)
            if _is_all_of_skorch(net):
                self._miss(_scored(net, validates=validates), validates=validates)
        except BaseException:
            waits.fail(restore=True)
            waits.forget()
            waits.load_state_dict(held)  # for another try
            raise
        self.clock_ = self.from_ = self._clock()
        for each in (one for scheduler in waits.schedulers for one in scheduler.optimizers):
            self.hooks_.append(each.register_state_dict_post_hook(self._is_saved))

    def _refuse_order(self, net: NeuralNet) -> None:
        """A plateau hears at the end of an epoch what was scored before, and is saved after."""
        watches, heard = self.waits_.watches, False
        for _, each in net.callbacks_:
            if each is self:
                heard = True
            elif watches and not heard and _saves(each):
                name = type(each).__name__
                msg = (
                    f"{name} saves before Passo hears of the epoch, so that its checkpoint lacks "
                    f"the last report; write callbacks=[Passo(plan), {name}()]"
                )
                raise PassoError(msg)
            elif heard and _score_of(each) in watches:
                scored = _score_of(each)
                msg = (
                    f"{scored!r} is scored after Passo has heard of the epoch; write callbacks="
                    f"[{type(each).__name__}(..., name={scored!r}), Passo(plan)]"
                )
                raise PassoError(msg)

    def _clock(self) -> int:
        return max(each.clock for each in self.waits_.schedulers)

    # -- what happens

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: Any = None, **_: Any
    ) -> None:
        """Into the history what an update used."""
        if training and self.schedulers:
            clock = self._clock()
            rate = self._used() if clock != self.clock_ else None
            self.clock_ = clock
            if rate is not None:
                net.history.record_batch(_RATE, rate)
                net.history.record(_RATE, rate)  # of the epoch so far, for who saves at its end

    def on_epoch_end(
        self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **_: Any
    ) -> None:
        """Plateaus hear what the history has of this epoch."""
        if not self.schedulers:
            return
        self.epochs_ += 1
        came = {name: value for name, value in net.history[-1].items() if _is_score(name, value)}
        self._miss(came, validates=dataset_valid is not None)
        if self.saved_ == self._clock() and not set(self.waits_.watches).isdisjoint(came):
            self.lacks_ = self.saved_
        self.waits_.hear(came)
        if self.epochs_ == 1 and self.run is None:
            self._compare(net)

    def _used(self) -> float | None:
        """The rate of the first group that one of the plans drives."""
        for each in self.schedulers:
            used = each.last_used()
            if used is not None and "lr" in used:
                return float(used["lr"][0])
        return None

    def _miss(self, came: Any, *, validates: bool) -> None:
        def how(name: str) -> str:
            if name == "valid_loss" and not validates:
                return "write NeuralNet(..., train_split=ValidSplit(5))"
            return _to_score(name)

        self.waits_.miss(came, how)

    def _compare(self, net: NeuralNet) -> None:
        """Say once where an epoch has other updates than batches, which skorch cannot know."""
        batches, made = net.history[-1].get("train_batch_count", 0), self._clock() - self.from_
        planned = self.schedulers[0].run
        each = int((planned and planned.steps_per_epoch) or 0)
        if each and made and (2 * made <= each or made > each):
            place().warn(
                f"the first epoch made {made:,} updates of {batches:,} batches, and the plan "
                f"counts {each:,} updates an epoch; write Passo(plan, run=Run("
                f"steps({made * net.max_epochs}), steps_per_epoch={made}))"
            )

    def _tell_what_lacks(self) -> None:
        """Once: something saved before the epoch was heard of, and nothing after it."""
        if self.lacks_:
            update, self.lacks_ = self.lacks_, 0
            self.waits_.say_once(
                "lacks",
                f"what was saved at update {update:,} was saved before Passo heard of its epoch: "
                "who goes on from it goes on without that report, at other rates; write "
                "callbacks=[Passo(plan), saver] with the callback that saves",
            )

    # -- end

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **_: Any) -> None:  # noqa: N803
        """Say what was not as planned, and stay for what is saved after the end."""
        if self.waits_.may_go_on:
            self._tell_what_lacks()
        because = _reason(net) if self.epochs_ < net.max_epochs else None
        asked = because is None and self.run is not None
        self.waits_.rest(because, is_over=not (asked and self._is_short()))
        self.begun_ = False

    def _is_short(self) -> bool:
        """Whether the run that was given is longer than one call of `partial_fit`."""
        return any(
            each.run is not None and each.clock < each.run.updates for each in self.schedulers
        )


def _optimizers(net: NeuralNet) -> Any:
    """The net's optimizers by the names that skorch knows them by."""
    held = {name.removesuffix("_"): it for name, it in vars(net).items() if _is_optimizer(it)}
    return next(iter(held.values())) if len(held) == 1 else held


def _bases(net: NeuralNet, plan: Any, optimizer: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The rates that the net gives a new optimizer: one that was loaded has what it had reached."""
    if options["base"] is not None or isinstance(optimizer, Mapping):
        return {}
    if isinstance(plan, (list, tuple)) or (isinstance(plan, Mapping) and "lr" not in plan):
        return {}
    given, named = net.get_params_for_optimizer("optimizer", net.get_all_learnable_params())
    rates = [group["lr"] for group in net.optimizer(*given, **named).param_groups]
    return {"base": rates} if len(rates) == len(optimizer.param_groups) else {}


def _is_optimizer(thing: Any) -> bool:
    return isinstance(thing, Optimizer)


def _window(net: NeuralNet) -> int:
    """How many batches one update takes, where accelerate accumulates."""
    return int(getattr(getattr(net, "accelerator", None), "gradient_accumulation_steps", 1))


def _per_epoch(net: NeuralNet, data: Any) -> tuple[int | None, str]:
    """How many updates an epoch has, or why that is not known."""
    try:
        batches = len(net.get_iterator(data, training=True))
    except TypeError:
        return None, "skorch has a loader without a length"
    if not batches * net.max_epochs:
        return None, "skorch has no batches to train on"
    return -(-batches // _window(net)), ""


def _made_before(net: NeuralNet, optimizers: Any) -> int:
    """How many updates there were before, by the history or else by the optimizer itself."""
    window, rows = _window(net), net.history[:-1]
    made = sum(-(-_trained(row) // window) for row in rows)
    if made:
        return made
    held = list(optimizers.values()) if isinstance(optimizers, Mapping) else [optimizers]
    return max(max(clock_of(each), own_count(each)) for each in held)


def _trained(row: Mapping[str, Any]) -> int:
    """How many batches an epoch of the history trained on; an interrupted one has no count."""
    return int(row.get("train_batch_count", sum("train_loss" in each for each in row["batches"])))


def _is_all_of_skorch(net: NeuralNet) -> bool:
    """Whether nobody but skorch writes into the history, so that its names are known."""
    kinds = [type(net), *(type(each) for _, each in net.callbacks_)]
    return all(kind is Passo or kind.__module__.startswith("skorch.") for kind in kinds)


def _score_of(callback: Any) -> str:
    """The name that a callback scores under; "" where it does not."""
    if isinstance(callback, (EpochScoring, BatchScoring)):
        return str(callback.name_)
    return str(callback.name) if isinstance(callback, PassthroughScoring) else ""


def _scored(net: NeuralNet, *, validates: bool) -> set[str]:
    callbacks = [each for _, each in net.callbacks_ if _score_of(each)]
    return {_score_of(each) for each in callbacks if each.on_train or validates}


def _is_score(name: str, value: Any) -> bool:
    times = name in ("dur", "epoch") or name.endswith(("_batch_count", "_best")) or name == _RATE
    return isinstance(value, Real) and not isinstance(value, bool) and not times


def _to_score(name: str) -> str:
    return f"write callbacks=[EpochScoring(..., name={name!r}), Passo(plan)]"


def _saves(callback: Any) -> bool:
    """Whether it saves at the end of an epoch."""
    return isinstance(callback, Checkpoint) and not isinstance(callback, TrainEndCheckpoint)


def _reason(net: NeuralNet) -> str:
    """Who stopped the training."""
    for _, each in net.callbacks_:
        if isinstance(each, EarlyStopping) and each.misses_ == each.patience:
            return f"EarlyStopping on {each.monitor!r}"
    return "a KeyboardInterrupt"
