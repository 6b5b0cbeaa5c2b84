"""transformers: one callback that puts a plan on the optimizer that the Trainer made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import torch
from transformers import TrainerCallback, get_scheduler
from transformers.trainer_callback import ExportableState
from transformers.trainer_pt_utils import LayerWiseDummyOptimizer
from transformers.trainer_utils import SchedulerType

from passo.integrations.attachment import Attachment, of_callback
from passo.integrations.transformers_checkpoint import (
    NAME,
    arguments,
    begin_with_todays,
    lacks_a_report,
    made_with,
    read,
    read_plan,
    rewrite,
    saved_in,
)
from passo.schedules import PassoError, Run, steps
from passo.schedules.text.parser import parse_run

if TYPE_CHECKING:
    from passo.optim import Scheduler
    from passo.optim.ground.caller import Caller

_OF_TIME: Final = ("_runtime", "_per_second", "_compilation_time", "_preparation_time")
_BY_METRIC: Final = (SchedulerType.REDUCE_ON_PLATEAU, SchedulerType.GREEDY)


class Passo(TrainerCallback, ExportableState):
    """A plan for the Trainer of transformers, on the optimizer that it makes.

        Trainer(..., callbacks=[Passo(warmup_cosine())])

    Update t of the Trainer uses s(t), where the base of the lr is `learning_rate` and the run is
    the Trainer's own count of updates, or `run`. The scheduler that it makes of its arguments
    rests, and its log has the rate that was used. What `evaluate` finds (`eval_loss`) is reported
    to plateaus, and the state is in trainer_state.json. `seek` is the update of the plan to go on
    at from a checkpoint that has no state of passo; `options` are those of `attach`. A plan may be
    a text, as a checkpoint keeps it.

    Raises PassoError for another scheduler beside the plan: when the Trainer is made where that
    can be seen, else when training begins.

    >>> from passo import warmup_cosine
    >>> Passo(warmup_cosine(peak=0.1)).state()["args"]["plan"]
    'Linear(0, 0.1, percent(5)).then(Cosine(0.1, 0))'
    """

    def __init__(
        self, plan: Any = None, run: Any = None, *, seek: int | None = None, **options: Any
    ) -> None:
        if "values" in options:
            options["values"] = read(options["values"])
        length = parse_run(run) if isinstance(run, str) else run
        self._waits = Attachment(_caller(), read_plan(plan), length, seek=seek, **options)
        self.saved: dict[str, Any] | None = None
        self._carry = options.get("carry")
        self._native: Any = None
        self._state: Any = None
        self._began = self._written = self._heard = 0
        self._lacks = False
        self._came: dict[str, None] = {}

    @property
    def scheduler(self) -> Scheduler | None:
        """The Scheduler while the Trainer trains, else None."""
        return next(iter(self._waits.schedulers), None)

    # -- what the Trainer calls

    def on_init_end(self, args: Any, state: Any, *_: Any, **kwargs: Any) -> None:
        """Refuse what would write the lr beside the plan, and say what is put to rest."""
        _refuse_twice(state)
        if self._writes_lr:
            if kwargs.get("lr_scheduler") is not None:
                raise PassoError(_given(kwargs["lr_scheduler"]))
            self._look_at(args)

    def on_train_begin(self, args: Any, state: Any, *_: Any, **kwargs: Any) -> None:
        """Attach, and go on where the checkpoint was."""
        self._waits.fail(restore=True)  # after an exception nobody says that training ended
        self._waits.forget()
        optimizer, native = kwargs["optimizer"], kwargs["lr_scheduler"]
        _refuse_twice(state)
        if self._writes_lr:
            self._look_at(args)
            _refuse_another(native, args, state, optimizer)
        self._native = native if self._writes_lr else None
        self._begin(args, state, optimizer, kwargs.get("train_dataloader"))
        self._state, self._began, self._came = state, state.global_step, {}
        self._written = self._heard = 0
        self._lacks = bool(self._waits.watches) and lacks_a_report(args, state)
        self._keep()
        self._tell_what_never_comes(args)
        if self._lacks and not args.eval_on_start:
            self._say(
                "lacks",
                f"the checkpoint at update {state.global_step:,} was written before the "
                "evaluation of that update, which the Trainer does not make again: the rates go on "
                "without its report; write TrainingArguments(..., eval_on_start=True)",
            )

    def _begin(self, args: Any, state: Any, optimizer: Any, loader: Any) -> None:
        waits, saved = self._waits, saved_in(state)
        if self._carry is None:
            waits.options["carry"] = saved is None
        if self._writes_lr:
            begin_with_todays(optimizer, saved)
        if saved is not None:
            waits.load_state_dict(saved["state"])
        run = _run(args, state, loader)
        left = state.max_steps - state.global_step
        waits.begin(optimizer, run, over=self._native, left=left)
        try:
            waits.go_on(state.global_step)
        except BaseException:
            waits.fail(restore=True)
            raise

    def on_step_begin(self, *_: Any, **_kwargs: Any) -> None:
        """The evaluations of one update are over: say what did not come."""
        self._tell_what_did_not_come()
        self._lacks = False

    def on_step_end(self, *_: Any, **_kwargs: Any) -> None:
        """What rests counts on, so that its checkpoint may be gone on with without passo."""
        scheduler = self.scheduler
        if scheduler is not None:
            scheduler.step()
            if self._native is not None:
                self._native.last_epoch = scheduler.clock

    def on_evaluate(self, *given: Any, **kwargs: Any) -> None:
        """Report what was evaluated, but before the first update."""
        args, state, _ = given
        if self.scheduler is not None and (state.global_step > self._began or self._lacks):
            told = {
                name: each for name, each in kwargs["metrics"].items() if _is_metric(name, each)
            }
            self._came.update(dict.fromkeys(told))
            self._waits.hear(told)
            self._heard = state.global_step
            self._keep()
            if self._written == state.global_step and args.should_save:
                rewrite(args, state, self.state())

    def on_save(self, *given: Any, **_kwargs: Any) -> None:
        """A checkpoint was written; an evaluation of this update may still come."""
        _, state, _ = given
        self._written = state.global_step

    def on_train_end(self, *given: Any, **_kwargs: Any) -> None:
        """Let go of the optimizer."""
        _, state, _ = given
        self._tell_what_did_not_come()
        because = None
        if state.global_step < state.max_steps:
            because = (
                f"the Trainer was stopped at update {state.global_step:,} of {state.max_steps:,}, "
                "by a callback or by its data"
            )
        self._waits.end(because, restore=True)

    # -- what is saved

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps in trainer_state.json."""
        saved, scheduler = None, self.scheduler
        if scheduler is not None:
            saved = {
                "update": self._state.global_step,
                "heard": self._heard == self._state.global_step,
                "lr": made_with(scheduler.optimizer),
                "state": self._waits.state_dict(),
            }
        return {"args": arguments(self._waits, self._carry), "attributes": {"saved": saved}}

    def _keep(self) -> None:
        """Into the state of the Trainer now: a search saves that as it is, without asking."""
        self._state.stateful_callbacks[NAME] = self.state()

    @property
    def _writes_lr(self) -> bool:
        return not isinstance(self._waits.plan, Mapping) or "lr" in self._waits.plan

    # -- what it says

    def _say(self, what: str, text: str) -> None:
        self._waits.say_once(what, text)
        self._waits.told_of([what])

    def _look_at(self, args: Any) -> None:
        """Refuse what cannot rest beside the plan; say once what was asked for and rests."""
        kind = SchedulerType(args.lr_scheduler_type)
        if getattr(args, "deepspeed_plugin", None) is not None:
            msg = (
                "Passo does not work under DeepSpeed, whose optimizer calls no hook; write "
                "Trainer(..., optimizers=(optimizer, LambdaLR(optimizer, plan.on(run)))) with a "
                "plan of factors, such as warmup_cosine(peak=1.0)"
            )
            raise PassoError(msg)
        if kind in _BY_METRIC:
            msg = (
                f'lr_scheduler_type="{kind.value}" writes the lr by itself, and so does the plan; '
                'leave it out of TrainingArguments, and write Passo(base * Plateau("eval_loss")) '
                "where the rate is to fall by a metric"
            )
            raise PassoError(msg)
        asked = {
            "lr_scheduler_type": kind.value if kind != SchedulerType.LINEAR else None,
            "warmup_steps": args.warmup_steps or None,
            "lr_scheduler_kwargs": args.lr_scheduler_kwargs or None,
        }
        given = ", ".join(f"{name}={value!r}" for name, value in asked.items() if value is not None)
        if given:
            text = (
                f"{given} of TrainingArguments {'is' if ',' not in given else 'are'} put to rest: "
                "the plan writes the lr; leave that out, or the lr out of the plan"
            )
            self._say("native", text)

    def _tell_what_never_comes(self, args: Any) -> None:
        """What a plateau waits for and no evaluation of the Trainer tells."""
        for metric in self._waits.watches:
            if metric.startswith("val"):
                name = _as_evaluated(metric)
                text = (
                    f"the plan waits for {metric!r}, and the Trainer calls what it evaluates "
                    f"eval_...; write Plateau({name!r})"
                )
                self._say(metric, text)
            elif metric.startswith("eval_") and str(args.eval_strategy.value) == "no":
                text = (
                    f"the plan waits for {metric!r}, and the Trainer evaluates nothing; write "
                    'TrainingArguments(..., eval_strategy="epoch")'
                )
                self._say(metric, text)

    def _tell_what_did_not_come(self) -> None:
        """After all evaluations at one update: what a plateau waits for and none of them told."""
        if self._came and self.scheduler is not None:
            for metric in self._waits.watches:
                if metric not in self._came and not self.scheduler.promises.heard(metric):
                    names = ", ".join(map(repr, self._came))
                    text = (
                        f"the plan waits for {metric!r}, and the evaluation at update "
                        f"{self.scheduler.clock:,} told {names}; give Plateau one of these names"
                    )
                    self._say(metric, text)
        self._came = {}


