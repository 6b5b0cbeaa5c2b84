"""`parse`: what people write is read, and nothing is ever run."""

from __future__ import annotations

import builtins
import contextlib
import json
import re
import subprocess
import sys
import time
import tracemalloc
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import (
    Constant,
    Cosine,
    Linear,
    PassoError,
    Plateau,
    Table,
    base,
    epochs,
    parse,
    parse_span,
    percent,
    rest,
    samples,
    steps,
    tokens,
    warmup_cosine,
)
from passo.schedules.text import parse_run
from tests.schedules.hostile import HUGE, RUNS


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("warmup_cosine(peak=3e-4, warmup=percent(5))",
         warmup_cosine(peak=3e-4, warmup=percent(5))),
        ("  warmup_cosine ( peak = 3e-4 ,warmup=steps( 10 ) )\n",
         warmup_cosine(peak=3e-4, warmup=steps(10))),
        ("base", base),
        ("0.1*base", 0.1 * base),
        ("base * .1", 0.1 * base),
        ("base + base + 1e-3", base + base + 1e-3),
        ("2 * (base + 1)", 2 * (base + 1)),
        ("Linear(0, 1, over=rest)", Linear(0, 1, rest)),
        ("Linear(start=0, end=-1_000.5)", Linear(0, -1000.5)),
        ("Constant(1/3)", Constant(1 / 3)),
        ("Constant(-(1 + 2) * 3 / 4 - +5)", Constant(-7.25)),
        ("Constant(1e-3, epochs(90) - epochs(5))", Constant(1e-3, epochs(85))),
        ("Constant(1, 2 * steps(5) + steps(10) / 4)", Constant(1, steps(12.5))),
        ("Constant(1, None)", Constant(1)),
        ('Constant(1, steps("1/3"))', Constant(1, steps("1/3"))),
        ("Linear(0, base, steps(5)).then(Cosine(base, 0))",
         Linear(0, base, steps(5)).then(Cosine(base, 0))),
        ("Linear(0, 1, steps(5)).then(Constant(1, steps(2)), Cosine(1, 0), )",
         Linear(0, 1, steps(5)).then(Constant(1, steps(2)), Cosine(1, 0))),
        ("(Cosine(1, 0) * Plateau('val/loss', patience=3)).clip(low=1e-3)",
         (Cosine(1, 0) * Plateau("val/loss", patience=3)).clip(low=1e-3)),
        ("Cosine(1, 0, epochs(5)).repeat(grow=2).staircase(epochs(1))",
         Cosine(1, 0, epochs(5)).repeat(grow=2).staircase(epochs(1))),
        ("Table([(steps(0), 1), [steps(5), .5]], kind='step')",
         Table([(steps(0), 1), (steps(5), 0.5)], "step")),
        ("multistep_decay([epochs(30), epochs(60)], gamma=0.2, peak=0.1)",
         passo.multistep_decay([epochs(30), epochs(60)], gamma=0.2, peak=0.1)),
        ("one_cycle(phases=3, shape='linear')", passo.one_cycle(phases=3, shape="linear")),
        ("Linear(\n    0,\n    1,\n)", Linear(0, 1)),
        ("base.minimum(1).maximum(0.5 * base)", base.minimum(1).maximum(0.5 * base)),
        ("Linear(0, 1, steps(9)).skip(steps(1)).until(steps(5)).stretch(2)",
         Linear(0, 1, steps(9)).skip(steps(1)).until(steps(5)).stretch(2)),
    ],
)  # fmt: skip
def test_it_reads_what_people_write(text, schedule):
    assert parse(text) == schedule


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90 epochs", epochs(90)),
        ("1 epoch", epochs(1)),
        ("1.5epochs", epochs(1.5)),
        ("2e9 tokens", tokens(2e9)),
        ("1_000 steps", steps(1000)),
        ("1 step", steps(1)),
        ("5 percent", percent(5)),
        ("1 sample", samples(1)),
        (" epochs(90) ", epochs(90)),
        ('steps("1/3")', steps("1/3")),
        ("2 * epochs(5)", epochs(10)),
    ],
)
def test_it_reads_spans_as_people_say_them(text, span):
    assert parse_span(text) == span


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Linar(0, 1)", "unknown name 'Linar'; did you mean 'Linear'?"),
        ("linear(0, 1)", "unknown name 'linear'; did you mean 'Linear'?"),
        ("banana(1)", "unknown name 'banana'"),
        ("torch", "unknown name 'torch'"),
        ("bass", "unknown name 'bass'; did you mean 'base'?"),
        ("Linear", "Linear is written with its arguments: Linear(...)"),
        ("base.than(base)", "unknown method .than; did you mean 'then'?"),
        ("base.on(1)", "unknown method .on"),
        ("1 + 1", "'1 + 1' is a number, not a schedule; write Constant(2)"),
        ("steps(5)", "'steps(5)' is a span, not a schedule; write Linear(0.1, 0, steps(5))"),
        ("[base]", "'[base]' is a list, not a schedule; write Constant(0.1)"),
        ("'a'", "\"'a'\" is a str, not a schedule; write Constant(0.1)"),
        ("-steps(5)", "only numbers and schedules take a sign, got '-steps(5)'"),
        ("base / base", "a schedule is divided by a number, got base; write a * b.power(-1)"),
        ("2 / base", "a number is not divided by a schedule; write 2 * a.power(-1)"),
        ("base / 0", "a schedule cannot be divided by 0: base / 0"),
        ("2 * 'a'", ("cannot work out \"2 * 'a'\": only + - * / of numbers, + - of spans, + - * "
                     "of schedules and / by a number are known")),
        ("1 / 0 * base", "cannot work out '1 / 0': division by zero"),
        ("Linear(0, 1, 30)", "over must be a span, got 30; write steps(30) or epochs(30)"),
        ("Linear(0)", "Linear takes (start, end, over): missing a required argument: 'end'"),
        ("Linear(0, 1, until=steps(3))",
         "Linear takes (start, end, over): got an unexpected keyword argument 'until'"),
        ("steps(5).then(base)", ".then is a method of schedules, got steps(5) before it"),
        ("base.clip(1, 2, 3)", ".clip takes (low, high): too many positional arguments"),
        ("Function('nowhere')", ("no function is registered as 'nowhere'; write "
                                 "@passo.register('nowhere') above it first")),
        ("x" * 70_000, "the text of a schedule may be at most 65536 characters, got 70000"),
        ("(" * 65 + ")" * 65, "brackets may be nested at most 64 deep: '" + "(" * 56 + "..."),
    ],
)  # fmt: skip
def test_it_refuses_in_these_words(text, error):
    with pytest.raises(PassoError) as caught:
        parse(text)
    assert str(caught.value) == error


