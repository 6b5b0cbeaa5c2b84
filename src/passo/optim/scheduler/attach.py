"""`attach`: a plan and an optimizer become a Scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from passo.ground.calls import called_like
from passo.ground.here import place
from passo.optim.ground import wrappers
from passo.optim.ground.advice import no_optimizer, shown
from passo.optim.ground.attached import writers
from passo.optim.ground.caller import caller
from passo.optim.ground.copies import refuse_copies
from passo.optim.ground.fields import check_range
from passo.optim.ground.foreign import lives, refuse_scheduler
from passo.optim.ground.together import are_several, named
from passo.optim.scheduler import carry as carrying
from passo.optim.scheduler.driver import driving
from passo.optim.scheduler.horizon import points, reached, warn_of_branches
from passo.optim.scheduler.layer_decay import remark
from passo.optim.scheduler.no_optimizer import NoOptimizer
from passo.optim.scheduler.plan import as_plan
from passo.optim.scheduler.resting import native_of
from passo.optim.scheduler.scheduler import Scheduler
from passo.optim.scheduler.settings import Settings, as_bases, as_values, bases_of, end_of
from passo.optim.scheduler.several import JointScheduler
from passo.schedules import PassoError
from passo.schedules.analysis import is_far

if TYPE_CHECKING:
    import os

    from torch.optim import Optimizer

    from passo.optim.ground.attached import HasGroups
    from passo.optim.ground.together import Optimizers
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.plan import Plan
    from passo.optim.scheduler.settings import Base, CountedBy, Join, LastLr, OnChange, Watched
    from passo.schedules import Run, Schedule

_ENDLESS: Final = 100_000.0


@runtime_checkable
class Watcher(Protocol):
    """What looks at a run while it goes on, such as `passo.doctor.live()`."""

    def begin(self, scheduler: Scheduler, /) -> object:
        """Look at this Scheduler's optimizer from now on."""


@called_like("attach(optimizer, warmup_cosine(), Run.of(len(loader), epochs=90))")
def attach(  # noqa: PLR0913  (the parameters are the contract)
    optimizer: Optimizer | HasGroups | Optimizers | None,
    plan: Plan | None = None,
    run: Run | None = None,
    *,
    base: Base | None = None,
    values: Mapping[str, Schedule | float] | None = None,
    on_change: OnChange = "error",
    clock: CountedBy = "hook",
    join: Join = "from_start",
    strict: bool = False,
    record: str | os.PathLike[str] | None = None,
    watch: Watched | Watcher | None = None,
    carry: bool = True,
    last_lr: LastLr = "next",
    over: Any = None,
) -> Scheduler:
    """Let `plan` drive the optimizer from here on; there is nothing else to call.

    Update t, counted from 0 by the optimizer's own step hook, uses s(t). Several optimizers,
    `[muon, adamw]` or `{"muon": muon, "adamw": adamw}`, are under one plan: each is counted by
    itself, and the clock is the most advanced one's.

    `plan` is a schedule (then it is the lr) or a mapping from fields to schedules: "lr",
    "weight_decay", "momentum" (SGD's, or betas[0]), "betas[1]", any number in the param groups;
    a value may be `by_group({...})` or a list of (predicate, schedule). `run` measures epochs,
    percent and rest. `base` is what a relative schedule is relative to (a number for the lr, or
    a mapping; a list has one for each group); without it, what the group holds now. `values`
    schedules numbers that no group holds, read as `scheduler["batch_size"]`: with `{}` for a plan
    the optimizer is their clock and nothing more, and with None for an optimizer
    `scheduler.step()` is. `on_change` says
    what a checkpoint with another plan means when it is loaded: "error", "keep", "replace",
    "rescale". `clock="calls"` counts `scheduler.step()` instead of updates. A group that is added
    later joins by the same rule, `join` "from_start" of the clock or from "now". `strict` raises
    what is only warned of else, above all before an update past the end of the run. `record` is
    the path of a trace to write, or to go on with after a resume. `watch="ranks"` warns where
    processes drift apart, `watch=passo.doctor.live()` of what the doctor finds while the run goes
    on. `carry` lets the state ride in `optimizer.state_dict()`, and goes on from one that came so.
    For trainers: with `last_lr="used"` `get_last_lr()` answers what the last update used, as a log
    between the optimizer's step and the scheduler's wants it; `over` is the scheduler that the
    trainer made, which rests until `detach()`: its `step` does nothing, its `get_last_lr()` is
    this one's, and what it took as `initial_lr` is the base.

    Raises NeedsRun and PassoError before anything is changed.

    >>> import torch
    >>> from passo import Run, percent, steps, warmup_cosine
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=1.0)
    >>> scheduler = attach(optimizer, warmup_cosine(warmup=percent(50)), Run(steps(4)))
    >>> for _ in range(4):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     weight.grad = torch.zeros(1)
    ...     optimizer.step()
    0.0 0.5 1.0 0.5
    """
    scheduled = as_values(values)
    if optimizer is None:
        _refuse_fields(plan, scheduled)
    several, writes = are_several(optimizer), not isinstance(plan, Mapping) or bool(plan)
    if several:
        targets = named(optimizer, "attach", lambda one: _target(one, clock, writes=writes))
    else:
        alone = NoOptimizer() if optimizer is None else _target(optimizer, clock, writes=writes)
        targets = {"": alone}
    groups = [group for each in targets.values() for group in each.param_groups]
    entries = as_plan(plan, may_be_empty=bool(scheduled))
    settings = Settings(
        run,
        as_bases(base, entries, groups),
        scheduled,
        on_change,
        "calls" if optimizer is None else clock,
        join,
        strict,
        None if isinstance(watch, Watcher) else watch,
        carry,
        last_lr,
        None if over is None else _native(over, targets),
    )
    _refuse_values_that_are_fields(settings.values, entries, groups)
    members: dict[str, Scheduler] = {}
    try:
        _gather(members, targets, entries, settings)
        _check(members, targets)
        scheduler = JointScheduler(members) if several else members[""]
        scheduler.start(record, watch.begin if isinstance(watch, Watcher) else None)
    except BaseException:
        for each in members.values():
            driving.discard(each.driver)
        raise
    return scheduler