def _caller() -> Caller:
    return of_callback("the Trainer", _to_tell, scheduler="passo.scheduler")


def _to_tell(metric: str) -> str:
    if metric == "eval_loss":
        return 'write TrainingArguments(..., eval_strategy="epoch")'
    if metric.startswith("eval_"):
        return f"write compute_metrics that tells {metric.removeprefix('eval_')!r}"
    by_hand = f"passo.scheduler.report({{{metric!r}: ...}}) after each validation"
    return f"write Plateau({_as_evaluated(metric)!r}), as the Trainer calls it, or {by_hand}"


def _as_evaluated(metric: str) -> str:
    """What the Trainer calls a metric of validation."""
    return "eval_" + re.sub(r"^val(id(ation)?)?[_/.]?", "", metric)


def _is_metric(name: str, value: Any) -> bool:
    """Whether that is of the model: how long it took differs between ranks."""
    return isinstance(value, Real) and name != "epoch" and not name.endswith(_OF_TIME)


def _refuse_twice(state: Any) -> None:
    if isinstance(state.stateful_callbacks.get(NAME), list):
        msg = (
            "Passo was given to the Trainer twice; give both schedules in one plan: "
            'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
        )
        raise PassoError(msg)


def _run(args: Any, state: Any, loader: Any) -> Run:
    """The Trainer's own count of updates, and how many of them are an epoch where it knows."""
    window = args.gradient_accumulation_steps
    try:
        batches = len(loader)
    except TypeError:
        return Run(steps(state.max_steps))
    return Run(steps(state.max_steps), steps_per_epoch=max(-(-batches // window), 1))


def _given(scheduler: Any) -> str:
    return (
        f"the Trainer was given a scheduler, {type(scheduler).__name__}, which writes the lr, and "
        "so does the plan; write Trainer(..., optimizers=(optimizer, None)), or leave the lr out "
        "of the plan"
    )


def _refuse_another(native: Any, args: Any, state: Any, optimizer: Any) -> None:
    """Only what the Trainer makes of its arguments may be put to rest: nobody else asked for it."""
    if isinstance(getattr(optimizer, "optimizer", optimizer), LayerWiseDummyOptimizer):
        msg = (
            "the Trainer has an optimizer for each layer, which step in the backward pass, so that "
            'no update can be counted; write TrainingArguments(..., optim="adamw_torch")'
        )
        raise PassoError(msg)
    weight = torch.nn.Parameter(torch.zeros(1))
    own = get_scheduler(
        args.lr_scheduler_type,
        torch.optim.SGD([weight], lr=made_with(optimizer)),
        args.get_warmup_steps(state.max_steps),
        state.max_steps,
        args.lr_scheduler_kwargs,
    )
    if type(native) is not type(own) or _factors(native)[:1] != _factors(own)[:1]:
        raise PassoError(_given(native))


def _factors(native: Any) -> list[Any]:
    """What its factors are made of; a partial is equal to none but itself."""
    return [
        (each.func, each.args, each.keywords) if isinstance(each, partial) else each.__code__
        for each in native.lr_lambdas
    ]
