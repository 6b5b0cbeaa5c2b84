"""Traces, and runs that a writer might see."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from passo.trace import Column, Event, Report, Trace

KEYS = ["lr", "momentum", "betas[1]", "weight_decay", 'a "key"', "0.lr"]
METRICS = ["loss", "val_loss", "val/acc", "Übung"]
numbers = st.floats(allow_subnormal=False)  # NaN and infinities too
values = st.none() | st.sampled_from([0.1, 0.01, 0.0, math.nan, math.inf]) | numbers
json = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
details = st.dictionaries(st.text(max_size=4), json, max_size=3)
metrics = st.dictionaries(st.sampled_from(METRICS), numbers, max_size=3)
layouts = st.lists(
    st.tuples(st.none() | st.integers(0, 2), st.sampled_from(KEYS)), max_size=4, unique=True
)


@st.composite
def columns(draw, layout, clock):
    made = []
    for group, key in layout:
        updates = sorted(draw(st.sets(st.integers(0, clock - 1), max_size=6))) if clock else []
        pairs, last = [], None
        for update in updates:
            value = draw(values)
            if value != last and not (value != value and last != last):  # noqa: PLR0124
                pairs.append((update, value))
                last = value
        made.append(Column(group, key, *(zip(*pairs, strict=True) if pairs else ((), ()))))
    return tuple(made)


@st.composite
def traces(draw):
    clock = draw(st.integers(0, 40))
    layout = draw(layouts)
    clocks = st.lists(st.integers(0, clock), max_size=4).map(sorted)
    return Trace(
        clock,
        tuple(draw(st.lists(st.text(max_size=4), min_size=3, max_size=3))),
        draw(columns(layout, clock)),
        tuple(Report.of(each, draw(metrics)) for each in draw(clocks)),
        tuple(Event(each, draw(st.text(max_size=5)), draw(details)) for each in draw(clocks)),
        draw(st.none() | st.text(max_size=9) | st.dictionaries(st.text(), st.text(), max_size=2)),
        draw(st.none() | st.text(max_size=9)),
        draw(details),
        complete=draw(st.booleans()),
    )


@st.composite
def runs(draw):
    """What happens in a run: pairs like ("update", values), ("skip", n), ("report", metrics)."""
    width = draw(st.integers(1, 3))
    row = st.lists(values, min_size=width, max_size=width)
    deeds = st.one_of(
        st.tuples(st.just("update"), row),
        st.tuples(st.just("again"), st.integers(1, 9)),
        st.tuples(st.just("skip"), st.integers(1, 5)),
        st.tuples(st.just("report"), metrics),
        st.tuples(st.just("event"), details),
    )
    return width, draw(st.lists(deeds, max_size=25))