def test_a_place_is_named_where_it_breaks():
    with pytest.raises(PassoError, match="at character 11"):
        parse("Linear(0, 1 1)")
    with pytest.raises(PassoError, match=r"may not stand in a schedule, at character 6"):
        parse("base @ base")


@pytest.mark.parametrize("value", [None, 5, b"base", ["base"], Constant(1)])
def test_only_text_is_text(value):
    with pytest.raises(PassoError, match=r"^parse needs text, got "):
        parse(value)


FORBIDDEN = ("open", "eval", "exec", "print", "input", "breakpoint")


@contextlib.contextmanager
def sealed():
    """Whoever imports, opens, runs or warns while the text is read, fails."""
    loaded, kept = set(sys.modules), {name: getattr(builtins, name) for name in FORBIDDEN}
    importing = builtins.__import__

    def forbidden(*args, **kwargs):
        raise AssertionError(args)

    def only_passo(name, *args):
        assert name in loaded
        assert name.startswith("passo")
        return importing(name, *args)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            vars(builtins).update(dict.fromkeys(FORBIDDEN, forbidden))
            builtins.__import__ = only_passo
            yield
        finally:
            vars(builtins).update({**kept, "__import__": importing})
    assert set(sys.modules) == loaded


@pytest.mark.parametrize("text", RUNS)
def test_nothing_is_run_and_nothing_imported(text):
    with sealed(), pytest.raises(PassoError) as caught:
        parse(text)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", HUGE)
