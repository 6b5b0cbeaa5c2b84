"""Trees as deep and as large as they may be, from Python: fine or refused, and soon."""

from __future__ import annotations

import copy
import pickle
import sys
import time

import numpy as np
import pytest

import passo
from passo import Constant, Cosine, Linear, PassoError, Plateau, Run, base, steps
from passo.schedules.algebra import Sum
from passo.schedules.algebra.limits import DEEPEST

L = Linear(0, 1, steps(10))
RUN = Run(steps(1000))
WRAPS = {
    "then": lambda s, k: s.clip(low=-k - 1.0) if k % 2 else L.then(s),
    "sum": lambda s, k: 1 + s if k % 2 else 0.5 * s,
    "product": lambda s, k: 2 * s if k % 2 else s.clip(high=1e300 + k),
    "minimum": lambda s, k: s.minimum(base) if k % 2 else s.maximum(base),
    "clip": lambda s, k: s.clip(low=-k - 1.0),
    "repeat": lambda s, k: s.until(steps(5)).repeat(2),
    "stretch": lambda s, k: s.stretch(1.01) if k % 2 else s.clip(low=-k - 1.0),
    "skip": lambda s, k: s.skip(steps(0.01)),
    "until": lambda s, k: s.until(steps(500 - k)),
    "staircase": lambda s, k: s.staircase(steps(2 + k)),
}
ASKS = {
    "repr": lambda s: len(repr(s)) > 200,
    "hash": lambda s: isinstance(hash(s), int),
    "equality": lambda s: s == passo.from_spec(s.to_spec()) != L,
    "pickle": lambda s: pickle.loads(pickle.dumps(s)) == s,
    "copy": lambda s: copy.deepcopy(s) == copy.copy(s) == s,
    "json": lambda s: passo.from_json(passo.to_json(s)) == s,
    "on": lambda s: s.on(RUN) == s,
    "base": lambda s: s.with_base(1.0).with_base(2.0) == s.with_base(1.0),
    "reports": lambda s: s.with_reports([(1, {"x": 1})]) == s,
    "point": lambda s: isinstance(s.with_base(1.0)(3), float),
    "array": lambda s: s.with_base(1.0)(np.arange(3.0)).shape == (3,),
}


def deepest(wrap):
    """The deepest tree of that kind, and what is said to one level more."""
    s, k = L, 0
    while True:
        try:
            s, k = wrap(s, k), k + 1
        except PassoError as error:
            return s, k, str(error)


@pytest.mark.parametrize("name", WRAPS)
def test_the_depth_of_a_tree_is_bounded_in_these_words(name):
    _, _, text = deepest(WRAPS[name])
    assert text == (
        f"a schedule may be at most {DEEPEST} deep; "
        "join the parts in one then(...), or use repeat or a Table"
    )


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("name", WRAPS)
def test_the_deepest_tree_can_be_asked_everything(name, ask):
    s, levels, _ = deepest(WRAPS[name])
    assert levels >= DEEPEST / 2 - 1
    assert _under(300, lambda: ASKS[ask](s))


def _under(frames, ask):
    """The answer from a stack that is already so deep."""
    return _under(frames - 1, ask) if frames else ask()


@pytest.mark.parametrize("name", WRAPS)
def test_a_tree_of_moderate_depth_can_be_read_and_drawn(name):
    s = L
    for k in range(40):
        s = WRAPS[name](s, k)
    assert s.curve(RUN, points=4).times[-1] == 1000
    assert "<code>" in s._repr_html_()
    assert len(s.text(RUN).splitlines()) == 14


@pytest.mark.parametrize("name", WRAPS)
def test_a_tree_of_moderate_depth_can_be_read_as_text(name):
    s = L
    for k in range(20):
        s = WRAPS[name](s, k)
    assert passo.parse(repr(s)) == s


MANY = {
    "then": lambda s: s.then(L),
    "clip": lambda s: s.clip(low=-1.0),
    "clips": lambda s: s.clip(low=-1.0).clip(high=5.0),
    "repeat": lambda s: s.repeat(2),
    "growing": lambda s: s.repeat(2, grow=2),
    "stretch": lambda s: s.stretch(1.5),
    "skip": lambda s: s.skip(steps("1/99999")),
    "until": lambda s: s.until(steps(5)),
    "staircase": lambda s: s.staircase(steps(2)),
    "base": lambda s: s.with_base(1.0),
    "on": lambda s: s.on(RUN),
    "reports": lambda s: s.with_reports([]),
    "halves": lambda s: s.until(steps(5)).then(s.skip(steps(5))),
    "doubled": lambda s: s + s,
    "squared": lambda s: (2 * s) * (s + 1),
    "apart": lambda s: (2 * s) + (3 * s),
    "twins": lambda s: s.clip(low=0).minimum(s.clip(high=1)),
}


@pytest.mark.parametrize("name", MANY)
def test_ten_thousand_calls_in_a_row_are_fine_or_refused_soon(name):
    begin, s, said = time.process_time(), L, ""
    limit = sys.getrecursionlimit()
    try:
        for _ in range(10_000):
            s = MANY[name](s)
    except PassoError as error:
        said = str(error)
    assert len(said) < 400
    assert time.process_time() - begin < 60  # bounded: some seconds here
    assert isinstance(s, passo.Schedule)
    assert sys.getrecursionlimit() == limit


def test_the_number_of_parts_is_bounded_and_named():
    parts = [Constant(k, steps(1)) for k in range(5000)]
    with pytest.raises(PassoError, match=r"^then joins 1 to 4096 parts, got 5000; write a Table"):
        parts[0].then(*parts[1:])
    with pytest.raises(PassoError, match=r"^\+ joins 1 to 4096 parts, got 5000; a Table"):
        Sum.of(parts)


@pytest.mark.parametrize(
    "s",
    [
        Linear(0, 1, steps(1)).staircase(steps(1e-9)).repeat(),
        Linear(0, 1, steps(1e-5)).repeat(10**9).repeat(2, scale=0.5),
        Linear(0, 1, steps(1e-9)).repeat(),
        Linear(0, 1, steps(1e-6)).repeat(10**6, scale=0.9).repeat(10**6, scale=0.9),
        Cosine(1, 0, steps(1e-3)).repeat(grow=1.0001),
        Constant(1).staircase(steps(1e-15)),
    ],
    ids=repr,
)
def test_a_curve_with_countless_corners_is_drawn_soon(s):
    begin = time.process_time()
    curve = s.curve(Run(steps(100)), points=64)
    assert time.process_time() - begin < 40
    assert not curve.complete
    assert curve.times[-1] == 100.0


def test_a_plateau_with_a_hundred_thousand_reports_answers_soon():
    begin = time.process_time()
    s = Plateau("x").with_reports([(t, {"x": 1.0}) for t in range(100_000)])
    assert s(200_000) == 0.0 or s(200_000) < 1e-300
    assert time.process_time() - begin < 40
