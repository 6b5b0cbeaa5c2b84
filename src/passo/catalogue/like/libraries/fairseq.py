"""fairseq: the registered names of fairseq.optim.lr_scheduler; the clock is num_updates."""

from __future__ import annotations

import ast
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from passo.catalogue.like.common import (
    above_zero,
    at_least,
    count,
    counted,
    left,
    length,
    rise,
    within,
)
from passo.catalogue.like.plateau import falling
from passo.catalogue.like.registry import Either, Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, exact, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Geometric,
    InversePower,
    Linear,
    Polynomial,
    Schedule,
    Table,
    base,
    epochs,
    steps,
    torchs,
)
from passo.schedules.algebra.atoms import Value

FAIRSEQ: Final = Library(
    "fairseq",
    {"optimizer": ..., "cfg": ..., "args": ...},
    absent={"pass_through": "it asks the optimizer, and has no schedule of its own"},
)
_MOST_KEYS: Final = 10**5
_LR: Final = "lr is written over what the groups have; without it this is a schedule of base."
_INIT: Final = "warmup_init_lr below 0, which is the default, stands for {}."
_CYCLES: Final = (
    "Where t_mult is not 1 theirs finds the cycle by a logarithm that is rounded, and is a cycle "
    "behind at some restarts. This is in the right one."
)