def test_hostile_text_is_refused_in_little_time_and_memory(name):
    text, begin = HUGE[name], time.process_time()
    tracemalloc.start()
    try:
        with sealed(), contextlib.suppress(PassoError):
            assert isinstance(parse(text), passo.Schedule)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
    assert time.process_time() - begin < 40


SMALL_STACK = """
import contextlib, json, sys, threading
from passo import PassoError, parse

def read(text):
    with contextlib.suppress(PassoError):
        parse(text)
    print("read", flush=True)

threading.stack_size(512 * 1024)  # what macOS gives a thread; 240 kB were seen to do
for text in json.load(sys.stdin):
    thread = threading.Thread(target=read, args=(text,))
    thread.start()
    thread.join()
"""


def test_a_small_stack_is_enough():
    """In an interpreter of its own: a thread's stack holds the thread-local storage of all that is
    loaded too, which beside torch and jax leaves no telling how much of it.
    """
    texts = [*HUGE.values(), *RUNS]
    done = subprocess.run(
        [sys.executable, "-c", SMALL_STACK],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"after {done.stdout.count('read')} texts"
    assert done.stdout.split() == ["read"] * len(texts)


names = st.sampled_from([*passo.schedules.recipes.__all__, *passo.schedules.shapes.__all__])
bits = st.sampled_from(
    ["0", "1", "-1", "1e999", "0.5", "'a'", "''", "None", "[]", "[1]", "base", "rest", "steps(3)",
     "steps(0)", "percent(50)", "Linear(0, 1, steps(3))", "Constant(2)", "2 * base", "steps('1/3')",
     "[(steps(0), 1)]", "[steps(3)]", "Plateau('x')"]
)  # fmt: skip
keywords = st.sampled_from(
    ["", "", "peak=", "over=", "start=", "gamma=", "power=", "times=", "low="]
)
arguments = st.lists(st.builds("{}{}".format, keywords, bits), max_size=4).map(", ".join)
calls = st.builds("{}({})".format, names | st.just("Plateau"), arguments)
methods = st.sampled_from(["then", "clip", "minimum", "maximum", "repeat", "stretch", "skip",
                           "until", "staircase", "on", "with_base"])  # fmt: skip
chains = st.builds("{}.{}({})".format, calls | bits, methods, arguments)


@given(calls | chains | st.builds("{} {} {}".format, calls | bits, st.sampled_from("+-*/"), bits))
def test_well_formed_nonsense_is_a_schedule_or_a_passo_error(text):
    with contextlib.suppress(PassoError):
        assert isinstance(parse(text), passo.Schedule)


@given(
    st.text("()[],.=+-*/'\"\\ \n_01eabsLinearstepsthen:{}#@", max_size=60) | st.text(max_size=40)
)
def test_any_text_is_a_schedule_or_a_passo_error(text):
    with contextlib.suppress(PassoError):
        assert isinstance(parse(text), passo.Schedule)
    with contextlib.suppress(PassoError):
        assert isinstance(parse_span(text), passo.Span)


@pytest.mark.parametrize(
    "run",
    [
        passo.Run(epochs(90), steps_per_epoch=391),
        passo.Run(epochs("1/3"), steps_per_epoch="1000/7"),
        passo.Run(passo.tokens(2e9), tokens_per_step=4096, samples_per_step=8, axis="token"),
    ],
)
def test_a_run_reads_as_it_prints(run):
    assert parse_run(repr(run)) == run


@pytest.mark.parametrize("text", ["", "Run", "steps(3)", "Run.of(3, epochs=2)", "x.Run(steps(3))"])
def test_what_is_no_run_is_refused(text):
    needed = f"a run is written Run(epochs(90), steps_per_epoch=391), got {text!r}"
    if text:
        with pytest.raises(PassoError, match=f"^{re.escape(needed)}$"):
            parse_run(text)
    else:
        with pytest.raises(PassoError, match=r"^this is not an expression"):
            parse_run(text)


@given(st.text("()[],.=+-*/'\"\\ \n_01Runstepsoch", max_size=60))
def test_any_text_is_a_run_or_a_passo_error(text):
    with contextlib.suppress(PassoError):
        assert isinstance(parse_run(text), passo.Run)
