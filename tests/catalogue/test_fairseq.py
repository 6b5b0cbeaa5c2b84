"""like.fairseq against the formulas of fairseq, in mpmath: it does not import beside this torch."""

from __future__ import annotations

import ast

import mpmath as mp
import pytest

from passo import Run, steps
from tests.catalogue import settings

BASE, UPDATES, EPOCH = 0.1, 130, 9
RUN = Run(steps(10_000), steps_per_epoch=EPOCH)


def value(number) -> mp.mpf:
    return mp.mpf(repr(float(number)))


def warm(t, warmup, start, peak):
    return start + (peak - start) * mp.mpf(t) / warmup


def peak_of(lr=None, **_):
    return value(BASE if lr is None else lr[0] if isinstance(lr, list) else lr)


def cosine(t, *, warmup_updates=0, warmup_init_lr=-1, min_lr=0.0, **given):
    peak, low = peak_of(**given), value(min_lr)
    start = low if warmup_init_lr < 0 else value(warmup_init_lr)
    if t < warmup_updates:
        return warm(t, warmup_updates, start, peak)
    period = value(given.get("lr_period_updates", given.get("max_update", 0) - warmup_updates))
    mult, shrink = value(given.get("t_mult", 1)), value(given.get("lr_shrink", 0.1))
    gone, cycle = mp.mpf(t - warmup_updates), 0
    while gone >= period:
        gone, period, cycle = gone - period, period * mult, cycle + 1
    low, peak = low * shrink**cycle, peak * shrink**cycle
    return low + (peak - low) * (1 + mp.cos(mp.pi * gone / period)) / 2


def fixed(t, *, force_anneal=None, lr_shrink=0.1, warmup_updates=0, lr=None):
    epoch, rates = t // EPOCH + 1, [value(each) for each in (lr or [BASE])]
    if force_anneal is None or epoch < force_anneal:
        rate = rates[min(epoch - 1, len(rates) - 1)]
    else:
        rate = rates[-1] * value(lr_shrink) ** (epoch + 1 - force_anneal)
    return rate * mp.mpf(t + 1) / warmup_updates if t < warmup_updates else rate


def inverse_sqrt(t, *, warmup_updates=4000, warmup_init_lr=-1, **given):
    peak, start = peak_of(**given), value(max(warmup_init_lr, 0))
    if t < warmup_updates:
        return warm(t, warmup_updates, start, peak)
    return peak * mp.sqrt(mp.mpf(warmup_updates) / t)