def _gather(
    members: dict[str, Scheduler],
    targets: Mapping[str, Any],
    plan: Mapping[str, Any],
    settings: Settings,
) -> None:
    """A Scheduler for each optimizer; a Tensor that several hold is filled by the first alone."""
    begin = 0
    for name, target in targets.items():
        end = begin + len(target.param_groups)
        own = replace(settings, part=name, bases=bases_of(settings.bases, begin, end))
        members[name] = Scheduler(target, plan, own)
        driving.add(members[name].driver)
        begin = end


def _target(optimizer: Any, clock: str, *, writes: bool) -> Any:
    """What a Scheduler hangs on, and perhaps writes to."""
    refuse_scheduler(optimizer, "attach")
    inner = wrappers.the_one(optimizer, "attach")
    if inner is not None:
        if clock != "calls":
            _refuse_pieces(inner)
        return inner
    if not hasattr(optimizer, "param_groups"):
        advice = no_optimizer(optimizer, "attach")
        msg = f"attach needs a torch optimizer, got {shown(optimizer)}{advice}"
        raise PassoError(msg)
    if writes:
        refuse_copies(optimizer)
    if clock != "calls":
        msg = (
            f"{type(optimizer).__name__} has no step hook, so its updates cannot be counted; write "
            f'attach(..., clock="calls"){caller().instead} and call scheduler.step() after each '
            "update"
        )
        raise PassoError(msg)
    return optimizer


def _refuse_pieces(optimizer: Any) -> None:
    """Refuse to count the steps of what is handed its parameters one piece after another."""
    groups = optimizer.param_groups
    if groups and not any(group.get("params") for group in groups):
        msg = (
            f"no param group of {type(optimizer).__name__} holds a parameter: ZeRO-3 of DeepSpeed "
            "hands them over piece by piece, and steps for each, so that updates cannot be "
            f'counted; write attach(..., clock="calls"){caller().instead}, where '
            "scheduler.step() is called after each update"
        )
        raise PassoError(msg)


def _native(over: Any, targets: Mapping[str, Any]) -> Any:
    """What is put to rest; raises PassoError where it cannot be."""
    if len(targets) > 1:
        msg = (
            "over is a scheduler of one optimizer, and here are several under one plan; write "
            "attach(optimizer, plan, over=its_scheduler) for each"
        )
        raise PassoError(msg)
    return native_of(over, *targets.values())


def _refuse_fields(plan: Plan | None, values: Mapping[str, Schedule]) -> None:
    """Without an optimizer there is nothing but values."""
    if plan or not values:
        msg = (
            "attach needs a torch optimizer, got None; for numbers that no optimizer holds write "
            'attach(None, values={"ema": Linear(0.99, 0.999)}, run=run)'
        )
        raise PassoError(msg)