@called_like('like.fairseq("inverse_sqrt", warmup_updates=4000)')
def fairseq(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of fairseq, by its registered name: `--lr-scheduler NAME`.

        the rate of update num_updates as an expression

    Lengths are in updates; `lr` is the peak, `base` where it is not given. `past` "hold" holds
    where theirs begins a new period after max_update. Raises PassoError for a name or a value
    without meaning, WrongCall for arguments that the schedule does not take. Source:
    fairseq.optim.lr_scheduler, 0.12.

    >>> fairseq("inverse_sqrt", warmup_updates=4000, lr=5e-4)
    Linear(0, 0.0005, steps(4000)).then(InversePower(0.0005, steps(4000)))
    """
    made: Schedule = FAIRSEQ.answer(name, arguments, past)
    return made


@FAIRSEQ.schedule(
    "cosine",
    example={"warmup_updates": 100, "max_update": 1000},
    remarks=(
        (
            "After each period it begins again, at lr_shrink of the last peak and of the last "
            "floor; lr_shrink is 0.1 unless given."
        ),
        _INIT.format("min_lr"),
        _CYCLES,
        _LR,
    ),
)
def _cosine(  # noqa: PLR0917
    warmup_updates: Any = 0,
    warmup_init_lr: Any = -1,
    lr: Any = None,
    min_lr: Any = 0.0,
    t_mult: Any = 1.0,
    lr_period_updates: Any = -1,
    lr_shrink: Any = 0.1,
    max_update: Any = None,
) -> Either:
    warmup, low = count(warmup_updates, "warmup_updates"), at_least(min_lr, "min_lr")
    peak, grow = _peak(lr), exact(t_mult, "t_mult")
    if grow < 1:
        msg = f"t_mult must be at least 1, got {brief(t_mult)}"
        raise PassoError(msg)
    period = exact(lr_period_updates, "lr_period_updates")
    end = None if max_update is None else count(max_update, "max_update", least=1)
    if period <= 0:
        if end is None:
            raise PassoError("one of lr_period_updates and max_update is needed")
        period = left(end, warmup, "max_update", "warmup_updates")
        if period == 0:
            raise PassoError("max_update must be above warmup_updates, they are equal")
    up = rise(warmup, _start(warmup_init_lr, low), peak)
    curve = Cosine(peak, low, steps(period))
    theirs = up.then(curve.repeat(grow=grow, scale=real(lr_shrink, "lr_shrink")))
    if end is None:
        return Either(theirs, theirs)
    return Either(theirs, up.then(curve) if end == warmup + period else theirs.until(steps(end)))


@FAIRSEQ.schedule(
    "fixed",
    example={"lr": [0.1, 0.05], "force_anneal": 3, "lr_shrink": 0.5},
    remarks=(
        (
            "lr has one rate for each epoch, the last for all that follow; force_anneal counts "
            "epochs from 1."
        ),
        "The clock of the warm-up is one ahead: update 0 uses 1 / warmup_updates of the rate.",
    ),
)
def _fixed(
    lr: Any = None, force_anneal: Any = None, lr_shrink: Any = 0.1, warmup_updates: Any = 0
) -> Schedule:
    rates = [_peak(each) for each in (lr if isinstance(lr, (list, tuple)) and lr else [lr])]
    warmup = counted(warmup_updates, "warmup_updates", least=0)
    if force_anneal is None:
        by_epoch = _stairs(rates, Constant(rates[-1]))
    else:
        at = counted(force_anneal, "force_anneal") - 1
        shrink = real(lr_shrink, "lr_shrink")
        kept = rates[:at]
        by_epoch = _stairs(kept, _annealed(rates[-1], shrink), at)
    if warmup <= 1:
        return by_epoch
    return rise(warmup, peak=1.0).skip(steps(1)).then(Constant(1.0)) * by_epoch


def _annealed(last: Value, shrink: float) -> Schedule:
    return Exponential(torchs.times_peak(shrink, last), shrink, every=epochs(1)).staircase(
        epochs(1)
    )


def _stairs(rates: list[Any], after: Schedule, begin: int = 0) -> Schedule:
    """Each rate for an epoch, the last of them until `begin`, and then what follows."""
    runs = [(rate, len(list(same))) for rate, same in groupby(rates)]
    if runs and len(rates) < begin:
        runs[-1] = runs[-1][0], runs[-1][1] + begin - len(rates)
    if runs and isinstance(after, Constant) and runs[-1][0] == after.value:
        runs.pop()
    parts = [Constant(rate, epochs(many)) for rate, many in runs]
    return parts[0].then(*parts[1:], after) if parts else after


@FAIRSEQ.schedule(
    "inverse_sqrt",
    example={"warmup_updates": 4000},
    remarks=(_INIT.format("0"), "It needs a warm-up: without one theirs divides by 0.", _LR),
)
def _inverse_sqrt(warmup_updates: Any = 4000, warmup_init_lr: Any = -1, lr: Any = None) -> Schedule:
    warmup, peak = count(warmup_updates, "warmup_updates", least=1), _peak(lr)
    up = rise(warmup, _start(warmup_init_lr, 0.0), peak)
    return up.then(InversePower(peak, steps(warmup)))


@FAIRSEQ.schedule(
    "manual",
    example={"update2lr": {0: 0.1, 1000: 0.01}},
    remarks=(
        (
            "A rate is that of the last key; keys of epoch2lr count epochs from 1, those of "
            "update2lr updates from 0."
        ),
        "Before the first key the groups have the rate that they came with.",
        _LR,
    ),
)
def _manual(epoch2lr: Any = "{}", update2lr: Any = "{}", lr: Any = None) -> Schedule:
    by_epoch, by_update = _points(epoch2lr, "epoch2lr"), _points(update2lr, "update2lr")
    if by_epoch and by_update:
        raise PassoError("epoch2lr and update2lr write over each other; one of them is needed")
    if not by_epoch and not by_update:
        raise PassoError("one of epoch2lr and update2lr is needed")
    unit, first = (epochs, 1) if by_epoch else (steps, 0)
    found = {max(at - first, 0): rate for at, rate in sorted((by_epoch or by_update).items())}
    told = sorted({0: _peak(lr), **found}.items())
    points = [next(same) for _, same in groupby(told, key=lambda point: point[1])]
    last = points[-1][1]
    if len(points) == 1:
        return Constant(last)
    return Table([(unit(at), rate) for at, rate in points], "step").then(Constant(last))


def _points(given: Any, name: str) -> dict[int, float]:
    """{"1,3-5": 0.1} as a rate for each key."""
    try:
        told = ast.literal_eval(given) if isinstance(given, str) else given
        pairs = [(str(key).replace(" ", ""), rate) for key, rate in told.items()]
        found: dict[int, float] = {}
        for keys, rate in pairs:
            for each in keys.split(","):
                begin, dash, end = each.partition("-")
                last = int(end if dash else begin)
                if last - int(begin) > _MOST_KEYS:
                    raise ValueError  # noqa: TRY301
                found |= dict.fromkeys(range(int(begin), last + 1), real(rate, f"a rate of {name}"))
    except (AttributeError, SyntaxError, TypeError) as error:
        msg = f'{name} must be a mapping such as {{"1-3": 0.1}}, got {brief(given)}'
        raise PassoError(msg) from error
    except ValueError as error:
        if isinstance(error, PassoError):
            raise
        msg = f'{name} must be a mapping such as {{"1-3": 0.1}}, got {brief(given)}'
        raise PassoError(msg) from error
    return found


@FAIRSEQ.schedule(
    "polynomial_decay",
    example={"warmup_updates": 100, "total_num_update": 1000},
    remarks=(
        "force_anneal makes it fall from what is there, which no expression has.",
        _LR,
    ),
)
def _polynomial(
    total_num_update: Any,
    warmup_updates: Any = 0,
    force_anneal: Any = None,
    end_learning_rate: Any = 0.0,
    power: Any = 1.0,
    lr: Any = None,
) -> Schedule:
    if force_anneal is not None:
        raise PassoError("force_anneal makes it fall from what is there, which no expression has")
    warmup, total = (
        count(warmup_updates, "warmup_updates"),
        count(total_num_update, "total_num_update", least=1),
    )
    fall, peak = left(total, warmup, "total_num_update", "warmup_updates"), _peak(lr)
    if fall == 0:
        raise PassoError("total_num_update must be above warmup_updates, they are equal")
    end = at_least(end_learning_rate, "end_learning_rate")
    if real(power, "power") == 0:
        return rise(warmup, peak=peak).then(Constant(peak, steps(fall)).then(Constant(end)))
    return rise(warmup, peak=peak).then(Polynomial(peak, end, steps(fall), power=power))


@FAIRSEQ.schedule(
    "reduce_lr_on_plateau",
    example={"lr_patience": 2, "lr_shrink": 0.5},
    remarks=(
        'Theirs hears each validation; this hears reports named "val_loss".',
        "What is reported up to the end of the warm-up it does not hear.",
        "lr_patience is 0 unless given: the first report that is no better makes it fall.",
        "A fall smaller than 1e-8 theirs does not make; this makes it.",
        _INIT.format("0"),
        _LR,
    ),
)
def _plateau(
    lr_shrink: Any = 0.1,
    lr_threshold: Any = 1e-4,
    lr_patience: Any = 0,
    warmup_updates: Any = 0,
    warmup_init_lr: Any = -1,
    lr: Any = None,
    maximize_best_checkpoint_metric: Any = False,  # noqa: FBT002
) -> Schedule:
    warmup, peak = count(warmup_updates, "warmup_updates"), _peak(lr)
    plateau = falling(
        peak,
        mode="max" if maximize_best_checkpoint_metric else "min",
        factor=lr_shrink,
        patience=lr_patience,
        threshold=lr_threshold,
    )
    if not warmup:
        return plateau
    # The plateau is heard from one update after the warm-up on.
    return rise(warmup, _start(warmup_init_lr, 0.0), peak).then(Constant(peak, steps(1)), plateau)


@FAIRSEQ.schedule(
    "step",
    example={"warmup_updates": 100, "lr_decay_period": 1000, "lr_decay": 0.5},
    remarks=(_INIT.format("min_lr"), _LR),
)
def _step(
    warmup_updates: Any = 0,
    warmup_init_lr: Any = -1,
    lr: Any = None,
    min_lr: Any = 0.0,
    lr_decay_period: Any = 25000,
    lr_decay: Any = 0.5,
) -> Schedule:
    warmup, low = count(warmup_updates, "warmup_updates"), at_least(min_lr, "min_lr")
    peak, every = _peak(lr), count(lr_decay_period, "lr_decay_period", least=1)
    falling = torchs.stairs(peak, every, within(lr_decay, "lr_decay", 0, 1))
    curve = falling.clip(low=low) if low else falling
    return rise(warmup, _start(warmup_init_lr, low), peak).then(curve)


@FAIRSEQ.schedule(
    "tri_stage",
    example={"warmup_steps": 100, "hold_steps": 400, "decay_steps": 500},
    remarks=("phase_ratio is cut to whole steps of max_update.", _LR),
)
def _tri_stage(  # noqa: PLR0917
    warmup_steps: Any = 0,
    hold_steps: Any = 0,
    decay_steps: Any = 0,
    phase_ratio: Any = None,
    init_lr_scale: Any = 0.01,
    final_lr_scale: Any = 0.01,
    max_update: Any = None,
    lr: Any = None,
) -> Schedule:
    names = "warmup_steps", "hold_steps", "decay_steps"
    given = warmup_steps, hold_steps, decay_steps
    phases = [count(each, name) for each, name in zip(given, names, strict=True)]
    if phase_ratio is not None:
        phases = _shares(phase_ratio, max_update)
    if phases[2] == 0:
        raise PassoError("decay_steps must be above 0")
    peak, first = _peak(lr), at_least(init_lr_scale, "init_lr_scale")
    last = above_zero(final_lr_scale, "final_lr_scale")
    up = rise(phases[0], torchs.times_peak(first, peak) if first else 0.0, peak)
    fall = Geometric(peak, torchs.times_peak(last, peak), steps(phases[2]))
    return up.then(Constant(peak, steps(phases[1])), fall)


def _shares(phase_ratio: Any, max_update: Any) -> list[Fraction]:
    if not isinstance(phase_ratio, (list, tuple)) or len(phase_ratio) != 3:
        msg = f"phase_ratio must be three shares, got {brief(phase_ratio)}"
        raise PassoError(msg)
    if max_update is None:
        raise PassoError("phase_ratio is a share of max_update, which is not given")
    shares = [within(each, "a share of phase_ratio", 0, 1) for each in phase_ratio]
    if abs(sum(shares) - 1.0) > 1e-9:
        msg = f"phase_ratio must add up to 1, got {brief(phase_ratio)}"
        raise PassoError(msg)
    total = counted(max_update, "max_update")
    return [Fraction(int(total * each)) for each in shares]


@FAIRSEQ.schedule(
    "triangular",
    example={"max_lr": 0.1, "lr_period_updates": 1000, "lr_shrink": 0.5},
    remarks=(
        "lr is the low end; the top shrinks each period, the low end only with shrink_min.",
        "lr_shrink is 0.1 unless given.",
        _LR,
    ),
)
def _triangular(
    max_lr: Any,
    lr_period_updates: Any = 5000,
    lr_shrink: Any = 0.1,
    shrink_min: Any = False,  # noqa: FBT002
    lr: Any = None,
) -> Schedule:
    half = steps(length(lr_period_updates, "lr_period_updates", least=2) // 2)
    top, low, shrink = real(max_lr, "max_lr"), _peak(lr), real(lr_shrink, "lr_shrink")
    if shrink_min or shrink == 1:
        return Linear(low, top, half).then(Linear(top, low, half)).repeat(scale=shrink)
    peaks = Linear(0.0, top, half).then(Linear(top, 0.0, half)).repeat(scale=shrink)
    return peaks + Linear(low, 0.0, half).then(Linear(0.0, low, half)).repeat()


def _peak(lr: Any) -> Value:
    """The rate that is given, alone or in a list; without one the group's own."""
    if isinstance(lr, (list, tuple)):
        if len(lr) != 1:
            msg = f"lr must be one rate, got {brief(lr)}; only fixed has one for each epoch"
            raise PassoError(msg)
        lr = lr[0]
    return base if lr is None else real(lr, "lr")


def _start(warmup_init_lr: Any, usual: float) -> float:
    number = real(warmup_init_lr, "warmup_init_lr")
    return usual if number < 0 else number