def manual(t, *, epoch2lr="{}", update2lr="{}", lr=None):
    def read(given):
        found = {}
        for keys, rate in (ast.literal_eval(given) if isinstance(given, str) else given).items():
            for key in str(keys).split(","):
                begin, *end = map(int, key.split("-"))
                found |= dict.fromkeys(range(begin, (end or [begin])[0] + 1), rate)
        return found

    by_epoch = read(epoch2lr)
    told, at = (by_epoch, t // EPOCH + 1) if by_epoch else (read(update2lr), t)
    passed = [key for key in told if key <= at]
    return value(told[max(passed)]) if passed else peak_of(lr)


def polynomial_decay(t, *, total_num_update, warmup_updates=0, power=1.0, **given):
    peak, end = peak_of(given.get("lr")), value(given.get("end_learning_rate", 0.0))
    if warmup_updates and t <= warmup_updates:
        return peak * mp.mpf(t) / warmup_updates
    if t >= total_num_update:
        return end
    left = 1 - mp.mpf(t - warmup_updates) / (total_num_update - warmup_updates)
    return (peak - end) * left ** value(power) + end


def step(t, *, warmup_updates=0, warmup_init_lr=-1, min_lr=0.0, lr_decay_period=25000, **given):
    peak, low = peak_of(given.get("lr")), value(min_lr)
    start = low if warmup_init_lr < 0 else value(warmup_init_lr)
    if t < warmup_updates:
        return warm(t, warmup_updates, start, peak)
    falls = (t - warmup_updates) // lr_decay_period
    return max(peak * value(given.get("lr_decay", 0.5)) ** falls, low)


def tri_stage(t, *, warmup_steps=0, hold_steps=0, decay_steps=0, phase_ratio=None, **given):
    peak, total = peak_of(given.get("lr")), given.get("max_update")
    if phase_ratio is not None:
        warmup_steps, hold_steps, decay_steps = (int(total * each) for each in phase_ratio)
    first = peak * value(given.get("init_lr_scale", 0.01))
    last = value(given.get("final_lr_scale", 0.01))
    if t < warmup_steps:
        return warm(t, warmup_steps, first, peak)
    gone = t - warmup_steps - hold_steps
    if gone < 0:
        return peak
    return peak * (mp.exp(mp.log(last) * gone / decay_steps) if gone <= decay_steps else last)


def triangular(t, *, max_lr, lr_period_updates=5000, lr_shrink=0.1, shrink_min=False, lr=None):
    half = lr_period_updates // 2
    cycle, shrink = t // (2 * half), value(lr_shrink)
    high = value(max_lr) * shrink**cycle
    low = peak_of(lr) * (shrink**cycle if shrink_min else 1)
    x = abs(mp.mpf(t) / half - 2 * (cycle + 1) + 1)
    return low + (high - low) * max(mp.mpf(0), 1 - x)


FORMULAS = {
    each.__name__: each
    for each in (
        cosine,
        fixed,
        inverse_sqrt,
        manual,
        polynomial_decay,
        step,
        tri_stage,
        triangular,
    )
}
CASES = [case for case in settings.cases("fairseq") if case[0] != "reduce_lr_on_plateau"]


@pytest.mark.parametrize(("name", "given"), CASES)
def test_each_update_has_the_value_of_the_formula(name, given):
    plan = settings.ours("fairseq", name, given).with_base(BASE).on(RUN)
    for t in range(UPDATES):
        exact = FORMULAS[name](t, **given)
        assert abs(plan(t) - exact) <= 1e-13 * max(abs(exact), mp.mpf(BASE)), (t, plan)


@pytest.mark.parametrize("given", settings.of("fairseq")["reduce_lr_on_plateau"])
def test_a_plateau_falls_by_the_rules_of_fairseq(given):
    """The plateau of torch, heard from the update after the warm-up on."""
    warmup, peak = given.get("warmup_updates", 0), float(peak_of(given.get("lr")))
    sign = -1 if given.get("maximize_best_checkpoint_metric") else 1
    start = max(given.get("warmup_init_lr", -1), 0)
    threshold, patience = given.get("lr_threshold", 1e-4), given.get("lr_patience", 0)
    told = [(t, round(1.0 / (1 + t % 17) + 0.3 * (t // 30), 3)) for t in range(1, 60)]
    plan = settings.ours("fairseq", "reduce_lr_on_plateau", given)
    plan = plan.with_reports([(t, {"val_loss": each}) for t, each in told])
    rate, best, bad = peak, None, 0
    for t, metric in told:
        if not warmup or t > warmup:
            needed = None if best is None else best * (1 - sign * threshold)
            if needed is None or sign * metric < sign * needed:
                best, bad = metric, 0
            else:
                bad += 1
            if bad > patience:
                rate, bad = rate * given.get("lr_shrink", 0.1), 0
        expected = start + (peak - start) * t / warmup if t < warmup else rate
        assert plan.with_base(BASE)(t) == pytest.approx(expected, rel=1e-12, abs=0)


def test_what_asks_the_optimizer_has_no_schedule():
    from passo import PassoError, like

    with pytest.raises(PassoError) as caught:
        like.fairseq("pass_through")
    assert str(caught.value) == (
        "like.fairseq has no pass_through: it asks the optimizer, and has no schedule of its own"
    )