def _check(members: Mapping[str, Scheduler], targets: Mapping[str, Any]) -> None:
    """Refuse, or warn of, what cannot go well on these optimizers."""
    drivers = [each.driver for each in members.values()]
    for name, scheduler in members.items():
        _refuse_second_writer(scheduler, targets[name].param_groups)
        scheduler.refuse_what_was_left(drivers)
    if all(each.settings.over is None for each in members.values()):
        _warn_of_torchs_writer(members, targets)
    run = next(iter(members.values())).run
    end = end_of(run)
    end = _ENDLESS if end is None else end
    peaks = {name: _check_ranges(each, end) for name, each in members.items()}
    fresh = [name for name in members if not carrying.comes_with(targets[name])]
    _warn_of_far_rates([each for name in fresh for each in peaks[name]])
    if len(fresh) == len(members) and all(map(_is_made_without_rate, targets.values())):
        _warn_of_no_rate([each for name in fresh for each in peaks[name]])
    warn_of_branches(drivers, end, run)
    any(remark(each, targets[name]) for name, each in members.items())


def _refuse_values_that_are_fields(
    values: Mapping[str, Schedule], plan: Mapping[str, Any], groups: Any
) -> None:
    """A name stands for a number of the groups, or for one that no group holds."""
    for name in values:
        if name in plan or any(name in group for group in groups):
            msg = (
                f"{name!r} in values= is a field of the param groups; write it into the plan, "
                f'{{{name!r}: ...}}, or give the value a name of its own such as "my_{name}"'
            )
            raise PassoError(msg)


def _refuse_second_writer(scheduler: Scheduler, groups: Any) -> None:
    taken, spot = writers(groups), scheduler.settings.spot
    for each in scheduler.driver.driven if taken else ():
        if each.field is not None and (each.place, each.field) in taken:
            msg = (
                f"{each.field.name} of param group {spot(each.place)} is driven by another "
                "Scheduler already; call its detach() first, or give both schedules in one plan"
            )
            raise PassoError(msg)


def _warn_of_torchs_writer(members: Mapping[str, Scheduler], targets: Mapping[str, Any]) -> None:
    """A scheduler of torch that was built on an optimizer writes its rate too, when stepped."""
    if any(
        hasattr(getattr(targets[name], "step", None), "_wrapped_by_lr_sched")
        and any(each.key == "lr" for each in scheduler.driver.driven)
        and lives(targets[name], Scheduler)
        for name, scheduler in members.items()
    ):
        text = (
            "a torch scheduler was built on this optimizer: if it is stepped, both write the lr; "
            "delete it, or leave the lr out of the plan"
        )
        place().warn(text)


def _check_ranges(scheduler: Scheduler, end: float) -> list[tuple[float, Driven, str]]:
    """Refuse what a field cannot hold; the largest value of each that one can, and where it is."""
    peaks = []
    for shared in scheduler.driver.shared:
        found = reached(shared.formula, points(shared.formula, end))
        first = shared.followers[0]
        if first.field is not None:
            spot = scheduler.settings.spot(first.place)
            check_range(first.field, first.key, min(found), max(found), f"param group {spot}")
            peaks.append((max(found), first, spot))
    return peaks


def _rates(peaks: list[tuple[float, Driven, str]]) -> list[tuple[float, Driven, str]]:
    return [each for each in peaks if each[1].field is not None and each[1].field.name == "lr"]


def _is_made_without_rate(optimizer: Any) -> bool:
    """Whether it was built with lr=0; one that was loaded may hold 0 until its plan is, too."""
    return getattr(optimizer, "defaults", {}).get("lr") == 0


def _warn_of_no_rate(peaks: list[tuple[float, Driven, str]]) -> None:
    """No group ever has a rate above 0: the optimizer was made for a loop that sets it.

    One group at 0 among others is kept there on purpose, and so is what a plan says in numbers.
    """
    rates = _rates(peaks)
    scaled = [each for each in rates if each[1].track.source.relative and each[1].base == 0.0]
    if scaled and all(peak == 0.0 for peak, _, _ in rates):
        text = (
            "the lr is 0 throughout: the plan is relative to the base, and the base of param "
            f"group {scaled[0][2]} is 0, as the optimizer holds it; write "
            f"{caller().option('base=0.1')} with the rate that is meant, or make the optimizer "
            "with it, lr=0.1"
        )
        place().warn(text)


def _warn_of_far_rates(peaks: list[tuple[float, Driven, str]]) -> None:
    """A rate far above the base, once: a length, or a factor, that was written as a rate."""
    rates = _rates(peaks)
    far = [each for each in rates if is_far(each[0], each[1].base)]
    if far:
        peak, one, spot = max(far, key=lambda each: each[0])
        beside = f", {peak / one.base:,.4g} times the base of {one.base:.4g}" if one.base else ""
        text = (
            f"the lr of param group {spot} goes up to {peak:.4g}{beside}: was a length meant, "
            f"over=steps({peak:.10g}), or a factor, base * ...? Where the rate is meant, write "
            f"{caller().option(f'base={peak:.4g}')}"
        )
        place().warn(text)
