"""Specs, JSON and text that somebody else wrote: refused in words, or a schedule that works."""

from __future__ import annotations

import json
import math
import random

import pytest

import passo
from passo import PassoError, from_json, from_spec, parse, steps, to_json
from passo.schedules.time import Run, run_from_spec, span_from_spec
from tests.mutations import SHARES, changed, in_time, in_words, seeds, spoiled

RUN = Run(steps(1000), steps_per_epoch=100)
RIGHT = [
    passo.warmup_cosine(peak=0.1),
    passo.wsd(peak=0.1, shape="1-sqrt"),
    passo.cyclic(0.01, peak=0.1, rise=steps(5), mode="triangular2"),
    passo.warm_restarts(first=steps(7), grow=2.0, shrink=0.5, peak=0.1),
    passo.multistep_decay([passo.epochs(1), passo.epochs(2)], peak=0.1),
    passo.base * passo.Plateau("loss", factor=0.5, past=[(1, 0.3), (5, 0.4)], patience=0),
    (2 * passo.Linear(0, 1, steps(9))).clip(0.1, 0.9).staircase(steps(2)).skip(steps(1)),
    passo.inverse_sqrt(peak=0.1, warmup=steps(9)).until(steps(99)).stretch("1/3"),
]


def works(schedule):
    """Whether it answers, with numbers, wherever a run may stand; or says in words why not."""
    assert parse(repr(schedule)) == schedule
    assert from_json(to_json(schedule)) == schedule
    try:
        placed = schedule.on(RUN).with_base(0.1)
        values = [placed(t) for t in (0, 1, 500, 1000, 10**6)]
    except PassoError as error:
        in_words(error)
    else:
        assert not any(map(math.isnan, values))


@pytest.mark.parametrize("share", range(SHARES))
def test_a_mutation_of_a_schedule_is_refused_in_words_or_works(share):
    refused = 0
    for seed in seeds(share):
        rng = random.Random(seed)
        schedule = rng.choice(RIGHT)
        with in_time():
            try:
                how = rng.choice(("spec", "spec", "json", "text"))
                if how == "spec":
                    found = from_spec(changed(schedule.to_spec(), rng))
                else:
                    read, code = (from_json, to_json) if how == "json" else (parse, repr)
                    raw = spoiled(code(schedule).encode(), rng)
                    found = read(raw.decode("utf-8", "surrogateescape"))
                works(found)
            except PassoError as error:
                in_words(error, seed)
                refused += 1
    assert refused or not seeds(share)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_mutation_of_a_run_or_a_span_is_refused_in_words_or_is_one(share):
    for seed in seeds(share):
        rng = random.Random(seed)
        spec = changed(RUN.to_spec() if seed % 2 else steps(5).to_spec(), rng)
        read = run_from_spec if seed % 2 else span_from_spec
        with in_time():
            try:
                found = read(spec)
            except PassoError as error:
                in_words(error, seed)
                continue
        assert read(json.loads(json.dumps(found.to_spec()))) == found
